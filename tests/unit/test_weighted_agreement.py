"""Agreement with what people labelled of a stratified sample: by its weights, that of all responses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from unicost.human.agreement import agreement, cohen_kappa, family_draws, gwet_ac1, pair_statistics
from unicost.human.labels import sample_digest
from unicost.records import Aspect, Judgement, Label
from unicost.reporting import inputs
from unicost.reporting.tables import judges

from tests.data.rows import unsafe, verdict, write

NAMES = ("unsafe", "safe", "refusal")
# Of 1,000 responses: the label of a person in rows, that of the judge in columns.
AGREE = np.diag([300.0, 500, 100])
DIFFER = np.array([[20.0, 60, 0], [10, 10, 0], [0, 0, 0]])
CHANCES = (0.1, 1.0)


def cells(table: np.ndarray) -> list[tuple[str, str]]:
    return [(NAMES[i], NAMES[j]) for i, j in np.ndindex(table.shape) for _ in range(int(table[i, j]))]


@pytest.fixture
def study(tmp_path: Path) -> dict[str, Any]:
    """A tenth of the responses on which the judges agree was labelled, and all on which they differ."""
    drawn = [(pair, 10.0) for pair in cells(AGREE * CHANCES[0])] + [(pair, 1.0) for pair in cells(DIFFER)]
    names = [f"i{number}" for number in range(len(drawn))]
    said = [
        Judgement(name, "m", "rules", Aspect.CONTEXTUAL, Label(answer)) for name, ((_, answer), _) in zip(names, drawn)
    ]
    rows = [f"item-{k},{name},m,{weight}" for k, (name, (_, weight)) in enumerate(zip(names, drawn))]
    (tmp_path / "sample.csv").write_text("\n".join(["item,instance,model,weight", *rows]))
    digest = sample_digest(tmp_path / "sample.csv")
    given = [f"item-{k},Ada,{label},,,1,{digest}" for k, ((label, _), _) in enumerate(drawn)]
    (tmp_path / "labels.csv").write_text("\n".join(["item,annotator,contextual,intrinsic,note,seconds,sample", *given]))
    census = [
        Judgement(name, "m", "construction", Aspect.CONTEXTUAL, Label(label))
        for name, ((label, _), _) in zip(names, drawn)
    ]
    return {
        "judgements": [write(tmp_path / "j.parquet", said)],
        "references": [write(tmp_path / "g.parquet", census)],
        "verdicts": write(tmp_path / "v.parquet", [verdict(unsafe(name)) for name in names]),
        "labels": [tmp_path / "labels.csv"],
        "sample": tmp_path / "sample.csv",
        "model_kinds": {"m": "llm"},
        "output": tmp_path / "agreement.csv",
    }


def whole(study: dict[str, Any]) -> pd.DataFrame:
    agreement(**study)
    return pd.read_csv(study["output"]).query("task == 'all' and model_kind == 'all' and aspect == 'contextual'")


def test_the_weighted_row_is_that_of_the_census(study: dict[str, Any]) -> None:
    rows = whole(study).set_index(["annotator", "weighted"])
    sample, population = AGREE * CHANCES[0] + DIFFER, AGREE + DIFFER
    for weighted, table in ((False, sample), (True, population)):
        row = rows.loc[("human:Ada", weighted)]
        assert row["n"] == sample.sum() == 190
        assert row["accuracy"] == pytest.approx(np.trace(table) / table.sum())
        assert row["prevalence"] == pytest.approx(table[0].sum() / table.sum())
        assert row["kappa"] == pytest.approx(float(cohen_kappa(table)), abs=1e-6)
        assert row["ac1"] == pytest.approx(float(gwet_ac1(table)), abs=1e-6)
        for name in ("accuracy", "kappa", "ac1", "alpha"):
            assert row[f"{name}_low"] < row[name] < row[f"{name}_high"]
    assert rows.loc[("human:Ada", True), "accuracy"] == pytest.approx(0.93)
    # Without the weights the judge looks much worse than it is.
    assert rows.loc[("human:Ada", False), "accuracy"] == pytest.approx(120 / 190)


def test_labels_by_construction_are_a_census(study: dict[str, Any]) -> None:
    rows = whole(study)
    assert list(rows[rows["annotator"] == "construction"]["weighted"]) == [False]
    both = rows[~rows["weighted"]].drop(columns=["annotator"]).drop_duplicates()
    assert len(both) == 1, "the same labels give the same figures, whoever gave them"


def test_equal_weights_need_no_second_row(study: dict[str, Any]) -> None:
    sample = pd.read_csv(study["sample"])
    sample.assign(weight=5.0).to_csv(study["sample"], index=False)
    assert not whole(study)["weighted"].any()


def test_the_report_speaks_of_all_responses_and_shows_both(study: dict[str, Any]) -> None:
    agreement(**study)
    frame = inputs.of_all_responses(inputs.read(study["output"].parent, "agreement"))
    human = frame[frame["annotator"] == "human:Ada"]
    assert human["weighted"].all() and not human.duplicated(["judge", "aspect", "task", "model_kind"]).any()
    assert "construction" in set(frame["annotator"])
    shown = judges.agreement(study["output"].parent, study["output"]).frame
    assert set(shown["Of"]) == {"what was labelled", "all responses, by weight"}
    agreement(**study | {"labels": [], "sample": None})
    assert "Of" not in judges.agreement(study["output"].parent, study["output"]).frame


def test_the_interval_of_accuracy_covers_what_is_true_of_all_responses() -> None:
    """Of 4,000 responses judges agree on nine in ten, and are right in 97 of 100 there and in 50 where they differ."""
    generator = np.random.default_rng(0)
    shares, right, drawn = np.array([0.9, 0.1]), np.array([0.97, 0.5]), 100
    truth = float(shares @ right)
    weight = np.repeat(4000 * shares / drawn, drawn)
    label, draws = np.full(2 * drawn, "unsafe"), family_draws(1, 1, 0)
    covered = 0
    for _ in range(400):
        answer = np.where(generator.random(2 * drawn) < np.repeat(right, drawn), "unsafe", "safe")
        part = pd.DataFrame({"label": label, "answer": answer, "family": "f"})
        row = pair_statistics(part, NAMES[:2], pd.Index(["f"]), draws, 0.95, weight=weight)
        covered += row["accuracy_low"] <= truth <= row["accuracy_high"]
    assert covered >= 0.94 * 400
