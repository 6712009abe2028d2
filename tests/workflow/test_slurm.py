"""The profile for Slurm, on a Slurm that runs: the same bytes as on one machine, a job killed in the middle included.

Without one these tests are skipped; docs/clusters.md says how to start one on this machine.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.workflow.conftest import Project, new_project
from tests.workflow.test_resume import journal_rows

pytestmark = pytest.mark.workflow

MODELS = ["base-seed0", "unified-seed0", "unified-seed1"]
STATISTICS = [f"results/miniature/statistics/{name}.csv" for name in ("counts", "rates", "penalty", "pooled")]
TARGETS = ["results/miniature/verdicts.parquet", "results/miniature/human/agreement.csv", *STATISTICS]
# Without accounting, the executor would wait for ever for `sacct`; a small Slurm is asked more often than a large one.
ON_SLURM = ["--profile", "profiles/slurm", "--slurm-status-command", "squeue", "--slurm-no-account"]
ON_SLURM += ["--slurm-init-seconds-before-status-checks", "5", "--latency-wait", "20"]
LIMIT = 1800  # seconds


def why_no_slurm() -> str | None:
    """What is missing, or nothing where jobs can be run."""
    if shutil.which("sinfo") is None:
        return "no Slurm here (`sinfo` is missing); docs/clusters.md says how to start one"
    pytest.importorskip("snakemake_executor_plugin_slurm", reason="pip install -e '.[cluster]'")
    with contextlib.suppress(subprocess.TimeoutExpired):
        states = subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, timeout=20)
        if states.returncode == 0 and {"idle", "mixed", "allocated"} & set(states.stdout.split()):
            return None
    return "Slurm does not answer (`sinfo`); docs/clusters.md says how to start one"


@pytest.fixture(autouse=True)
def slurm() -> None:
    reason = why_no_slurm()
    if reason:
        pytest.skip(reason)


def kill_in_the_middle(project: Project, run: subprocess.Popen[str], log: Path) -> dict[str, bytes]:
    """Kill the job that asks models, once answers are journalled; returns what the journals then hold."""
    journals = project.folder / "results/miniature/journal/responses"
    while run.poll() is None:
        if any(path.stat().st_size for path in journals.glob("*.sqlite")) and journal_rows(project):
            name = re.search(r"SLURM run ID: (\S+)", log.read_text())
            assert name, log.read_text()
            jobs = ["squeue", "--noheader", "--states=RUNNING", "--format=%A", "--name", name[1]]
            running = subprocess.run(jobs, capture_output=True, text=True, check=True).stdout.split()
            subprocess.run(["scancel", "--signal=KILL", "--full", *running], check=True)
            return journal_rows(project)
        time.sleep(0.5)
    raise AssertionError(f"the run ended before any answer was in a journal: {log.read_text()[-5000:]}")


@pytest.mark.timeout(LIMIT)
def test_slurm_gives_the_bytes_of_one_machine_after_a_kill(root: Path, tmp_path: Path) -> None:
    local, cluster = (new_project(root, tmp_path / name, MODELS, ["miniature"]) for name in ("local", "cluster"))
    for project in (local, cluster):
        # Small batches, so that there is a middle.
        project.update("config/models/miniature.yaml", "defaults", "run", "batch_size", value=8)
    undisturbed = local.snakemake(*TARGETS)
    assert undisturbed.returncode == 0, undisturbed.stdout[-5000:]

    log = tmp_path / "cluster.log"
    with log.open("w") as output:
        run = subprocess.Popen(
            cluster.command(*ON_SLURM, "--", *TARGETS),
            cwd=cluster.folder,
            env=cluster.environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        kept = kill_in_the_middle(cluster, run, log)
        code = run.wait()
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
    assert code == 0, log.read_text()[-5000:]
    assert "Trying to restart" in log.read_text()
    final = journal_rows(cluster)
    assert len(kept) < len(final), "the kill came after the last answer"
    assert kept.items() <= final.items(), "an answer was lost or made anew"
    for target in TARGETS:
        assert (cluster.folder / target).read_bytes() == (local.folder / target).read_bytes(), target
