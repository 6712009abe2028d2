"""Which GPUs a job may use, and a lease of them: one process a GPU where no scheduler sees to it.

Snakemake counts GPUs and names none: two jobs on a machine with two would both take the first. A job therefore takes a
lock for each GPU that it uses, a file by its number, which goes with the process however that ends. Slurm and
Kubernetes show a job its own GPUs alone; there nothing is leased.
"""

from __future__ import annotations

import contextlib
import getpass
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Final, NamedTuple

_LOG = logging.getLogger(__name__)
_VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
_ASSIGNED: Final = ("SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "KUBERNETES_SERVICE_HOST")
_SECONDS_FOR_THE_DRIVER: Final = 10.0
_SECONDS_BETWEEN_TRIES: Final = 0.5


class TooFewDevices(ValueError):
    """A job needs more GPUs than the machine shows it."""


@contextlib.contextmanager
def lease(gpus: int, devices: Sequence[str] | None = None, folder: Path | None = None) -> Iterator[tuple[str, ...]]:
    """Hold ``gpus`` of the devices, and show CUDA no others; waits while other jobs of this user hold them.

    ``devices`` are those of the machine unless given, ``folder`` that of the locks. To be entered before CUDA is used.
    Raises ``TooFewDevices``.
    """
    found = tuple(visible() if devices is None else devices) if gpus else ()
    if len(found) < gpus:
        raise TooFewDevices(
            f"the job needs {_count(gpus)} (`gpus` of its entry) and {len(found)} can be seen here; run it where "
            "there are enough, or set `gpus: 0` if it is small"
        )
    if not gpus or any(name in os.environ for name in _ASSIGNED):
        yield found
        return
    with _locks(gpus, found, folder or _folder()) as held, _environment({_VISIBLE: ",".join(held)}):
        _LOG.info("GPU %s leased", ", ".join(held))
        yield held


def visible() -> list[str]:
    """The GPUs that a job can use, as ``CUDA_VISIBLE_DEVICES`` names them, or by number where it is not set.

    NVIDIA's driver is asked, which takes no import of torch; without it, torch is.
    """
    present = _count_by_driver() if shutil.which("nvidia-smi") else _count_by_torch()
    named = os.environ.get(_VISIBLE)
    if named is None:
        return [str(number) for number in range(present)]
    return list(takewhile(lambda name: name not in ("", "-1"), (name.strip() for name in named.split(","))))[:present]


class Gpu(NamedTuple):
    """A GPU by its name, and its memory in gigabytes."""

    name: str
    memory_gb: float


def known_gpus() -> list[Gpu]:
    """What NVIDIA's driver says of each GPU that a job can use; nothing where there is no such driver."""
    if not shutil.which("nvidia-smi"):
        return []
    told = _ask_driver("--query-gpu=index,uuid,name,memory.total", "--format=csv,noheader,nounits")
    rows = [[cell.strip() for cell in line.split(",")] for line in told.splitlines()]
    usable = visible()
    return [
        Gpu(row[2], round(int(row[3]) * 2**20 / 1e9, 1))
        for row in rows
        if len(row) == 4 and row[3].isdigit() and (row[0] in usable or any(row[1].startswith(one) for one in usable))
    ]


def description() -> str:
    """The GPU that torch uses in this process and its memory, or ``cpu`` where it uses none."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return "cpu"
    facts = torch.cuda.get_device_properties(0)
    return f"{facts.name}, {round(facts.total_memory / 1024**3)} GiB"


def _folder() -> Path:
    """A folder of the machine, for this user."""
    return Path(tempfile.gettempdir()) / f"unicost-gpus-{getpass.getuser()}"


@contextlib.contextmanager
def _locks(gpus: int, devices: Sequence[str], folder: Path) -> Iterator[tuple[str, ...]]:
    """Locks of as many devices. A job that finds too few free gives all back, so that no two wait for each other."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    said = False
    while True:
        with ExitStack() as stack:
            held: list[str] = []
            for device in devices:
                with contextlib.suppress(Timeout):
                    name = re.sub(r"[^\w-]", "-", device)
                    lock = FileLock(folder / f"{name}.lock")
                    stack.enter_context(lock.acquire(timeout=0))
                    held.append(device)
                if len(held) == gpus:
                    yield tuple(held)
                    return
        if not said:
            _LOG.warning("%s of %d wanted and other jobs hold too many; waiting", _count(gpus), len(devices))
            said = True
        time.sleep(_SECONDS_BETWEEN_TRIES)


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _count_by_driver() -> int:
    return sum(line.startswith("GPU ") for line in _ask_driver("--list-gpus").splitlines())


def _ask_driver(*arguments: str) -> str:
    """What ``nvidia-smi`` answers; nothing where it fails."""
    try:
        command = ["nvidia-smi", *arguments]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS_FOR_THE_DRIVER, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout


def _count_by_torch() -> int:
    """What torch counts, which also knows GPUs of other makers; 0 where torch is not installed."""
    if find_spec("torch") is None:
        return 0
    import torch

    return torch.cuda.device_count()


def _count(gpus: int) -> str:
    return "1 GPU" if gpus == 1 else f"{gpus} GPUs"
