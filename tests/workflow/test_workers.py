"""Models that a worker drives, in the real workflow: what they depend on, and a vendor's code and environment made."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.workflow.conftest import Project

MODEL = {
    "display_name": "Tiny",
    "kind": "unified",
    "run": {
        "adapter": "worker",
        "weights": "folder",
        "checkpoint": "nowhere",
        "options": {"worker": "tiny"},
        "tasks": ["text_to_text"],
    },
}
PROGRAM = """
from protocol import Answer, serve
if __name__ == "__main__":
    import vendor_code
    serve(tasks=["text_to_text"], load=lambda start: vendor_code.WORD,
          answer=lambda word, request: Answer(f"{word} to {request.turns[-1].text}"))
"""


@pytest.fixture
def worked(project: Project, tmp_path: Path) -> Project:
    """A project in which the miniature study has a model with a worker whose vendor is a repository on this machine."""
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    (vendor / "vendor_code.py").write_text("WORD = 'yes'\n")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "first"]):
        author = ["-c", "user.name=someone", "-c", "user.email=someone@example.org"]
        subprocess.run(["git", *author, *command], cwd=vendor, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=vendor, check=True, capture_output=True, text=True)
    entry = {"script": "workflow/workers/tiny.py", "tasks": ["text_to_text"], "licence": "MIT"}
    entry |= {"repository": f"file://{vendor}", "commit": head.stdout.strip(), "requirements": "envs/workers/tiny.txt"}
    (project.folder / "workflow/workers/tiny.py").write_text(PROGRAM)
    (project.folder / "envs/workers/tiny.txt").write_text("")
    project.update("config/workers.yaml", "tiny", value=entry)
    (project.folder / "config/models/tiny.yaml").write_text(yaml.safe_dump({"models": {"tiny": MODEL}}))
    add_to_study(project, {"models": ["base-seed0", "tiny"], "protocol": None, "reports": False})
    return project


def add_to_study(project: Project, changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        project.update("config/studies/miniature.yaml", key, value=value)


def checked(project: Project) -> str:
    """What the first refusal of the configuration says."""
    return project.snakemake("--dry-run").stdout


def test_models_with_a_worker_alone_wait_for_its_code_and_environment(worked: Project) -> None:
    answers = "results/miniature/responses/{}/000.parquet"
    rules = {rule for rule, _ in worked.planned(answers.format("tiny"))}
    assert {"vendor_code", "worker_environment", "respond"} <= rules
    others = {rule for rule, _ in worked.planned(answers.format("base-seed0"))}
    assert "respond" in others
    assert not others & {"vendor_code", "worker_environment"}


def test_a_worker_answers_with_what_the_rules_made(worked: Project, tmp_path: Path) -> None:
    from unicost.records import Response
    from unicost.store import read_records

    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "config.json").write_text('{"model_type": "tiny"}')
    (weights / "model.safetensors").write_bytes(b"")
    worked.update("config/models/tiny.yaml", "models", "tiny", "run", "checkpoint", value=str(weights))
    output = "results/miniature/responses/tiny/000.parquet"
    result = worked.snakemake(output)
    assert result.returncode == 0, result.stdout
    rows = read_records(worked.folder / output, Response)
    assert rows
    assert all(row.text.startswith("yes to ") and row.error_kind is None for row in rows)
    written = json.loads((worked.folder / "results/vendor/tiny/code.json").read_text())
    assert written["licence"] == "MIT"
    assert worked.planned(output) == []
    worked.edit("workflow/workers/tiny.py", "Answer(f", "Answer('again ' + f")
    assert {rule for rule, _ in worked.planned(output)} == {"respond"}


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (
            {"options": {"worker": "tyni"}},
            "no worker 'tyni' in config/workers.yaml: did you mean 'tiny'",
        ),
        ({"options": {}}, "run.options.worker: no worker"),
        ({"tasks": None}, "run.tasks: name tasks of worker 'tiny', which does text_to_text"),
        ({"tasks": ["dialogue"]}, "run.tasks: name tasks of worker 'tiny', which does text_to_text"),
    ],
)
def test_a_model_must_name_a_worker_and_its_tasks(worked: Project, run: dict[str, Any], message: str) -> None:
    for key, value in run.items():
        worked.update("config/models/tiny.yaml", "models", "tiny", "run", key, value=value)
    assert message in checked(worked)


def test_a_worker_without_its_program_is_refused(worked: Project) -> None:
    worked.update("config/workers.yaml", "tiny", "script", value="workflow/workers/gone.py")
    assert "config/workers.yaml: tiny: no file 'workflow/workers/gone.py'" in checked(worked)
