"""``unicost doctor`` says which checkpoints of the hub cannot be had, and which are not pinned."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.data.hub import Hub, Repository, hub

WEIGHTS = {"config.json": b"{}", "model.safetensors": b"weights"}


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    """A copy of the configuration with a study `mine`, of two models on the bundled benchmark."""
    shutil.copytree(root / "config", tmp_path / "config")
    for part in ("envs", "workflow"):
        (tmp_path / part).symlink_to(root / part)
    study = {"kind": "experiment", "title": "Mine", "dataset": "bundled", "models": ["one", "two"],
             "tasks": ["text_to_text"], "detectors": ["refusal"], "judges": ["refusal_alone"],
             "policy": "refused_or_not", "analysis": {"common_tasks": ["text_to_text"]}}  # fmt: skip
    (tmp_path / "config/studies/mine.yaml").write_text(yaml.safe_dump(study))
    return tmp_path


def models(project: Path, **revisions: str) -> None:
    entries = {
        name: {"display_name": name, "kind": "llm", "run": {
            "adapter": "causal_lm", "weights": "hub", "checkpoint": f"org/{name}", "revision": revision,
            "licence": "CC-BY-4.0"}}
        for name, revision in revisions.items()
    }  # fmt: skip
    (project / "config/models/mine.yaml").write_text(yaml.safe_dump({"models": entries}))


def doctor(project: Path, served: Hub, *more: str) -> list[str]:
    """The lines about the study, in a process of its own: the hub's client reads its environment once."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    known |= {"HF_ENDPOINT": served.address, "HF_HOME": str(project / "home")}
    command = [str(Path(sys.executable).with_name("unicost")), "doctor", "--study", "mine", *more]
    result = subprocess.run(command, env=known, cwd=project, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in result.stderr, result.stderr
    return [line for line in result.stdout.splitlines() if "mine" in line]


def test_pinned_weights_that_can_be_had_lack_nothing(project: Path) -> None:
    with hub(one=Repository(WEIGHTS), two=Repository(WEIGHTS)) as served:
        commit = served.repositories["org/one"].commit
        models(project, one=commit, two=commit)
        (line,) = doctor(project, served)
        assert not any(served.bodies(name) for name in WEIGHTS), "nothing is downloaded"
    assert line.split() == ["mine", "nothing"]


def test_gated_and_unpinned_weights_are_named(project: Path) -> None:
    models(project, one="main", two="main")
    with hub(one=Repository(WEIGHTS), two=Repository(WEIGHTS, gated=True)) as served:
        weights, pins = doctor(project, served)
    assert "weights  org/two: it is gated and no valid HF_TOKEN is set; open https://huggingface.co/org/two" in weights
    assert "(licence: CC-BY-4.0)" in weights
    assert "pins     not pinned: org/one, org/two; they are what `main` is" in pins
    assert "results/mine/weights/<model>.json names the commit" in pins


def test_without_a_network_one_line_says_so_for_all(project: Path) -> None:
    models(project, one="0" * 40, two="1" * 40)
    with hub() as served:
        (line,) = doctor(project, served, "--offline")
    assert "org/one at revision" in line and line.endswith("to HF_HOME (and 1 more)")


def test_weights_that_were_fetched_are_not_asked_for(project: Path) -> None:
    models(project, one="0" * 40, two="1" * 40)
    for name in ("one", "two"):
        place = project / "results/mine/weights" / f"{name}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("{}")
    with hub() as served:
        (line,) = doctor(project, served)
        assert not served.log
    assert line.split() == ["mine", "nothing"]
