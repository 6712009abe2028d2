"""Bad input ends the run with one sentence that names the file and what would be right."""

from __future__ import annotations

import pytest

from tests.workflow.conftest import Project

pytestmark = pytest.mark.workflow


def refused(project: Project, *arguments: str) -> str:
    """The output of a run that must fail."""
    result = project.snakemake(*arguments)
    assert result.returncode != 0, result.stdout
    return result.stdout


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("config/studies/miniature.yaml", "- unified-seed0", "- unifed-seed0", "did you mean 'unified-seed0'?"),
        (
            "config/studies/miniature.yaml",
            "tasks:\n- text_to_text",
            "tasks:\n- text_to_txt",
            "config/studies/miniature.yaml: tasks",
        ),
        ("config/config.yaml", "studies:", "studes:", "unknown key 'studes': did you mean 'studies'?"),
    ],
)
def test_a_wrong_name_is_refused_before_any_job(project: Project, file: str, old: str, new: str, sentence: str) -> None:
    project.edit(file, old, new)
    output = refused(project)
    assert sentence in output
    assert "Traceback" not in output
    assert not (project.folder / "results").exists()


def test_a_study_misspelt_on_the_command_line_is_refused(project: Project) -> None:
    assert "did you mean 'miniature'?" in refused(project, "--config", "studies=[miniatur]")


def test_a_published_rate_above_one_is_refused(project: Project) -> None:
    project.edit("workflow/resources/published/published_results.csv", ",0.617,", ",6.17,")
    output = refused(project, "results/published/statistics/rates.csv")
    assert "workflow/resources/published/published_results.csv, row 2" in output
    assert "6.17" in output
    assert "Traceback" not in output
    assert not (project.folder / "results/published/data").exists()


def test_an_altered_published_table_is_refused(project: Project) -> None:
    project.edit("workflow/resources/published/published_results.csv", ",0.617,", ",0.618,")
    output = refused(project, "results/published/statistics/rates.csv")
    assert "workflow/resources/published/published_results.csv: not the file that" in output


def test_a_truncated_parquet_file_is_refused(project: Project) -> None:
    benchmark = project.folder / "results/miniature/benchmark.parquet"
    assert project.snakemake("results/miniature/benchmark.parquet").returncode == 0
    benchmark.write_bytes(benchmark.read_bytes()[:-100])
    output = refused(project, "results/miniature/intents.parquet")
    assert "results/miniature/benchmark.parquet: not a whole Parquet file" in output
    assert "Traceback" not in output
