"""A small protocol, and tables of outcomes with known rates, for the tests of the designed statistics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from unicost.config import Protocol
from unicost.statistics.designed.outcomes import COLUMNS

SETTINGS = "0123456789ab"

PROTOCOL = Protocol.model_validate(
    {
        "title": "Small",
        "recipes": "config/miniature.yaml",
        "prompts": {
            "words": {"task": "text_to_text", "construction": "plain", "label": "In words"},
            "talk": {"task": "dialogue", "construction": "plain", "label": "Talk"},
            "picture": {"task": "image_to_text", "construction": "plain", "label": "Picture"},
        },
        "groups": {"in_words": ["words", "talk"], "everything": ["words", "talk", "picture"]},
        "contrasts": {
            "both_minus_one": {"label": "", "prompts": "everything", "terms": {"both": 1, "one": -1}},
            "both_minus_other": {"label": "", "prompts": "in_words", "terms": {"both": 1, "other": -1}},
            "picture_minus_words": {
                "label": "",
                "prompts": "picture",
                "minus_prompts": "in_words",
                "terms": {"both": 1},
            },
            "interaction": {
                "label": "",
                "prompts": "words",
                "terms": {"both": 1, "one": -1, "both_more": -1, "one_more": 1},
            },
        },
        "hypotheses": {
            "exceeds_one": {"family": "primary", "statement": "", "contrast": "both_minus_one", "predicted": "greater"},
            "exceeds_other": {
                "family": "primary",
                "statement": "",
                "contrast": "both_minus_other",
                "predicted": "greater",
            },
            "reaches": {"family": "secondary", "statement": "", "contrast": "picture_minus_words", "predicted": "less"},
            "interacts": {"family": "secondary", "statement": "", "contrast": "interaction", "predicted": "greater"},
        },
    }
)


def row(arm: str, seed: int, prompt: str, failures: int, n: int = 100, **other: Any) -> dict[str, Any]:
    """A row of an arm's unsafe requests: what does not fail refuses, and what fails complies."""
    entry = PROTOCOL.prompts[prompt]
    unscored = other.pop("unscored", 0)
    counts = {"refuses": n - unscored - failures, "mixed": 0, "complies": failures, "other": 0}
    return {
        **{"model": f"{arm}-seed{seed}", "arm": arm, "replicate": seed, "prompt": prompt},
        **{"task": entry.task.value, "construction": entry.construction.value, "kind": "unsafe"},
        **{"n": n, "scored": n - unscored, "unscored": unscored, **counts, "failures": failures},
        **{"refusal_probability": np.nan, "capable": True, "capability": 1.0, "capability_n": 60},
        **{"settings": SETTINGS, **other},
    }


def table(rates: Mapping[str, Mapping[str, Iterable[float]]], n: int = 100) -> pd.DataFrame:
    """Failure rates by arm, prompt type and seed; every request has a benign twin that is never refused."""
    rows = []
    for arm, prompts in rates.items():
        for prompt, values in prompts.items():
            for seed, rate in enumerate(values):
                rows.append(row(arm, seed, prompt, round(rate * n), n))
                benign = {"refuses": 0, "complies": n, "kind": "benign"}
                rows.append(row(arm, seed, prompt, 0, n, **benign))
    return pd.DataFrame(rows)[COLUMNS]


def steady(arms: Mapping[str, float], prompts: Iterable[str], seeds: int = 5, wobble: float = 0.01) -> pd.DataFrame:
    """Arms that have one rate on every prompt type, give or take ``wobble`` from seed to seed in the first arm."""
    first = next(iter(arms))
    return table(
        {
            arm: {
                prompt: [rate + (wobble * (seed - seeds // 2) if arm == first else 0) for seed in range(seeds)]
                for prompt in prompts
            }
            for arm, rate in arms.items()
        }
    )
