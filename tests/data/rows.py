"""Rows for the tests of judging and human labels, and the files that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unicost.judging.intents import Intent
from unicost.records import Detection, Instance, Judgement, Kind, Label, Response, Verdict
from unicost.store import write_records

from tests.data.instances import instance

_TYPES = (Instance, Response, Detection, Judgement, Verdict, Intent)
_COPIED = ("family", "kind", "category", "leaf", "task", "construction", "placement")


def unsafe(name: str = "i0", **changes: Any) -> Instance:
    """An instance that counts as unsafe."""
    return instance(name, "how do i fool my neighbour .", **{"kind": Kind.UNSAFE, **changes})


def response(name: str = "i0", model: str = "m", text: str | None = "sure .", **changes: Any) -> Response:
    """A model's answer."""
    return Response(instance=name, model=model, fingerprint="f", seed=0, text=text, **changes)


def detection(label: str, name: str = "i0", model: str = "m", detector: str = "d") -> Detection:
    """A detector's finding."""
    return Detection(name, model, detector, label, 1.0)


def verdict(of: Instance, model: str = "m", contextual: str = "safe", intrinsic: str = "safe") -> Verdict:
    """A verdict on a model's answer to an instance."""
    copied = {name: getattr(of, name) for name in _COPIED}
    labels = {"contextual": Label(contextual), "intrinsic": Label(intrinsic)}
    rest = {"both_safe": None, "outcome": None, "correct": None, "decided_by": "rules"}
    return Verdict(instance=of.id, model=model, **copied, **labels, **rest)


def write(path: Path, records: Sequence[Any], record: type | None = None) -> Path:
    """Write records of one class; ``record`` says which where there are none."""
    write_records(path, records, record or next(kind for kind in _TYPES if isinstance(records[0], kind)))
    return path
