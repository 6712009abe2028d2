"""How well several people agree with each other: Fleiss' kappa, Gwet's AC1 and Krippendorff's alpha of all of them.

Each is a function of sums over items, so families of instances are resampled as in ``unicost.human.agreement``: the
sums of every resample are one matrix product.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unicost.human.agreement import LABELS, family_draws
from unicost.human.people import ADJUDICATOR, gather
from unicost.records import Aspect, Verdict
from unicost.store import read_table, write_csv

Counts = NDArray[np.float64]

COLUMNS = ["aspect", "task", "model_kind", "people", "n", "single", "prevalence"] + [
    f"{name}{end}" for name in ("agreement", "fleiss", "ac1", "alpha") for end in ("", "_low", "_high")
]
"""Columns of the table. ``n`` items have two labels or more, ``single`` items one; ``prevalence`` is that of unsafe."""


def coefficients(sums: Counts, labels: int) -> dict[str, Counts]:
    """Observed agreement and the three coefficients, from ``item_sums`` summed over items, of shape (..., 2 + 3q).

    J. L. Fleiss, Psychological Bulletin 76 (1971) 378-382, as the mean over items where these have different numbers of
    raters; Gwet (2008) for several raters; Krippendorff, Content Analysis (2004), nominal labels with gaps. NaN where
    chance agreement is complete.
    """
    n, agreeing = sums[..., 0], sums[..., 1]
    share, number, pairs = np.split(sums[..., 2:], 3, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = agreeing / n
        mean = share / n[..., None]
        fleiss_chance = (mean**2).sum(-1)
        gwet_chance = (mean * (1 - mean)).sum(-1) / (labels - 1)
        total = number.sum(-1)
        alpha = 1 - (total - 1) * (total - pairs.sum(-1)) / (total**2 - (number**2).sum(-1))
        beyond = {
            "fleiss": (observed - fleiss_chance) / (1 - fleiss_chance),
            "ac1": (observed - gwet_chance) / (1 - gwet_chance),
        }
    beyond["fleiss"] = np.where(np.isclose(fleiss_chance, 1), np.nan, beyond["fleiss"])
    return {"agreement": observed, **beyond, "alpha": np.where(np.isclose(fleiss_chance, 1), np.nan, alpha)}


def item_sums(counts: Counts) -> Counts:
    """What the coefficients sum over items, (items, 2 + 3q), of how many people gave each label, (items, q).

    One, the share of agreeing pairs, and for each label its share of the item's labels, their number, and the
    coincidences of Krippendorff. Items need two labels or more.
    """
    raters = counts.sum(1, keepdims=True)
    pairs = counts * (counts - 1) / (raters - 1)
    return np.hstack([np.ones_like(raters), pairs.sum(1, keepdims=True) / raters, counts / raters, counts, pairs])


def agreement_of_people(
    *,
    labels: Sequence[Path],
    sample: Path,
    verdicts: Path,
    model_kinds: Mapping[str, str],
    output: Path,
    coverage: Path,
    differences: Path,
    resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> None:
    """Write how well people agree, who labelled how much, and the items on which they differ, one CSV file each.

    The adjudicator, who sees where people differ, is left out of the first. Raises
    ``unicost.human.labels.WrongLabels`` and ``unicost.store.UnreadableFile``.
    """
    people = gather(labels, sample)
    places = ["instance", "model"]
    rows = [[row.instance, row.model, row.judge, row.aspect.value, row.label.value] for row in people.own]
    given = pd.DataFrame(rows, columns=[*places, "judge", "aspect", "label"])
    items = read_table(verdicts, Verdict, [*places, "task", "family"])
    found = given[given["judge"] != ADJUDICATOR].merge(items, on=places)
    found["model_kind"] = found["model"].map(model_kinds)
    table = _rows(found, resamples=resamples, seed=seed, confidence=confidence)
    write_csv(output, pd.DataFrame(list(table), columns=COLUMNS))
    write_csv(coverage, people.coverage)
    write_csv(differences, people.differences)


def _rows(labels: pd.DataFrame, *, resamples: int, seed: int, confidence: float) -> Iterator[dict[str, Any]]:
    """A row for each aspect, task and model kind (``all`` or one value) in which two people labelled the same item.

    ``labels`` has the columns instance, model, judge, aspect, label, task, family and model_kind.
    """
    families = pd.Index(labels["family"].unique())
    draws = family_draws(len(families), resamples, seed)
    for aspect, group in labels.groupby("aspect", sort=True):
        tasks, kinds = sorted(group["task"].unique()), sorted(group["model_kind"].dropna().unique())
        for task, kind in product(["all", *tasks], ["all", *kinds]):
            part = group[((group["task"] == task) | (task == "all"))]
            part = part[(part["model_kind"] == kind) | (kind == "all")]
            found = _statistics(part, LABELS[Aspect(str(aspect))], families, draws, confidence)
            if found:
                yield {"aspect": aspect, "task": task, "model_kind": kind} | found


def _statistics(
    part: pd.DataFrame, labels: Sequence[str], families: pd.Index, draws: NDArray[np.float32], confidence: float
) -> dict[str, Any]:
    names = [str(label) for label in labels]
    scored = part[part["label"].isin(names)]
    table = scored.pivot_table(index=["family", "instance", "model"], columns="label", aggfunc="size", fill_value=0)
    counts = table.reindex(columns=names, fill_value=0).to_numpy(dtype=float)
    several = counts.sum(1) >= 2
    if not several.any():
        return {}
    sums = item_sums(counts[several])
    by_family = np.zeros((len(families), sums.shape[1]))
    places = families.get_indexer(table.index.get_level_values("family")[several])
    np.add.at(by_family, places, sums)
    estimate = coefficients(by_family.sum(0), len(names))
    resampled = coefficients(draws.astype(np.float64) @ by_family, len(names))
    prevalence = float(counts[several, 0].sum() / counts[several].sum())
    row: dict[str, Any] = {
        "people": scored["judge"].nunique(),
        "n": int(several.sum()),
        "single": int((~several).sum()),
    }
    row["prevalence"] = prevalence
    for name, value in estimate.items():
        values = resampled[name][np.isfinite(resampled[name])]
        bounds = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2]) if len(values) else [np.nan] * 2
        row |= {name: float(value), f"{name}_low": float(bounds[0]), f"{name}_high": float(bounds[1])}
    return row
