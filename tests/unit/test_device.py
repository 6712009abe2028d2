"""One process a GPU: leases of several real processes never overlap, and a dead process holds none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import pytest
from unicost import device
from unicost.device import TooFewDevices, lease, visible

from tests.data import echo
from tests.unit.responding import job, log

HOLD = """
import os, sys, time
from pathlib import Path
from unicost.device import lease
folder, gpus, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
with lease(gpus, ["0", "1", "2"], folder) as held:
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ",".join(held)
    start = time.monotonic()
    print(*held, flush=True)
    time.sleep(seconds)
    print(start, time.monotonic(), flush=True)
"""


@pytest.fixture(autouse=True)
def no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*device._ASSIGNED, "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)


def holder(folder: Path, gpus: int, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD, str(folder), str(gpus), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_no_two_processes_hold_a_device_at_a_time(tmp_path: Path) -> None:
    wanted = (1, 2, 1, 3, 2, 1)
    spans = defaultdict(list)
    for gpus, process in zip(wanted, [holder(tmp_path, gpus, 0.3) for gpus in wanted], strict=True):
        held, times = process.communicate(timeout=60)[0].splitlines()
        assert len(set(held.split())) == gpus
        for name in held.split():
            spans[name].append(tuple(map(float, times.split())))
    assert sum(map(len, spans.values())) == sum(wanted)
    for one in spans.values():
        for (_, end), (start, _) in zip(sorted(one), sorted(one)[1:]):
            assert end <= start


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    process = holder(tmp_path, 3, 600)
    assert process.stdout is not None
    assert process.stdout.readline() == "0 1 2\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    start = time.monotonic()
    with lease(3, ["0", "1", "2"], tmp_path) as held:
        assert held == ("0", "1", "2")
    assert time.monotonic() - start < 30
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


def test_too_few_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(TooFewDevices, match="the job needs 2 GPUs .* and 1 can be seen") as raised, lease(2, ["0"]):
        pass
    assert "\n" not in str(raised.value)
    with lease(0, []) as held:
        assert held == ()


@pytest.mark.parametrize("name", device._ASSIGNED)
def test_where_a_scheduler_assigns_nothing_is_leased(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "1")
    with lease(1, ["0"], tmp_path), lease(1, ["0"], tmp_path):
        assert "CUDA_VISIBLE_DEVICES" not in os.environ
    assert not list(tmp_path.iterdir())


def driver(folder: Path, gpus: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose driver lists so many GPUs."""
    folder.mkdir()
    program = folder / "nvidia-smi"
    program.write_text("#!/bin/sh\n" + "".join(f"echo 'GPU {number}: a GPU'\n" for number in range(gpus)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("named", "seen"),
    [(None, ["0", "1"]), ("", []), ("-1", []), ("1", ["1"]), ("1, 0", ["1", "0"]), ("GPU-a,-1,2", ["GPU-a"])],
)
def test_what_cuda_is_shown_is_what_is_leased(
    tmp_path: Path, named: str | None, seen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    driver(tmp_path / "bin", 2, monkeypatch)
    if named is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert visible() == seen


def test_the_job_of_a_model_takes_a_gpu_that_no_other_has(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver(folder / "bin", 2, monkeypatch)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with lease(1) as held:
        assert held == ("0",)
        process = job(folder, "out.parquet", ECHO_GPUS="1", CUDA_VISIBLE_DEVICES="0,1", TMPDIR=str(folder))
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert log(folder, "gpu") == ["1"]


def test_a_model_is_not_loaded_where_gpus_are_too_few(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(TooFewDevices, match="needs 1 GPU "):
        echo.ask(folder, "out.parquet", run=echo.run_of(folder / "checkpoint", gpus=1))
    assert not log(folder, "load")
