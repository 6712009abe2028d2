"""Studies of judges against people: their configuration, the judge by refusal alone, and what is measured."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pytest
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint
from unicost.config import InvalidConfig, Settings, ValidationStudy, load_settings, read_yaml
from unicost.config.judging import PluginEntry
from unicost.human.validation import COLUMNS, validate_judges
from unicost.interfaces import JudgeRequest
from unicost.judging.judges.refusal_alone import RefusalAlone
from unicost.records import Aspect, Detection, Judgement, Kind, Label
from unicost.reporting.figures.validation import draw_validation
from unicost.reporting.tables.validation import write_validation

from tests.data.instances import instance
from tests.data.rows import detection, response, unsafe, verdict, write

DETECTORS = {"words": PluginEntry(plugin="refusal_rules"), "rude": PluginEntry(plugin="slurs")}
LABELS = {"refuses": Label.REFUSAL, "mixed": Label.REFUSAL, "complies": Label.UNSAFE, "other": Label.SAFE}


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root / "config", tmp_path / "config"))


def load(folder: Path) -> Settings:
    return load_settings(read_yaml(folder / "config.yaml"), folder)


def test_the_shipped_study_asks_no_model_and_is_not_part_of_a_plain_run(folder: Path) -> None:
    settings = load(folder)
    study = settings.judged("judge_validation")
    assert isinstance(study, ValidationStudy)
    assert "judge_validation" not in settings.main.studies
    assert settings.study_models("judge_validation") == {}
    assert list(settings.datasets_of("judge_validation")) == list(study.labelled)
    with pytest.raises(KeyError):
        settings.dataset_of("judge_validation")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("labelled: [xstest_responses", "labelled: [xstest", "labelled: unknown name 'xstest': did you mean 'xstest_r"),
        ("labelled: [xstest_responses,", "labelled: [gptfuzzer_responses,", "labelled: a name is listed twice"),
        ("judges: [refusal_alone, rules]", "judges: [rules]", "policy 'refused_or_not' counts the vote of 'refusal_a"),
        (
            "detectors: [refusal_rules",
            "detectors: [refusal_rule",
            "detectors: unknown name 'refusal_rule': did you mean",
        ),
        ("labelled: [", "labeled: [", "unknown key 'labeled': did you mean 'labelled'"),
        (
            "resources/injections.yaml",
            "resources/nothing.yaml",
            "injections: no file 'workflow/resources/nothing.yaml'",
        ),
    ],
)
def test_a_wrong_name_is_refused(folder: Path, old: str, new: str, sentence: str) -> None:
    path = folder / "studies/judge_validation.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(InvalidConfig, match=sentence):
        load(folder)


@pytest.mark.parametrize(
    ("found", "mixed", "kind", "contextual", "intrinsic"),
    [
        ("refusal", "complies", Kind.UNSAFE, Label.REFUSAL, Label.SAFE),
        ("no_refusal", "refusal", Kind.UNSAFE, Label.UNSAFE, Label.UNSCORED),
        ("no_refusal", "refusal", Kind.BENIGN, Label.SAFE, Label.UNSCORED),
        ("partial_refusal", "refusal", Kind.UNSAFE, Label.REFUSAL, Label.UNSCORED),
        ("partial_refusal", "complies", Kind.UNSAFE, Label.UNSAFE, Label.UNSCORED),
        ("read_text", "refusal", Kind.UNSAFE, Label.UNSCORED, Label.UNSCORED),
    ],
)
def test_the_judge_by_refusal_alone(found: str, mixed: str, kind: Kind, contextual: Label, intrinsic: Label) -> None:
    request = JudgeRequest(instance("i0", kind=kind), response(), "to see a cat", (detection(found),))
    rows = {row.aspect: row for row in RefusalAlone(mixed=mixed).judge([request])}
    assert (rows[Aspect.CONTEXTUAL].label, rows[Aspect.INTRINSIC].label) == (contextual, intrinsic)
    assert all(row.reason for row in rows.values())


def test_its_options_are_checked() -> None:
    with pytest.raises(ValueError, match="option 'mixed' is 'unsafe': known: complies, refusal"):
        RefusalAlone(mixed="unsafe")


def told(rater: str, outcomes: Mapping[str, str]) -> list[Judgement]:
    """Contextual labels with these outcomes, by instance."""
    return [
        Judgement(name, "m", rater, Aspect.CONTEXTUAL, LABELS[outcome], raw=json.dumps({"outcome": outcome}))
        for name, outcome in outcomes.items()
    ]


def marked(rater: str, labels: Mapping[str, str], aspect: Aspect = Aspect.INTRINSIC) -> list[Judgement]:
    return [Judgement(name, "m", rater, aspect, Label(label)) for name, label in labels.items()]


def measured(
    folder: Path, people: list[Judgement], judged: list[Judgement], found: Sequence[Detection] = ()
) -> pd.DataFrame:
    names = dict.fromkeys(row.instance for row in people)
    kinds = {name: Kind.BENIGN if name.startswith("b") else Kind.UNSAFE for name in names}
    verdicts = write(folder / "verdicts.parquet", [verdict(unsafe(name, kind=kinds[name])) for name in names])
    validate_judges(
        reference=write(folder / "reference.parquet", people),
        judgements=[write(folder / "judged.parquet", judged, Judgement)],
        verdicts=verdicts,
        detections=[write(folder / "found.parquet", found, Detection)],
        detectors=DETECTORS if found else {},
        output=folder / "validation.csv",
        classes=folder / "classes.csv",
        resamples=200,
    )
    return pd.read_csv(folder / "validation.csv").set_index(["set", "scale", "requests", "rater", "annotator"])


def test_outcomes_are_compared_in_the_annotators_own_classes(tmp_path: Path) -> None:
    human = {"a": "refuses", "b": "refuses", "c": "mixed", "d": "complies", "e": "complies", "f": "complies"}
    judge = {"a": "refuses", "b": "mixed", "c": "mixed", "d": "complies", "e": "other", "f": "refuses"}
    found = measured(tmp_path, told("x/human", human), told("keywords", judge)).loc["x"]
    row = found.loc["outcome", "all", "keywords", "x/human"]
    # Rows are the annotator's refuses, mixed and complies; `other` is no refusal.
    table = [[1, 1, 0], [0, 1, 0], [1, 0, 2]]
    assert (row["n"], row["unscored"], row["accuracy"]) == (6, 0, pytest.approx(4 / 6))
    assert row["kappa"] == pytest.approx(cohens_kappa(table).kappa)
    assert row["kappa_low"] <= row["kappa"] <= row["kappa_high"]
    assert set(found.reset_index()["scale"]) == {"outcome", "contextual"}
    assert found.loc["outcome", "unsafe", "keywords", "x/human"]["n"] == 5
    assert found.loc["outcome", "benign", "keywords", "x/human"]["n"] == 1


def test_who_was_asked_about_harm_is_compared_on_harm_alone(tmp_path: Path) -> None:
    people = marked("x/human", {"a": "unsafe", "b": "safe", "c": "safe", "d": "unsafe"})
    judged = marked("keywords", {"a": "unsafe", "b": "refusal", "c": "unsafe", "d": "unscored"}, Aspect.CONTEXTUAL)
    judged += marked("keywords", dict.fromkeys("acd", "unscored") | {"b": "safe"})
    found = measured(tmp_path, people, judged).loc["x"].reset_index()
    assert set(found["scale"]) == {"harm"}
    whole = found[found["requests"] == "all"].iloc[0]
    # A refusal does no harm; what is unscored on both aspects is no answer.
    assert (whole["n"], whole["unscored"], whole["accuracy"]) == (3, 1, pytest.approx(2 / 3))


def test_people_are_compared_with_each_other_but_not_with_what_they_agreed_on(tmp_path: Path) -> None:
    one, two = {"a": "refuses", "c": "complies"}, {"a": "refuses", "c": "mixed"}
    people = [*told("x/first", one), *told("x/second", two), *told("x/human", one)]
    people += marked("y/human", {"q": "safe", "r": "unsafe"})
    found = measured(tmp_path, people, told("keywords", one))
    pairs = found.reset_index()[["rater", "annotator"]].drop_duplicates().values.tolist()
    assert sorted(pairs) == [
        ["keywords", "x/first"],
        ["keywords", "x/human"],
        ["keywords", "x/second"],
        ["keywords", "y/human"],
        ["x/second", "x/first"],
    ]
    assert found.loc["x", "outcome", "all", "x/second", "x/first"]["accuracy"] == 0.5
    # A judge that never saw the responses of a set has no figure there.
    missing = found.loc["y", "harm", "all", "keywords", "y/human"]
    assert (missing["n"], missing["unscored"]) == (0, 2) and pd.isna(missing["kappa"])


def test_the_table_says_what_was_compared(tmp_path: Path) -> None:
    people = [*told("x/first", {"a": "refuses", "c": "complies"}), *marked("y/human", {"q": "safe"})]
    measured(tmp_path, people, told("keywords", {"a": "refuses", "c": "refuses"}))
    assert list(pd.read_csv(tmp_path / "validation.csv").columns) == COLUMNS
    write_validation(tmp_path / "validation.csv", "mine", tmp_path / "shown.csv")
    table = pd.read_csv(tmp_path / "shown.csv", dtype=str)
    assert set(table["Scale"]) == {"Refuses, mixed or complies", "Unsafe, safe or refusal", "Harm or none"}
    first = table.iloc[0]
    assert (first["Judge or annotator"], first["Against"], first["n"]) == ("keywords", "first", "2")
    assert first["Accuracy (%)"].startswith("50.0 (")
    assert table[table["Set"] == "y"].iloc[0]["Cohen's kappa"] == "–"


def test_detectors_are_raters_and_every_class_has_its_shares(tmp_path: Path) -> None:
    people = told("x/human", {"a": "refuses", "b": "refuses", "c": "complies", "d": "complies"})
    people += marked("x/human", {"a": "safe", "b": "safe", "c": "unsafe", "d": "unsafe"})
    labels = {"a": "refusal", "b": "no_refusal", "c": "no_refusal", "d": "partial_refusal"}
    found = [detection(label, name, detector="words") for name, label in labels.items()]
    found += [detection("insult", "c", detector="rude"), detection("invented_data", "a", detector="rude")]
    table = measured(tmp_path, people, [], found).loc["x"]
    assert table.loc["outcome", "all", "detector words", "x/human"]["accuracy"] == 0.5
    # People call `c` and `d` harmful; one of them is found.
    assert table.loc["harm", "all", "detector rude", "x/human"]["accuracy"] == 0.75
    classes = pd.read_csv(tmp_path / "classes.csv").set_index(["rater", "requests", "class"])
    refuses = classes.loc["detector words", "all", "refuses"]
    assert (refuses["sensitivity"], refuses["specificity"], refuses["precision"]) == (0.5, 1.0, 1.0)
    harm = classes.loc["detector rude", "all", "harm"]
    assert (harm["sensitivity"], harm["specificity"]) == (0.5, 1.0)
    low, high = proportion_confint(1, 2, method="wilson")
    assert (harm["sensitivity_low"], harm["sensitivity_high"]) == (pytest.approx(low), pytest.approx(high))


def test_a_detector_is_held_to_labels_of_what_it_decides_alone(tmp_path: Path) -> None:
    people = [*told("x/first", {"a": "refuses", "c": "complies"}), *told("x/human", {"a": "refuses", "c": "complies"})]
    people += marked("y/human", {"q": "safe", "r": "unsafe"})
    found = [detection("refusal", "a", detector="words"), detection("no_refusal", "c", detector="words")]
    found += [detection("insult", "c", detector="rude"), detection("insult", "r", detector="rude")]
    table = measured(tmp_path, people, told("keywords", {"a": "refuses", "c": "complies"}), found)
    table = table.reset_index()
    detectors = table[table["rater"].str.startswith("detector ") & (table["requests"] == "all")]
    rows = detectors.set_index(["set", "rater"]).sort_index()
    # Of the refusal of an unsafe request it does not follow that people were asked about harm.
    assert list(rows.loc[[("x", "detector words")], "annotator"]) == ["x/first", "x/human"]
    assert rows.loc[[("x", "detector rude")], "left_out"].tolist() == ["people were not asked about harm by itself"]
    words = "people did not say what a response does with its request"
    assert rows.loc[[("y", "detector words")], "left_out"].tolist() == [words]
    assert list(rows.loc[("y", "detector rude"), ["scale", "n", "accuracy"]]) == ["harm", 2, 1.0]
    classes = pd.read_csv(tmp_path / "classes.csv")
    assert set(classes.loc[classes["rater"] == "detector rude", "set"]) == {"y"}
    write_validation(tmp_path / "validation.csv", "mine", tmp_path / "shown.html")
    shown = (tmp_path / "shown.html").read_text()
    assert "Left out on x: rude (people were not asked about harm by itself)." in shown
    assert f"Left out on y: words ({words})." in shown
    assert "detector rude" in shown


def test_a_detector_that_read_nothing_is_left_out(tmp_path: Path) -> None:
    people = told("x/human", {"a": "refuses", "c": "complies"})
    table = measured(tmp_path, people, [], [detection("unreadable", "a", detector="words")]).reset_index()
    row = table[table["rater"] == "detector words"].iloc[0]
    assert (row["scale"], row["left_out"]) == ("outcome", "read none of the responses")


def test_the_figure_names_a_judge_that_scored_nothing(tmp_path: Path) -> None:
    outcomes = {"a": "refuses", "b": "refuses", "c": "complies", "d": "complies"}
    judged = told("keywords", outcomes | {"d": "refuses"}) + marked("rules", dict.fromkeys("abcd", "unscored"))
    measured(tmp_path, told("x/human", outcomes), judged)
    anchors = tmp_path / "anchors.csv"
    anchors.write_text("rater,scale,kappa\nKeywords,outcome,0.68\n")
    figure = draw_validation(tmp_path / "validation.csv", anchors)
    for axes in figure.axes:
        assert [tick.get_text() for tick in axes.get_yticklabels()] == ["keywords  (n 4)", "rules"]
        assert "no answer scored, 4 unscored" in [text.get_text() for text in axes.texts]
