"""The whole DAG on small sets in the shape of Uni-SafeBench and UniSAFE, from a gated loopback hub.

Tiny models of real architecture answer. What they say means nothing; that every kind of request finds its way does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml
from unicost.records import Instance, Response, Task
from unicost.store import read_records

from tests.data.checkpoints import BUILDERS
from tests.data.diffusion_checkpoints import EDITORS
from tests.data.hub import READER, Repository, hub
from tests.data.small_sets import uni_safebench, unisafe
from tests.workflow.conftest import Project

pytestmark = pytest.mark.workflow

MODELS = {
    "tiny-vlm": ("vision_language", "vlm"),
    "tiny-janus": ("janus", "unified"),
    "tiny-editor": ("image_editor", "editor"),
}
TASKS = ["text_to_text", "image_to_text", "text_image_to_text", "text_to_image", "text_image_to_image"]
# It takes any number of images in a turn, which composition needs.
EDITING = {"num_inference_steps": 2, "height": 64, "width": 64, "max_sequence_length": 32, "most_images": None}


def repository(write: Callable[[Path], Path], folder: Path) -> Repository:
    write(folder)
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return Repository({path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}, gated=True)


@pytest.fixture
def studies(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project with a study of each set, the hub that has them, and three tiny models."""
    sets = {"uni_safebench": uni_safebench, "unisafe": unisafe}
    served = {name: repository(write, tmp_path / "sets" / name) for name, write in sets.items()}
    entries = {}
    for name, (adapter, kind) in MODELS.items():
        checkpoint = f"checkpoints/{name}"
        (EDITORS["flux2_klein"] if kind == "editor" else BUILDERS[adapter])(project.folder / checkpoint)
        run = {"adapter": adapter, "weights": "folder", "checkpoint": checkpoint, "decoding": {"max_new_tokens": 4}}
        if kind == "editor":
            run |= {"decoding": {}, "options": EDITING}
        entries[name] = {"display_name": name, "kind": kind, "run": run}
    # No judge here reads pictures, so all of those are unscored.
    project.update("config/judges.yaml", "policies", "refused_or_not", "unscored_limit", value=1.0)
    (project.folder / "config/models/tiny.yaml").write_text(yaml.safe_dump({"models": entries}))
    for name in sets:
        project.update("config/datasets.yaml", name, "download", "repository", value=f"org/{name}")
        project.update("config/datasets.yaml", name, "controls", value=[])
        study = {
            "kind": "experiment",
            "title": f"Small {name}",
            "dataset": name,
            "models": list(MODELS),
            "tasks": TASKS,
            "detectors": ["refusal"],
            "judges": ["refusal_alone"],
            "policy": "refused_or_not",
            "analysis": {"common_tasks": ["text_to_text"], "capability_gate": None},
        }
        (project.folder / f"config/studies/small_{name}.yaml").write_text(yaml.safe_dump(study))
    with hub(**served) as running:
        for key, value in {
            "HF_ENDPOINT": running.address,
            "HF_TOKEN": READER,
            "HF_HOME": str(tmp_path / "cache"),
            "HF_HUB_DISABLE_XET": "1",
        }.items():
            monkeypatch.setenv(key, value)
        yield project


def answers(project: Project, study: str) -> dict[str, dict[str, Response]]:
    """The responses of each model by instance."""
    return {
        name: {
            row.instance: row
            for file in (project.folder / f"results/{study}/responses/{name}").glob("*.parquet")
            for row in read_records(file, Response)
        }
        for name in MODELS
    }


def test_every_kind_of_request_of_both_sets_finds_its_way(studies: Project) -> None:
    result = studies.snakemake("--config", 'studies=["small_uni_safebench","small_unisafe"]')
    assert result.returncode == 0, result.stdout

    for study, size in (("small_uni_safebench", 14), ("small_unisafe", 14)):
        folder = studies.folder / "results" / study
        instances = {row.id: row for row in read_records(folder / "benchmark.parquet", Instance)}
        assert len(instances) == size
        rows = answers(studies, study)
        errors = {f"{name} {row.error_kind}" for name, some in rows.items() for row in some.values() if row.error_kind}
        assert not errors - {"tiny-janus unsupported", "tiny-vlm unsupported"}
        drawn = {name for name, row in rows["tiny-editor"].items() if row.image is not None}
        assert drawn == {name for name, one in instances.items() if one.task is Task.TEXT_IMAGE_TO_IMAGE}
        read = {name for name, row in rows["tiny-vlm"].items() if row.text is not None}
        assert read == {name for name, one in instances.items() if one.expected == "text"}
        verdicts = pd.read_parquet(folder / "verdicts.parquet")
        assert len(verdicts) == sum(map(len, rows.values()))
        assert (folder / "statistics/rates.csv").exists() and (folder / "human/annotate.html").exists()

    composed = answers(studies, "small_unisafe")["tiny-editor"]
    assert composed["target-0-IC"].image != composed["target-0-IE"].image
    assert composed["target-0-MT"].image is not None
    assert studies.planned("--config", 'studies=["small_uni_safebench","small_unisafe"]') == []
