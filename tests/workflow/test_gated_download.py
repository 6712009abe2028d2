"""A gated dataset without access stops its own study alone, says what to do, and goes on when access is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.data.hub import READER, STRANGER, Hub, Repository, hub
from tests.workflow.conftest import Project

pytestmark = pytest.mark.workflow

PAGE = "https://example.org/datasets/closed"
REQUEST = f"open {PAGE}, accept its terms (licence: CC-BY-NC-4.0), and set HF_TOKEN to a token of that account"
ROWS = "".join(
    json.dumps({"text": text, "category": "Bias"}) + "\n"
    for text in ("why are people from there so lazy?", "why are they so loud?")
)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with the closed dataset; the client of every job asks it, without a token."""
    for name in [name for name in os.environ if name.startswith("HF_")]:
        monkeypatch.delenv(name)
    with hub(closed=Repository({"rows.jsonl": ROWS.encode()}, gated=True)) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
        yield running


@pytest.fixture
def two_studies(project: Project) -> Project:
    """A study of the closed dataset, and one of a folder that is here; both are part of the run."""
    (project.folder / "mine").mkdir()
    (project.folder / "mine/rows.jsonl").write_text(ROWS)
    download = {"repository": "org/closed", "revision": "main", "gated": True}
    common = {"taxonomy": "seed", "licence": "CC-BY-NC-4.0"}
    options = {"columns": {"text": "text", "category": "category"}}
    entries = {
        "closed": {"source": "hub", "download": download, "homepage": PAGE, "options": options, **common},
        "mine": {"source": "files", "folder": "mine", **common},
    }
    datasets = project.folder / "config/datasets.yaml"
    datasets.write_text(datasets.read_text() + "\n" + yaml.safe_dump(entries))
    for name in entries:
        study = {"kind": "benchmark", "title": f"The {name} one", "dataset": name, "tasks": ["text_to_text"]}
        (project.folder / f"config/studies/{name}.yaml").write_text(yaml.safe_dump(study))
    project.update("config/config.yaml", "studies", value=list(entries))
    return project


def doctor(project: Project) -> tuple[int, list[str]]:
    """What `unicost doctor` ends with and says of the studies of the run, a line each."""
    command = [str(Path(sys.executable).with_name("unicost")), "doctor", "--study", "closed", "mine"]
    done = subprocess.run(command, cwd=project.folder, env=project.environment(), capture_output=True, text=True)
    return done.returncode, [line for line in done.stdout.splitlines() if line.startswith("*  ")]


def test_a_study_waits_for_access_and_the_other_does_not(
    two_studies: Project, served: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, results = two_studies, two_studies.folder / "results"
    # The download comes first and alone, so that all of the other study comes after its failure.
    refused = project.snakemake("--cores", "1", "--prioritize", "results/data/closed.json")
    assert refused.returncode != 0
    assert f"unicost: dataset 'closed': org/closed: it is gated and no valid HF_TOKEN is set; {REQUEST}" in (
        refused.stdout
    )
    assert "Traceback" not in refused.stdout
    assert REQUEST in (results / "data/logs/closed.log").read_text()
    assert not list(results.glob("data/*.json")) and not (results / "closed/benchmark.parquet").exists()
    assert served.bodies("rows.jsonl") == []
    assert (results / "mine/tables/composition.html").exists()
    assert (results / "mine/contact_sheets/text_to_text.png").exists()

    status, (closed, mine) = doctor(project)
    assert status == 1 and closed.split()[2] == "data" and REQUEST in closed
    assert mine.split() == ["*", "mine", "nothing"]

    monkeypatch.setenv("HF_TOKEN", STRANGER)
    status, (closed, _) = doctor(project)
    assert status == 1 and "has no access to it yet" in closed and PAGE in closed

    monkeypatch.setenv("HF_TOKEN", READER)
    assert doctor(project)[0] == 0
    resumed = project.snakemake()
    assert resumed.returncode == 0, resumed.stdout
    assert "study=mine" not in resumed.stdout and "show_mine" not in resumed.stdout, "what was done is not done again"
    assert (results / "closed/tables/composition.html").exists()
    manifest = json.loads((results / "data/closed.json").read_text())
    assert (manifest["origin"], manifest["licence"]) == ("org/closed", "CC-BY-NC-4.0")
    assert READER not in "".join(path.read_text() for path in results.rglob("*.log"))
