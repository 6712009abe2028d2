"""After a change, the workflow plans what depends on it and nothing else."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

from tests.workflow.conftest import Project, new_project

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def finished(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which the whole default target has run, on a small benchmark."""
    project = new_project(root, tmp_path_factory.mktemp("whole") / "project")
    result = project.snakemake()
    assert result.returncode == 0, result.stdout[-5000:]
    (project.folder / "output.txt").write_text(result.stdout)
    return project


@pytest.fixture
def models_file(finished: Project) -> Path:
    """The miniature models' file, restored after the test."""
    path = finished.folder / "config/models/miniature.yaml"
    before = path.read_text()
    yield path
    path.write_text(before)


def test_the_whole_run_ends_with_a_summary_and_the_paper(finished: Project) -> None:
    output = (finished.folder / "output.txt").read_text()
    summary = (finished.folder / "results/summary.txt").read_text()
    assert summary.strip() in output
    assert "results/paper/paper.pdf" in summary
    assert (finished.folder / "results/paper/paper.pdf").read_bytes().startswith(b"%PDF")
    for study in ("published", "miniature"):
        for table in ("rates", "penalty", "pooled", "claims"):
            assert (finished.folder / f"results/{study}/statistics/{table}.csv").stat().st_size > 100


def test_a_second_run_has_nothing_to_do(finished: Project) -> None:
    start = time.monotonic()
    result = finished.snakemake()
    seconds = time.monotonic() - start
    assert result.returncode == 0
    assert "Nothing to be done" in result.stdout
    print(f"second run: {seconds:.1f} s")


def test_a_changed_model_reruns_that_model_alone(finished: Project, models_file: Path) -> None:
    change_decoding(models_file, "unified-seed{replicate}")
    jobs = finished.planned()
    of_models = {(rule, wildcards) for rule, wildcards in jobs if "model=" in wildcards}
    assert {rule for rule, _ in of_models} == {"respond", "detect", "judge"}
    assert all("model=unified-seed" in wildcards for _, wildcards in of_models)
    others = {rule for rule, wildcards in jobs if "model=" not in wildcards}
    assert "fuse_verdicts" in others and "paper" in others
    assert not any("study=published" in wildcards for _, wildcards in jobs)


def test_comments_names_and_batch_sizes_rerun_nothing(finished: Project, models_file: Path) -> None:
    text = models_file.read_text()
    assert "display_name: " in text
    changed = "# a comment\n" + text.replace("display_name: ", "display_name: New ", 1)
    models_file.write_text(changed)
    assert finished.planned() == []


def change_decoding(file: Path, model: str) -> None:
    """Give one model another cap on its answers' length."""
    data = yaml.safe_load(file.read_text())
    run = data["models"][model].setdefault("run", {})
    run["decoding"] = {**run.get("decoding", {}), "max_new_tokens": 7}
    file.write_text(yaml.safe_dump(data, sort_keys=False))
