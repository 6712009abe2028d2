"""A run that is killed with SIGKILL at random moments resumes, and gives what an undisturbed run gives."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from unicost.records import Response
from unicost.store import read_table

from tests.workflow.conftest import Project, new_project

pytestmark = pytest.mark.workflow

MODELS = ["base-seed0", "unified-seed0"]
TARGETS = ["results/miniature/verdicts.parquet", "results/miniature/human/agreement.csv"]
TARGETS += [f"results/miniature/statistics/{table}.csv" for table in ("counts", "rates", "penalty", "pooled")]
KILLS = 4


@pytest.fixture(scope="module")
def undisturbed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = new_project(root, tmp_path_factory.mktemp("undisturbed") / "project", MODELS, ["miniature"])
    result = project.snakemake(*TARGETS)
    assert result.returncode == 0, result.stdout[-5000:]
    return project


def journals(project: Project) -> list[Path]:
    return [path for path in (project.folder / "results").rglob("*.sqlite") if path.stat().st_size]


def journal_rows(project: Project) -> dict[str, bytes]:
    """Every finished item of every journal, by journal and key; opening one undoes a half-written batch."""
    rows = {}
    for path in journals(project):
        with contextlib.closing(sqlite3.connect(path)) as database:
            for key, value in database.execute("SELECT key, value FROM items"):
                rows[f"{path.relative_to(project.folder)}:{key}"] = value
    return rows


def wait_for_progress(project: Project, process: subprocess.Popen[bytes]) -> None:
    """Return when a journal has grown since now, or the run has ended."""
    before = sum(path.stat().st_size for path in journals(project))
    while process.poll() is None and sum(path.stat().st_size for path in journals(project)) < before + 20_000:
        time.sleep(0.1)


def test_killed_runs_resume_bit_for_bit(undisturbed: Project, root: Path, tmp_path: Path) -> None:
    project = new_project(root, tmp_path / "project", MODELS, ["miniature"])
    chance = random.Random(os.getpid())
    kept: dict[str, bytes] = {}
    for kill in range(KILLS):
        process = subprocess.Popen(
            project.command(*TARGETS, "--quiet", "all"),
            cwd=project.folder,
            env=project.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        if kill % 2:
            wait_for_progress(project, process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, 3) if kill % 2 else chance.uniform(4, 16))
        assert process.poll() in (None, 0), "a run after a kill did not resume"
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        after = journal_rows(project)
        assert kept.items() <= after.items(), "an item of the journal was lost or made anew"
        kept = after
    assert kept, "no kill fell after the first finished batch"
    result = project.snakemake(*TARGETS)
    assert result.returncode == 0, result.stdout[-5000:]
    final = journal_rows(project)
    assert kept.items() <= final.items()
    assert final.keys() == journal_rows(undisturbed).keys()
    for target in TARGETS:
        assert (project.folder / target).read_bytes() == (undisturbed.folder / target).read_bytes(), target
    for model in MODELS:
        one, two = (
            read_table(each.folder / f"results/miniature/responses/{model}/000.parquet", Response)
            for each in (project, undisturbed)
        )
        assert not one.duplicated("instance").any()
        assert one.drop(columns="latency_seconds").equals(two.drop(columns="latency_seconds"))
