"""What all sections of the configuration share: strictness and fingerprints."""

from __future__ import annotations

import hashlib
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from unicost.registry import did_you_mean


class Strict(BaseModel):
    """A section that refuses unknown keys, suggests the right one, and cannot be changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _no_unknown_key(cls, section: Any) -> Any:
        if isinstance(section, dict):
            for key in section:
                if key not in cls.model_fields:
                    raise ValueError(f"unknown key '{key}': {did_you_mean(str(key), list(cls.model_fields))}")
        return section


def digest(*parts: object) -> str:
    """12 hexadecimal digits of SHA-256 over the parts."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:12]
