"""A study of one model, without any counterpart: what cannot be drawn says why, and no axes are empty."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from unicost.config import ModelEntry
from unicost.human.agreement import COLUMNS as AGREEMENT
from unicost.human.detector_quality import COLUMNS as DETECTORS
from unicost.human.truth import COLUMNS
from unicost.records import Kind, Label, Verdict
from unicost.reporting import catalogue, figures, labels, tables
from unicost.reporting.sources import Sources
from unicost.statistics import stages
from unicost.statistics.correction import stages as correction
from unicost.store import write_records

from tests.unit.statistics_verdicts import DIALOGUE, TEXT, analysis, verdict

MODELS = {"alone": ModelEntry(display_name="Alone", kind="llm", access="open")}
SETTINGS = analysis()


def study(folder, tasks, *, intrinsic):
    """One model on some tasks: failures, refusals, one unscored answer, benign twins; perhaps nobody judged harm."""
    rng, rows = np.random.default_rng(0), []
    for task in tasks:
        for k in range(40):
            family = {"task": task, "category": ("Bias", "Privacy")[k % 2]}
            rows.append(verdict(f"{task}-{k}", "alone", f"f{k}", None if k == 0 else rng.random() < 0.4, **family))
            about = {**family, "kind": Kind.BENIGN, "contextual": Label.SAFE}
            rows.append(verdict(f"{task}-b{k}", "alone", f"f{k}", False, **about))
    if not intrinsic:
        rows = [replace(row, intrinsic=Label.UNSCORED) for row in rows]
    statistics = folder / "statistics"
    statistics.mkdir(parents=True)
    verdicts = folder / "verdicts.parquet"
    write_records(verdicts, rows, Verdict)
    common = {"models": MODELS, "analysis": SETTINGS, "output": statistics}
    stages.measurements(verdicts=verdicts, **common)
    of = {"evidence": verdicts, "capability": statistics / "capability.csv"}
    stages.rates(**of, **common)
    stages.penalty(**of, **common)
    stages.pooled(**of, penalty=statistics / "penalty.csv", **common)
    stages.switching(verdicts=verdicts, capability=of["capability"], **common)
    labels = pd.DataFrame(columns=COLUMNS).astype({"weight": float})
    correction.correct_items(verdicts=verdicts, labels=labels, statistics=statistics, models=MODELS, analysis=SETTINGS)
    stages.claims(statistics=statistics, claims={}, **common)
    pd.DataFrame(columns=[*DETECTORS]).to_csv(statistics / "detectors.csv", index=False)
    (folder / "human").mkdir()
    agreement = pd.DataFrame(columns=[*AGREEMENT])
    agreement.to_csv(folder / "human" / "agreement.csv", index=False)
    return Sources(statistics, agreement=folder / "human" / "agreement.csv")


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    return {
        "two tasks": study(folder / "two", (TEXT, DIALOGUE), intrinsic=True),
        "one task": study(folder / "one", (TEXT,), intrinsic=True),
        "refusals alone": study(folder / "refusals", (TEXT, DIALOGUE), intrinsic=False),
    }


DRAWN = {
    "two tasks": {"heatmap", "gap", "consistency"},
    "one task": {"heatmap", "gap"},
    "refusals alone": {"heatmap", "consistency"},
}
"""What one model has to show; all else needs a second model, capability items or labels, and says so."""
COMPARISONS = {"penalty_forest", "penalty_by_category", "corrected", "tipping", "interactions"}


@pytest.mark.parametrize("name", catalogue.figures_for("experiment"))
@pytest.mark.parametrize("case", DRAWN)
def test_no_axes_are_empty(studies, tmp_path, case, name):
    figures.render(name, "A study", studies[case], [tmp_path / f"{name}.png"])
    figure = figures.draw(name, studies[case])
    assert bool(figure.axes) == (name in DRAWN[case])
    assert all(axes.has_data() for axes in figure.axes)
    if not figure.axes:
        (text,) = figure.texts
        assert text.get_text().endswith(".") and len(text.get_text()) > 30
        assert (text.get_text() == labels.NO_COMPARISON) == (name in COMPARISONS)


@pytest.mark.parametrize("name", catalogue.tables_for("experiment"))
def test_tables_have_no_more_than_there_is(studies, tmp_path, name):
    outputs = [tmp_path / f"{name}.{suffix}" for suffix in ("csv", "tex", "html")]
    tables.render(name, "A study", studies["refusals alone"], outputs)
    assert all(path.stat().st_size for path in outputs)
