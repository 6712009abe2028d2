"""A study of judges against people runs through, from a folder of labelled responses to its tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader
from unicost.human.agreement import COLUMNS as AGREEMENT
from unicost.human.validation import COLUMNS

from tests.workflow.conftest import new_project

pytestmark = pytest.mark.workflow


def test_judges_are_measured_on_labelled_responses_in_a_folder(root: Path, shared: Path, tmp_path: Path) -> None:
    folder = shared / "human_labels/xstest"
    if not folder.is_dir():
        pytest.skip("needs the labelled responses in ../shared")
    project = new_project(root, tmp_path / "project", studies=["published", "judge_validation"])
    project.update("config/studies/published.yaml", "analysis", "resamples", value=200)
    entry = {"source": "xstest_responses", "taxonomy": "xstest", "folder": str(folder), "licence": "CC-BY-4.0"}
    project.update("config/labelled.yaml", "xstest_responses", value=entry)
    project.update("config/studies/judge_validation.yaml", "labelled", value=["xstest_responses"])
    project.update("config/studies/judge_validation.yaml", "analysis", value={"resamples": 200})

    result = project.snakemake()

    assert result.returncode == 0, result.stdout
    study = project.folder / "results/judge_validation"
    agreement = pd.read_csv(study / "human/agreement.csv")
    assert list(agreement.columns) == AGREEMENT
    table = pd.read_csv(study / "tables/validation.csv")
    assert list(table.columns) == COLUMNS
    assert "refusal alone" in (study / "tables/validation.html").read_text()
    row = table.set_index(["scale", "requests", "rater", "annotator"])["n"]
    everyone = ("xstest_responses/annotation_2", "xstest_responses/annotation_1")
    # 450 prompts, 200 of them unsafe, and two models.
    assert row["outcome", "all", *everyone] == 900
    assert row["outcome", "unsafe", *everyone] == 400
    assert row["outcome", "all", "refusal_alone", "xstest_responses/human"] == 900
    # There is no detector of harmful content for real English, and `rules` does not guess.
    assert row["outcome", "all", "rules", "xstest_responses/human"] == 0
    # These people were asked about refusals alone.
    held = table[table["rater"].str.startswith("detector ") & table["left_out"].isna()]
    assert set(held["rater"]) == {"detector refusal_rules"} and set(held["scale"]) == {"outcome"}
    assert (
        "slurs, stereotypes, threats (people were not asked about harm"
        in (study / "tables/validation.html").read_text()
    )
    attempts = pd.read_csv(study / "statistics/injections.csv").set_index(["judge", "aspect", "kind"])
    assert attempts.loc[("refusal_alone", "contextual", "all"), "attempts"] > 50
    assert attempts.loc[("rules", "contextual", "all"), "attempts"] == 0
    assert "refusal_alone" in (study / "tables/injections.html").read_text()
    assert (study / "figures/injections.svg").exists()
    paper = " ".join(page.extract_text() for page in PdfReader(project.folder / "results/paper/paper.pdf").pages)
    assert "A Judges, detectors and injections" in paper and "xstest responses" in paper
    assert "xstest responses" in (project.folder / "results/summary.txt").read_text()


def test_sets_that_cannot_be_downloaded_are_named(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    project = new_project(root, tmp_path / "project", studies=["judge_validation"])
    result = project.snakemake("results/data/gptfuzzer_responses.json")
    assert result.returncode != 0
    assert "unicost: dataset 'gptfuzzer_responses': https://raw.githubusercontent.com/" in result.stdout
    assert "HF_HUB_OFFLINE is set; unset it to download it" in result.stdout
    assert "Traceback" not in result.stdout
