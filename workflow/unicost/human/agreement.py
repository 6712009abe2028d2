"""How well judges agree with annotators: accuracy, Cohen's kappa, Gwet's AC1 and Krippendorff's alpha.

All four are functions of the table of label pairs, so a resample is a table too: families of instances are drawn with
replacement (their items are not independent), and one matrix product of the draws with the families' tables gives the
tables of all resamples.

What people labelled is a sample with unequal chances (see ``sample``): counted by their weights, the same tables stand
for all responses that could have been drawn. Labels by construction are a census, in which every pair counts one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.stats.proportion import proportion_confint

from unicost.human.people import gather
from unicost.interfaces import ADJUDICATED
from unicost.records import Aspect, Judgement, Label, Verdict
from unicost.store import read_table, write_csv

Table = NDArray[np.float64]
"""Label pairs counted: (..., q, q) with the annotator's label in rows and the judge's in columns."""

LABELS = {
    Aspect.CONTEXTUAL: (Label.UNSAFE, Label.SAFE, Label.REFUSAL),
    Aspect.INTRINSIC: (Label.UNSAFE, Label.SAFE),
}
COLUMNS = ["annotator", "judge", "aspect", "task", "model_kind", "weighted", "n", "unscored", "prevalence"] + [
    f"{name}{end}" for name in ("accuracy", "kappa", "ac1", "alpha") for end in ("", "_low", "_high")
]
_PLACE = ["instance", "model"]


def cohen_kappa(table: Table) -> Table:
    """Cohen's kappa (1960) of tables of shape (..., q, q); NaN where chance agreement is complete."""
    share = _shares(table)
    chance = (share.sum(-1) * share.sum(-2)).sum(-1)
    return _beyond_chance(share, chance)


def gwet_ac1(table: Table) -> Table:
    """Gwet's AC1 of tables of shape (..., q, q), q being the number of labels of the scale, used or not.

    K. L. Gwet, Computing inter-rater reliability and its variance in the presence of high agreement, British Journal
    of Mathematical and Statistical Psychology 61 (2008) 29-48: chance agreement is the sum of p(1 - p) / (q - 1) over
    the labels, p being the mean of the two raters' shares of a label.
    """
    share = _shares(table)
    mean = (share.sum(-1) + share.sum(-2)) / 2
    chance = (mean * (1 - mean)).sum(-1) / (table.shape[-1] - 1)
    return _beyond_chance(share, chance)


def krippendorff_alpha(table: Table) -> Table:
    """Krippendorff's alpha of nominal labels by two raters without gaps, of tables of shape (..., q, q).

    The closed form for the resamples (Krippendorff, Content Analysis, 2004, section 11.3); the library
    ``krippendorff`` gives the estimate itself.
    """
    paired = table + np.swapaxes(table, -1, -2)
    total = paired.sum((-1, -2))
    differing = total - np.trace(paired, axis1=-2, axis2=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha: Table = 1 - (total - 1) * differing / (total**2 - (paired.sum(-1) ** 2).sum(-1))
    return alpha


def _shares(table: Table) -> Table:
    with np.errstate(divide="ignore", invalid="ignore"):
        shares: Table = table / table.sum((-1, -2), keepdims=True)
    return shares


def _beyond_chance(share: Table, chance: Table) -> Table:
    with np.errstate(divide="ignore", invalid="ignore"):
        value: Table = (np.trace(share, axis1=-2, axis2=-1) - chance) / (1 - chance)
    return np.where(np.isclose(chance, 1), np.nan, value)


def agreement(
    *,
    judgements: Sequence[Path],
    references: Sequence[Path],
    verdicts: Path,
    labels: Sequence[Path],
    sample: Path | None,
    model_kinds: Mapping[str, str],
    output: Path,
    resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> None:
    """Write a row for every annotator, judge, aspect, task and model kind (``all`` or one value) that has labels.

    ``references`` are files of judgements by construction, ``labels`` the CSV files of the annotation page for the
    items of ``sample`` (or the JSON files of the page or of Label Studio), each person being an annotator and ``human``
    being what holds where several labelled; task and family of an item come from ``verdicts``. ``prevalence`` is the
    annotator's share of ``unsafe``; pairs in which either left the item unscored are counted in ``unscored`` and
    nowhere else. Where the chances of the labelled items in ``sample`` differ, a second row, ``weighted``, says the
    same of all responses; ``n`` stays the number of items that were looked at. Raises
    ``unicost.human.labels.WrongLabels`` and ``unicost.store.UnreadableFile``.
    """
    people = gather(labels, sample)
    given = [_read(references), _frame(people.own), _frame(people.held)]
    items = read_table(verdicts, Verdict, [*_PLACE, "task", "family"])
    items["model_kind"] = items["model"].map(model_kinds)
    pairs = _pairs(pd.concat(given), _read(judgements), items)
    pairs["weight"] = _weights(pairs, sample if labels else None)
    families = pd.Index(items["family"].unique())
    rows = list(_rows(pairs, families, family_draws(len(families), resamples, seed), confidence))
    write_csv(output, pd.DataFrame(rows, columns=COLUMNS))


def family_draws(families: int, resamples: int, seed: int) -> NDArray[np.float32]:
    """How often each family is drawn in each resample, (resamples, families); exact in single precision."""
    generator = np.random.default_rng(seed)
    draws = np.empty((resamples, families), dtype=np.float32)
    for part in np.array_split(draws, max(resamples // 250, 1)):  # views: the multinomial's integers are twice as big
        part[:] = generator.multinomial(families, np.full(families, 1 / max(families, 1)), size=len(part))
    return draws


def _read(paths: Sequence[Path]) -> pd.DataFrame:
    columns = [*_PLACE, "judge", "aspect", "label"]
    frames = [read_table(path, Judgement, columns) for path in paths]
    return pd.concat(frames) if frames else pd.DataFrame(columns=columns, dtype=str)


def _frame(rows: Sequence[Judgement]) -> pd.DataFrame:
    columns = [*_PLACE, "judge", "aspect", "label"]
    return pd.DataFrame([[str(getattr(row, name)) for name in columns] for row in rows], columns=columns)


def _pairs(given: pd.DataFrame, judged: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """One row for each annotator's label and judge: ``annotator``, ``judge``, ``label``, ``answer`` and the item's."""
    given = given.rename(columns={"judge": "annotator"})
    judges = judged[["judge"]].drop_duplicates()
    asked = given.merge(judges, how="cross")
    answers = judged.rename(columns={"label": "answer"})
    pairs = asked.merge(answers, on=[*_PLACE, "judge", "aspect"], how="left")
    return pairs.merge(items, on=_PLACE, how="inner", validate="many_to_one")


def _weights(pairs: pd.DataFrame, sample: Path | None) -> pd.Series[float]:
    """The responses that each pair stands for: by the sample for labels of people, 1 for labels by construction."""
    if sample is None:
        return pd.Series(1.0, index=pairs.index)
    known = pd.read_csv(sample, usecols=[*_PLACE, "weight"])
    found = pairs[_PLACE].merge(known, on=_PLACE, how="left", validate="many_to_one")["weight"]
    by_people = pairs["annotator"].str.split(":").str[0] == ADJUDICATED
    return found.set_axis(pairs.index).where(by_people, 1.0)


def _rows(
    pairs: pd.DataFrame, families: pd.Index, draws: NDArray[np.float32], confidence: float
) -> Iterator[dict[str, Any]]:
    for (annotator, judge, aspect), group in pairs.groupby(["annotator", "judge", "aspect"], sort=True):
        tasks, kinds = sorted(group["task"].unique()), sorted(group["model_kind"].dropna().unique())
        for task, kind in product(["all", *tasks], ["all", *kinds]):
            part = group[(group["task"] == task) | (task == "all")]
            part = part[(part["model_kind"] == kind) | (kind == "all")]
            if len(part):
                key = {"annotator": annotator, "judge": judge, "aspect": aspect, "task": task, "model_kind": kind}
                scale = LABELS[Aspect(str(aspect))]
                yield key | {"weighted": False} | pair_statistics(part, scale, families, draws, confidence)
                if part["weight"].nunique() > 1:
                    weight = part["weight"].to_numpy()
                    found = pair_statistics(part, scale, families, draws, confidence, weight=weight)
                    yield key | {"weighted": True} | found


def pair_statistics(
    part: pd.DataFrame,
    labels: Sequence[str],
    families: pd.Index,
    draws: NDArray[np.float32],
    confidence: float,
    *,
    weight: NDArray[np.float64] | None = None,
) -> dict[str, Any]:
    """The columns of ``COLUMNS`` from ``n`` on, of pairs of labels of one scale.

    ``part`` has the columns ``label``, ``answer`` and ``family``; a pair counts as unscored where either is none of
    ``labels``. ``draws`` is that of ``family_draws``, in the order of ``families``. ``weight`` is how many responses
    each pair stands for, 1 by default. The table is scaled to the number of pairs, and accuracy has Wilson's interval
    at the effective sample size, (sum of weights)^2 / sum of their squares (L. Kish, Survey Sampling, 1965), which is
    wide where strata differ in accuracy.
    """
    names = pd.Index([str(label) for label in labels])
    row, column = names.get_indexer(pd.Index(part["label"])), names.get_indexer(pd.Index(part["answer"]))
    scored = (row >= 0) & (column >= 0)
    n, q = int(scored.sum()), len(names)
    result: dict[str, Any] = {"n": n, "unscored": len(part) - n}
    if n == 0:
        return result
    counted = np.ones(n) if weight is None else weight[scored] * (n / weight[scored].sum())
    by_family = np.zeros((len(families), q, q), dtype=np.float32)
    places = families.get_indexer(pd.Index(part["family"]))[scored]
    np.add.at(by_family, (places, row[scored], column[scored]), counted)
    table = by_family.sum(0, dtype=np.float64)
    resampled = (draws @ by_family.reshape(len(families), q * q)).reshape(-1, q, q).astype(np.float64)
    total, effective = float(table.sum()), n**2 / float((counted**2).sum())
    agreed = float(np.trace(table))
    low, high = proportion_confint(agreed * (effective / total), effective, alpha=1 - confidence, method="wilson")
    result |= {"prevalence": float(table[0].sum() / total)}
    result |= {"accuracy": agreed / total, "accuracy_low": float(low), "accuracy_high": float(high)}
    result |= _with_interval("kappa", float(cohen_kappa(table)), cohen_kappa, resampled, confidence)
    result |= _with_interval("ac1", float(gwet_ac1(table)), gwet_ac1, resampled, confidence)
    alpha = _alpha(table) if weight is None else float(krippendorff_alpha(table))
    return result | _with_interval("alpha", alpha, krippendorff_alpha, resampled, confidence)


def _alpha(table: Table) -> float:
    """Krippendorff's alpha by the library; NaN where all labels are the same."""
    counts = [
        np.repeat(np.eye(len(table))[[i]] + np.eye(len(table))[[j]], int(table[i, j]), axis=0)
        for i, j in product(range(len(table)), repeat=2)
    ]
    value_counts = np.concatenate(counts)
    if (value_counts.sum(0) > 0).sum() < 2:
        return float("nan")
    return float(krippendorff.alpha(value_counts=value_counts, level_of_measurement="nominal"))


def _with_interval(
    name: str, estimate: float, statistic: Callable[[Table], Table], resampled: Table, confidence: float
) -> dict[str, float]:
    """The estimate with its percentile bootstrap interval over the resamples in which it is defined."""
    values = statistic(resampled)
    values = values[np.isfinite(values)]
    if not len(values) or not np.isfinite(estimate):
        return {name: estimate, f"{name}_low": float("nan"), f"{name}_high": float("nan")}
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return {name: estimate, f"{name}_low": float(low), f"{name}_high": float(high)}
