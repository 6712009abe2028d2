"""The miniature arms train from nothing through the workflow, and a changed recipe retrains what depends on it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.workflow.conftest import Project, new_project

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def trained(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which every arm of the cut recipes was trained and packed."""
    project = new_project(root, tmp_path_factory.mktemp("training") / "project")
    shutil.copy(root / "tests/data/miniature_cut.yaml", project.folder / "config/miniature.yaml")
    result = project.snakemake("miniature_weights")
    assert result.returncode == 0, result.stdout[-5000:]
    return project


def test_every_arm_is_packed_with_its_manifest(trained: Project) -> None:
    packed = {path.name for path in (trained.folder / "results/miniature_weights").iterdir()}
    assert {"base-seed0", "unified-seed0"} <= packed
    for name in packed:
        assert (trained.folder / f"results/miniature_weights/{name}/{name}.safetensors").stat().st_size > 10_000
        assert name in (trained.folder / f"results/miniature_weights/{name}/manifest.json").read_text()
    assert trained.planned("miniature_weights") == []


def test_a_changed_recipe_retrains_its_arm_alone(trained: Project) -> None:
    trained.update("config/miniature.yaml", "arms", "generation", "learning_rate", value=1e-5)
    jobs = [(rule, wildcards) for rule, wildcards in trained.planned("miniature_weights") if wildcards]
    assert {rule for rule, _ in jobs} == {"train_arm", "pack_arm"}
    assert all("arm=generation" in wildcards for _, wildcards in jobs)
