"""What the workflow calls: the judge's errors, corrected tables and tipping points of a study, as CSV files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from unicost.config import Analysis, ModelEntry, ModelKind
from unicost.records import Verdict
from unicost.statistics import capability as gating
from unicost.statistics.cell_evidence import CellEvidence, Rate
from unicost.statistics.correction import tipping as tip
from unicost.statistics.correction.cells import ERRABLE, Cells, CountCells, ItemCells
from unicost.statistics.correction.corrected import Tables, corrected
from unicost.statistics.correction.errors import Errors, LabelledErrors, PublishedErrors, Split
from unicost.statistics.correction.judge_error import differential, published
from unicost.statistics.correction.prediction_powered import prediction_powered
from unicost.statistics.correction.rogan_gladen import rogan_gladen
from unicost.statistics.count_evidence import CountEvidence
from unicost.statistics.evidence import FAILURE
from unicost.statistics.uncertain import Uncertain
from unicost.statistics.unscored import Bounds, over_asked
from unicost.store import read_table, write_csv

Models = Mapping[str, ModelEntry]
ErrorOf = Callable[[str, str], Errors | None]
"""The judge's errors on the answers of a model to a task."""

_ROUNDING = 1e-9
_VERDICT_COLUMNS = ("instance", "model", "family", "kind", "task", "contextual", "intrinsic", "both_safe")


def correct_counts(*, statistics: Path, models: Models, analysis: Analysis) -> None:
    """Write corrected.csv, judge_error.csv and tipping.csv into ``statistics`` from the published tables there.

    Needs counts, rates, penalty, pooled, capability and judge_accuracy. The accuracies are taken to hold for every
    model alike; two splits into misses and false alarms bound what they leave open.
    """
    evidence = CountEvidence(pd.read_csv(statistics / "counts.csv"), analysis)
    accuracy = pd.read_csv(statistics / "judge_accuracy.csv")
    accuracy = accuracy[accuracy["task"] != "all"]
    cells = CountCells(evidence, models, spare=accuracy["task"].nunique())
    rates: dict[str, dict[str, Rate]] = {}
    known = {}
    for metric in ERRABLE:
        by_split = {split: PublishedErrors(cells, accuracy, models, metric, split) for split in Split}
        known[metric] = by_split
        rates[metric] = {
            f"rogan_gladen_{split}": _rogan_gladen(cells, metric, _alike(errors)) for split, errors in by_split.items()
        }
    write_csv(statistics / "judge_error.csv", published(known, accuracy, analysis.confidence))
    errors = {task: found.error for task in accuracy["task"] if (found := known[FAILURE][Split.MISSES].of(task))}
    _write(statistics, cells, rates=rates, errors=errors, models=models, analysis=analysis)


def correct_items(
    *, verdicts: Path, labels: pd.DataFrame, statistics: Path, models: Models, analysis: Analysis
) -> None:
    """The same for an experiment, from its verdicts and the labels of some or all answers (see ``ItemCells``)."""
    cells = ItemCells(read_table(verdicts, Verdict, _VERDICT_COLUMNS), labels)
    unified = [name for name, entry in models.items() if entry.kind is ModelKind.UNIFIED]
    groups = {"all": list(models), "unified": unified, "other": [name for name in models if name not in unified]}
    rates: dict[str, dict[str, Rate]] = {}
    known = {}
    for metric in ERRABLE:
        by_group = {
            name: LabelledErrors(cells, members, metric, place) for place, (name, members) in enumerate(groups.items())
        }
        known[metric] = by_group
        rates[metric] = {
            "rogan_gladen": _rogan_gladen(cells, metric, _alike(by_group["all"])),
            "rogan_gladen_by_kind": _rogan_gladen(cells, metric, _by_kind(by_group, unified)),
            "prediction_powered": _prediction_powered(cells, metric),
        }
    tasks = sorted({task for model in models for task in cells.tasks(model)})
    write_csv(statistics / "judge_error.csv", differential(known, tasks, analysis.confidence))
    errors = {task: found.error for task in tasks if (found := known[FAILURE]["all"].of(task))}
    _write(statistics, cells, rates=rates, errors=errors, models=models, analysis=analysis)


def _write(
    statistics: Path,
    cells: Cells,
    *,
    rates: Mapping[str, Mapping[str, Rate]],
    errors: Mapping[str, float],
    models: Models,
    analysis: Analysis,
) -> None:
    """corrected.csv and tipping.csv; ``rates`` by metric and correction, ``errors`` shares of wrong verdicts.

    Judged numbers have the interval of the corrected ones (the delta method over the same sources of error) and not
    that of the other tables, so that the two differ by the correction alone.
    """
    read = {name: pd.read_csv(statistics / f"{name}.csv") for name in ("rates", "penalty", "pooled")}
    gate = gating.Gate(pd.read_csv(statistics / "capability.csv"))
    parts = []
    for metric, by_correction in rates.items():
        found = {
            name: replace(
                Tables.of(_evidence(cells, rate, metric, analysis, name), models, gate, FAILURE),
                uncut=_uncut(cells, rate, metric, models),
            )
            for name, rate in by_correction.items()
        }
        plain = _evidence(cells, _judged(cells, metric), metric, analysis, "judged")
        parts.append(corrected(Tables.of(plain, models, gate, FAILURE), found, metric))
    write_csv(statistics / "corrected.csv", pd.concat(parts, ignore_index=True))
    table = tip.tipping(read["rates"], read["penalty"], read["pooled"], errors, models)
    write_csv(statistics / "tipping.csv", table)


def _evidence(cells: Cells, rate: Rate, metric: str, analysis: Analysis, correction: str) -> CellEvidence:
    """Evidence whose failure is the corrected metric; an unscored answer may be truly safe or truly unsafe."""
    method = f"{correction.replace('_', ' ')}, delta method"

    def bound(model: str, task: str, found: Uncertain) -> Bounds:
        return over_asked(found.value, cells.size(model, task, metric), cells.asked(model, task))

    return CellEvidence(rate, bound, cells, analysis, method)


def _uncut(cells: Cells, rate: Rate, metric: str, models: Models) -> dict[tuple[str, str], float]:
    """The corrected rates by model and task that leave [0, 1] by more than rounding."""
    found = {(model, task): rate(model, task, metric) for model in models for task in cells.tasks(model)}
    return {key: one.value for key, one in found.items() if one and abs(one.value - 0.5) > 0.5 + _ROUNDING}


def _judged(cells: Cells, metric: str) -> Rate:
    return lambda model, task, _: cells.judged(model, task, metric)


def _rogan_gladen(cells: Cells, metric: str, errors: ErrorOf) -> Rate:
    def rate(model: str, task: str, _: str) -> Uncertain | None:
        judged, found = cells.judged(model, task, metric), errors(model, task)
        return None if judged is None or found is None else rogan_gladen(judged, found.sensitivity, found.specificity)

    return rate


def _alike(errors: LabelledErrors | PublishedErrors) -> ErrorOf:
    """The same errors for every model."""
    return lambda _, task: errors.of(task)


def _by_kind(by_group: Mapping[str, LabelledErrors], unified: Collection[str]) -> ErrorOf:
    """The errors on the answers of unified models, and those on all others."""
    return lambda model, task: by_group["unified" if model in unified else "other"].of(task)


def _prediction_powered(cells: ItemCells, metric: str) -> Rate:
    def rate(model: str, task: str, _: str) -> Uncertain | None:
        found = cells.answers([model], task, metric)
        number = prediction_powered(found.judged, found.labels, found.weights, found.family, cells.families)
        return cells.padded(number)

    return rate
