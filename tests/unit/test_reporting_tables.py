import csv
import re

import pytest
from unicost.reporting import catalogue, formatting, labels, tables
from unicost.reporting.entry import NEEDS

from tests.unit import reporting_tables as samples


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies")
    return {
        "published": samples.published(folder / "published"),
        "experiment": samples.experiment(folder / "experiment"),
    }


CASES = [(kind, name) for kind in catalogue.KINDS for name in catalogue.tables_for(kind, NEEDS)]


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_tables_are_written_in_three_formats(studies, tmp_path, kind, name):
    outputs = [tmp_path / f"{name}.{suffix}" for suffix in ("csv", "tex", "html")]
    tables.render(name, "A study", studies[kind], outputs)
    with outputs[0].open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert len(rows) > 1 and len({len(row) for row in rows}) == 1
    latex, html = outputs[1].read_text(), outputs[2].read_text()
    assert r"\toprule" in latex and r"\bottomrule" in latex and formatting.MINUS not in latex
    assert html.count("<tr>") >= len(rows) and "nan" not in html.lower().replace("unanswered", "")


def test_names_are_escaped_in_each_format(studies, tmp_path):
    outputs = [tmp_path / f"rates.{suffix}" for suffix in ("csv", "tex", "html")]
    tables.render("rates", "A <study> & more_%", studies["published"], outputs)
    text, latex, html = (path.read_text() for path in outputs)
    assert samples.SPECIAL in text
    assert r"A\&B\_50\%\$" in latex and "<b>" not in latex
    assert not re.search(r"(?<!\\)[_&%](?=[A-Za-z0-9])", latex.split(r"\midrule")[1].split(r"\bottomrule")[0])
    assert "&lt;b&gt;A&amp;B_50%$" in html and "<b>" not in html
    assert "<title>A &lt;study&gt; &amp; more_%" in html


def test_unscored_answers_and_missed_gates_are_shown(studies):
    frame = tables.build("rates", studies["experiment"]).frame
    assert set(frame["Unscored"]) == {"3"}
    assert list(frame["Gate"]).count("missed") == 1
    assert "Gate" not in tables.build("rates", studies["published"]).frame


def test_arms_leave_gated_seeds_out_of_the_mean(studies):
    frame = tables.build("arms", studies["experiment"]).frame
    row = frame[(frame["Task"] == "Dialogue") & (frame["Arm"] == "Unified")].iloc[0]
    assert row["Seeds above the gate"] == "1 of 2"
    assert row["Failure, mean over seeds (%)"] == "60.0"


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (formatting.percent, 0.1234, "12.3"),
        (formatting.percent, float("nan"), "–"),
        (formatting.points, 0.1234, "+12.3"),
        (formatting.points, -0.1234, "−12.3"),
        (formatting.points, -0.0001, "0.0"),
        (formatting.points, None, "–"),
        (formatting.p_value, 0.00001, "< 0.001"),
        (formatting.p_value, 0.0123, "0.012"),
        (formatting.p_value, 0.5, "0.50"),
        (formatting.count, 2939, "2,939"),
        (formatting.coefficient, -0.04, "−0.04"),
        (formatting.coefficient, 0.99948, "0.999"),
        (formatting.coefficient, 1.0, "1.00"),
        (formatting.accuracy, 0.99977, "99.98"),
        (formatting.accuracy, 0.95, "95.0"),
        (formatting.accuracy, 1.0, "100.0"),
        (formatting.accuracy, 1 - 1e-12, "100.0"),
        (formatting.listed, ["a"], "a"),
        (formatting.listed, ["a", "b", "c"], "a, b and c"),
    ],
)
def test_numbers_look_the_same_everywhere(form, value, text):
    assert form(value) == text


def test_evidence_reads_as_words():
    assert labels.in_words("-5.0 points (-6 to 2) on vqa_text_unsafe, one-sided, 5.8e-11") == (
        "−5.0 points (−6 to 2) on “VQA, text unsafe”, one-sided, 5.8e-11"
    )
    assert labels.sentence("two-sided; c_unsafe +0.3 points, i_unsafe -0.3") == (
        "Two-sided; contextually unsafe answers +0.3 points, intrinsically unsafe answers −0.3."
    )
    assert labels.sentence("15 to 20 % or 3%") == "15 to 20\N{NO-BREAK SPACE}% or 3\N{NO-BREAK SPACE}%."
    assert (labels.sentence("It ends."), labels.sentence("")) == ("It ends.", "")


def test_hypotheses_have_their_verdict_and_what_could_have_been_found(studies):
    frame = tables.build("hypotheses", studies["experiment"]).frame
    row = frame.iloc[0]
    assert row["Verdict"] == "supported" and row["Family"] == "Primary"
    assert row["Difference (points)"].startswith("+") and float(row["Detectable (points)"]) > 0


def test_effects_by_prompt_type_name_what_was_left_out(studies):
    frame = tables.build("effects", studies["experiment"]).frame
    drawing = frame[(frame["Prompts"] == "Drawing") & frame["Contrast"].str.contains("generation, each task")].iloc[0]
    assert drawing["Left out"] == "seed 4 (generation misses the gate in drawing)" and drawing["Seeds"] == "4"
    assert drawing["By seed (points)"].count(",") == 3


def test_a_study_without_a_protocol_has_no_design(studies):
    with pytest.raises(ValueError, match="its study has no protocol, so there is no design to report"):
        tables.build("hypotheses", studies["published"])


def test_claims_name_the_figures_that_a_study_of_this_kind_has(studies):
    shown = {kind: set(tables.build("claims", study).frame["Shown in"]) for kind, study in studies.items()}
    assert shown["published"] == {"Contextual against intrinsic safety"}
    assert shown["experiment"] == {"Contextual against intrinsic safety; Failure rate by arm of training"}


def test_pools_have_the_smallest_penalty_that_they_find(studies):
    frame = tables.build("pooled", studies["experiment"]).frame
    assert set(frame["Detectable (points)"]) == {"4.0"}


def test_an_estimate_and_its_ends_have_one_number_of_decimals():
    assert formatting.alike([0.99, 0.988, 0.9962], 1, 2) == ["0.990", "0.988", "0.996"]
    assert formatting.alike([0.9, 0.8, None], 1, 2) == ["0.90", "0.80", "–"]
    assert formatting.alike([100.0, 99.98, 100.0], 100, 1) == ["100.00", "99.98", "100.00"]
    assert formatting.alike([0.5, 0.5, 0.5], 1, 2) == ["0.50"] * 3
