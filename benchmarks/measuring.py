"""What benchmarks share: a stage in a process of its own, its time and its peak memory, and the machine in words."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_MIB = 1024**2


def measure(work: Callable[[], int]) -> dict[str, Any]:
    """Run ``work``, which returns its number of rows, and say what it took.

    ``peak_memory_mib`` is the largest resident memory of this process, the interpreter and its libraries included, so
    that a process should measure one thing.
    """
    start, busy = time.perf_counter(), time.process_time()
    rows = work()
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    return {
        "rows": rows,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(busy, 1),
        "rows_per_second": round(rows / seconds),
        "peak_memory_mib": round(_peak_bytes() / _MIB),
    }


def in_own_process(script: str | Path, *arguments: str) -> dict[str, Any]:
    """What ``script``, run with these arguments, writes as JSON to its last line; raises ``CalledProcessError``."""
    command = [sys.executable, str(script), *arguments]
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def write(output: Path, about: dict[str, Any]) -> None:
    """Write a result with today's date and the machine in words."""
    output.parent.mkdir(parents=True, exist_ok=True)
    result = {"date": datetime.now(UTC).date().isoformat(), "machine": _machine(), **about}
    output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 1024**3),
        "system": f"{platform.system()}, {platform.machine()}",
        "python": platform.python_version(),
    }


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
