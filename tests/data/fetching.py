"""Downloads in a process of their own, as jobs make them: the hub's client reads its environment once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FETCH = """
import json, shutil, sys
from pathlib import Path
from types import SimpleNamespace
from unicost.benchmark.download.fetch import access, fetch_data
from unicost.config import DatasetEntry
task, told = json.load(sys.stdin), {}
if task["free"] is not None:
    shutil.disk_usage = lambda place: SimpleNamespace(free=task["free"])
for name, entry in task["entries"].items():
    manifest = Path(task["folder"], f"{name}.json")
    manifest.unlink(missing_ok=True)  # as the workflow does before the job
    try:
        if task["look"]:
            told[name] = access(name, DatasetEntry(**entry), manifest.parent)
        else:
            fetch_data(dataset=name, entry=DatasetEntry(**entry), manifest=manifest)
            told[name] = None
    except ValueError as error:
        told[name] = str(error)
        assert not manifest.exists(), manifest
print(json.dumps(told))
"""


def fetch_all(
    entries: Mapping[str, Mapping[str, Any]],
    folder: Path,
    *,
    look: bool = False,
    free: int | None = None,
    **environment: str,
) -> dict[str, str | None]:
    """Download the data of each entry; for each the sentence of its failure, None where it came.

    ``folder`` is for the manifests, ``look`` asks for access alone, and ``free`` are the bytes that the disk claims to
    have.
    """
    known = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    task = {"entries": dict(entries), "folder": str(folder), "look": look, "free": free}
    done = subprocess.run(
        [sys.executable, "-c", FETCH],
        input=json.dumps(task),
        env=known | {"HF_HUB_DISABLE_XET": "1", **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))
