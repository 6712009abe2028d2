import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader
from unicost.reporting import numbers, paper

from tests.unit import judges_tables
from tests.unit import reporting_tables as samples

SOURCES = Path(__file__).parents[2] / "paper"
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="200"><rect width="400" height="200"/></svg>'


def _figures(folder: Path) -> dict[str, Path]:
    wanted = {
        "published": ("safety_utility", "heatmap", "penalty_forest", "penalty_by_category", "gap", "tipping"),
        "miniature": ("design", "replay", "outcomes", "consistency", "agreement", "injections", "calibration"),
        "people": ("validation", "injections"),
    }
    for study, names in wanted.items():
        (folder / study).mkdir(parents=True)
        for name in names:
            (folder / study / f"{name}.svg").write_text(PICTURE)
    return {study: folder / study for study in wanted}


def _numbers(folder: Path, sign: float = 1.0) -> Path:
    studies = {
        "published": samples.published(folder / "published", sign),
        "miniature": samples.experiment(folder / "miniature"),
        "people": judges_tables.validation(folder / "people"),
    }
    settings = {"published": samples.PUBLISHED, "miniature": samples.EXPERIMENT, "people": judges_tables.VALIDATED}
    numbers.write_numbers(studies, settings, folder / "numbers.json")
    return folder / "numbers.json"


def _text(path: Path) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(path).pages))


def test_equal_inputs_give_equal_bytes(tmp_path):
    data, figures = _numbers(tmp_path / "data"), _figures(tmp_path / "figures")
    for name in ("first.pdf", "second.pdf"):
        paper.compile(SOURCES, data, figures, tmp_path / name)
    assert (tmp_path / "first.pdf").read_bytes() == (tmp_path / "second.pdf").read_bytes()


def test_the_wording_follows_the_sign(tmp_path):
    figures = _figures(tmp_path / "figures")
    texts = {}
    for sign in (1.0, -1.0):
        data = _numbers(tmp_path / f"data{sign}", sign)
        paper.compile(SOURCES, data, figures, tmp_path / f"{sign}.pdf")
        texts[sign] = _text(tmp_path / f"{sign}.pdf")
    assert "the first lies above zero, the second lies above zero, the third lies above zero" in texts[1.0]
    assert "the first lies below zero, the second lies below zero, the third lies below zero" in texts[-1.0]
    assert "+20.0 points" in texts[1.0] and "−20.0 points" in texts[-1.0]


def test_a_study_that_did_not_run_leaves_its_sections_out(tmp_path):
    data, figures = _numbers(tmp_path / "data"), _figures(tmp_path / "figures")
    content = json.loads(data.read_text())
    del content["miniature"]
    data.write_text(json.dumps(content))
    paper.compile(SOURCES, data, figures, tmp_path / "paper.pdf")
    text = _text(tmp_path / "paper.pdf")
    assert "We re-analyse the published tables" in text and "with two changes" in text
    assert not re.search("miniature experiment|twice|First, we|an experiment adds", text)


def test_judges_detectors_and_injections_are_in_the_appendix(tmp_path):
    data, figures = _numbers(tmp_path / "data"), _figures(tmp_path / "figures")
    paper.compile(SOURCES, data, figures, tmp_path / "paper.pdf")
    text = _text(tmp_path / "paper.pdf")
    assert "A Judges, detectors and injections" in text and "Appendix A has their agreement by task" in text
    assert "rules labels by construction contextual 200 1 95.0 (90.0 to 98.0)" in text
    assert "find, held to labels by construction" in text and "words refuses 100 30.0 90.0 (80.0 to 95.0)" in text
    assert "Judge firm, contextual: its verdict flips in none of 20 attempts (95 % interval 0.0 to 16.0 %)." in text
    assert "flips in 5 of 20 attempts" in text and "most often for the kind “order” (5 of 20)" in text
    assert "Judge soft, intrinsic: no attempt tells anything; on 24 more it gives no verdict" in text
    # A judge stands beside the people.
    assert "mine Refuses, mixed or complies keywords 450 3 0.60 (0.55 to 0.65)" in text
    assert "mine Refuses, mixed or complies second 450 3 0.93 (0.88 to 0.98)" in text


def test_without_judged_studies_there_is_no_appendix(tmp_path):
    data, figures = _numbers(tmp_path / "data"), _figures(tmp_path / "figures")
    content = json.loads(data.read_text())
    for study in ("miniature", "people"):
        del content[study]
        data.write_text(json.dumps(content))
        paper.compile(SOURCES, data, figures, tmp_path / "paper.pdf")
        text = _text(tmp_path / "paper.pdf")
        assert ("A Judges, detectors and injections" in text) == ("people" in content)
        assert "labels by construction" not in text


def _without_intervals(node):
    """Every effect of the numbers with its interval and p values missing."""
    if isinstance(node, dict) and "reading" in node:
        missing = {"value": None, "text": "–"}
        return {**node, "reading": "unknown", "interval": {"text": "–"}, "low": missing, "high": missing} | (
            {"permutation_p": missing} if "permutation_p" in node else {}
        )
    return {key: _without_intervals(child) for key, child in node.items()} if isinstance(node, dict) else node


def test_an_effect_without_an_interval_is_never_said_to_include_zero(tmp_path):
    data, figures = _numbers(tmp_path / "data"), _figures(tmp_path / "figures")
    data.write_text(json.dumps(_without_intervals(json.loads(data.read_text()))))
    paper.compile(SOURCES, data, figures, tmp_path / "paper.pdf")
    text = _text(tmp_path / "paper.pdf")
    assert "no interval with so few models" in text and "+20.0 points (without an interval)" in text
    assert not re.search(r"includes zero|interval –|_?p_? = –|\bnan\b", text)


def _experiment_text(folder: Path, **design) -> str:
    """The paper's text on an experiment in which the unified arm fails so much more than its counterparts."""
    data = folder / "numbers.json"
    numbers.write_numbers({"miniature": samples.experiment(folder, **design)}, {"miniature": samples.EXPERIMENT}, data)
    paper.compile(SOURCES, data, _figures(folder / "figures"), folder / "paper.pdf")
    return _text(folder / "paper.pdf")


@pytest.mark.parametrize(
    ("design", "said", "unsaid"),
    [
        ({"penalty": 0.3}, ["Yes: the unified arm fails more in every", "; the unified arm fails more"], ["Undecided"]),
        ({"penalty": -0.15}, ["No, the opposite", "; the unified arm fails less"], ["; the unified arm fails more"]),
        ({"penalty": 0.0, "spread": 0.004}, ["lies within ±5 points", "any difference lies within"], ["fails less;"]),
        ({"penalty": 0.03, "spread": 0.08}, ["Undecided", "one beyond the margin is not excluded"], ["Yes:"]),
        ({"missed": 3}, ["too few seeds pass", "drawing (3 of 5 seeds)"], ["in every declared"]),
    ],
    ids=["more", "less", "absent", "inconclusive", "untestable"],
)
def test_the_experiment_is_told_by_its_verdicts(tmp_path, design, said, unsaid):
    text = _experiment_text(tmp_path, **design)
    assert all(part in text for part in said) and not any(part in text for part in unsaid)
    assert "and the digests of this run agree with them" in text
    assert not re.search(r"\bnan\b|interval –", text)


def test_an_experiment_without_other_levels_of_replay_says_so(tmp_path):
    text = _experiment_text(tmp_path, replay=False)
    assert "other levels of replay were not part of this run" in text and "shows what safety replay does" not in text


def test_a_run_that_departs_from_what_was_frozen_says_so(tmp_path):
    study = samples.experiment(tmp_path)
    table = pd.read_csv(study.statistics / "hypotheses.csv")
    table["settings"] = "changed since 2026-11-22: recipes"
    table.to_csv(study.statistics / "hypotheses.csv", index=False)
    data = tmp_path / "numbers.json"
    numbers.write_numbers({"miniature": study}, {"miniature": samples.EXPERIMENT}, data)
    paper.compile(SOURCES, data, _figures(tmp_path / "figures"), tmp_path / "paper.pdf")
    text = _text(tmp_path / "paper.pdf")
    assert "departs from what was frozen (changed since" in text and "agree with them" not in text


def test_a_missing_number_is_named_in_one_sentence(tmp_path):
    data, figures = _numbers(tmp_path / "data"), _figures(tmp_path / "figures")
    content = json.loads(data.read_text())
    del content["published"]["leaderboard"]
    data.write_text(json.dumps(content))
    with pytest.raises(paper.PaperError, match="no number 'published/leaderboard/") as caught:
        paper.compile(SOURCES, data, figures, tmp_path / "paper.pdf")
    assert "\n" not in str(caught.value) and not (tmp_path / "paper.pdf").exists()


def test_a_missing_figure_is_named(tmp_path):
    data, figures = _numbers(tmp_path / "data"), _figures(tmp_path / "figures")
    (figures["published"] / "gap.svg").unlink()
    with pytest.raises(paper.PaperError, match="no figure 'figures/published/gap.svg'"):
        paper.compile(SOURCES, data, figures, tmp_path / "paper.pdf")


def test_missing_numbers_and_sources_are_named(tmp_path):
    with pytest.raises(paper.PaperError, match=r"numbers\.json: no such file"):
        paper.compile(SOURCES, tmp_path / "numbers.json", {}, tmp_path / "paper.pdf")
    with pytest.raises(paper.PaperError, match=r"no main\.typ there"):
        paper.compile(tmp_path, tmp_path / "numbers.json", {}, tmp_path / "paper.pdf")


ALLOWED = re.compile(
    r"@[a-z]+\d{4}\w*"  # a citation
    r"|<[a-z]+\d{4}\w*>"
    r"|\bAC1\b|\bac1\""  # the name of a coefficient, and its key
    r"|[!=]= 0\b|slice\(1\)|\.len\(\) \+ 1\)"  # code, not text
    r"|//.*"
)


@pytest.mark.parametrize(
    "path",
    sorted({*SOURCES.rglob("*.typ")} - {SOURCES / "template.typ", SOURCES / "numbers.typ"}),  # layout and look-up
    ids=lambda p: str(p.relative_to(SOURCES)),
)
def test_the_text_holds_no_number_of_its_own(path):
    left = ALLOWED.sub("", path.read_text())
    assert not re.findall(r".*\d.*", left), f"{path.name}: numbers belong in numbers.json"


STRUCTURE = re.compile(
    r"\b(Figure|Table|Section)s?\s+\d+(\.\d+)?(\s(and|to)\s\d+(\.\d+)?)?"
    r"|(?m:^\d+(\.\d+)?\s(?=[A-Z]))"  # the number of a heading
    r"|(?m:^\d+$)"  # the number of a page
    r"|\b(19|20)\d\d[a-z]?(?=[);])"  # the year of a citation
    r"|\bAC1\b"
)


def _dyed(node):
    """The numbers with every digit of their texts dyed."""
    if isinstance(node, dict):
        return {key: _dyed(child) for key, child in node.items()}
    if isinstance(node, list):
        return [_dyed(child) for child in node]
    return re.sub(r"\d", "Q", node) if isinstance(node, str) else node


def _without_references(folder: Path) -> Path:
    """The sources with a bibliography that is cited but not printed: its digits are those of the cited works."""
    sources = Path(shutil.copytree(SOURCES, folder / "paper"))
    main = sources / "main.typ"
    text = main.read_text()
    hidden = re.sub(r"#(bibliography\(.*\))", r"#hide(\1)", text)
    assert hidden != text
    main.write_text(hidden)
    return sources


@pytest.mark.parametrize("without", [None, "published", "miniature", "people"])
def test_every_printed_digit_comes_from_the_numbers(tmp_path, without):
    """Sections, captions, tables, abstract: with the digits of numbers.json dyed, a plain digit comes from no file."""
    data, figures = _numbers(tmp_path / "data"), _figures(tmp_path / "figures")
    content = {study: node for study, node in json.loads(data.read_text()).items() if study != without}
    printed, sources = {}, _without_references(tmp_path)
    for name, numbers_ in (("plain", content), ("dyed", _dyed(content))):
        data.write_text(json.dumps(numbers_))
        paper.compile(sources, data, figures, tmp_path / f"{name}.pdf")
        text = "\n".join(page.extract_text() for page in PdfReader(tmp_path / f"{name}.pdf").pages)
        printed[name] = STRUCTURE.sub(" ", text)
    assert not re.findall(r".*\d.*", printed["dyed"])
    assert len(re.findall(r"\d", printed["plain"])) > 100  # the dye covers something


def test_a_digit_of_the_texts_own_is_found_in_any_caption(tmp_path):
    """The test above does fail: a digit slipped into a caption is seen."""
    data, figures = _numbers(tmp_path / "data"), _figures(tmp_path / "figures")
    data.write_text(json.dumps(_dyed(json.loads(data.read_text()))))
    sources = _without_references(tmp_path)
    section = sources / "sections" / "published.typ"
    section.write_text(section.read_text().replace("caption: [Failure rate", "caption: [In 37 cells, failure rate"))
    paper.compile(sources, data, figures, tmp_path / "paper.pdf")
    text = "\n".join(page.extract_text() for page in PdfReader(tmp_path / "paper.pdf").pages)
    assert re.findall(r"\d+", STRUCTURE.sub(" ", text)) == ["37"]


def test_every_reference_is_cited(tmp_path):
    keys = set(re.findall(r"@\w+\{(\w+),", (SOURCES / "references.bib").read_text()))
    text = "".join(path.read_text() for path in (SOURCES / "sections").glob("*.typ"))
    assert keys == {key for key in keys if re.search(rf"[@<]{key}\b", text)}


def test_sources_are_not_changed_by_compiling(tmp_path):
    copy = tmp_path / "paper"
    shutil.copytree(SOURCES, copy)
    before = sorted(path.relative_to(copy) for path in copy.rglob("*"))
    paper.compile(copy, _numbers(tmp_path / "data"), _figures(tmp_path / "figures"), tmp_path / "paper.pdf")
    assert sorted(path.relative_to(copy) for path in copy.rglob("*")) == before
