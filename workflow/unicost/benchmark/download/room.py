"""Room on the disk, looked for before a download starts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from tqdm import tqdm

from unicost.benchmark.download.manifest import DownloadFailed

_MARGIN: Final = 1.1
"""Free space asked for, as a multiple of what is still to come."""


def check_room(dataset: str, coming: int, folder: Path, remedy: str) -> None:
    """Raise ``DownloadFailed`` where the disk of ``folder``, which need not exist yet, cannot hold ``coming`` bytes."""
    place = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    needed, free = coming * _MARGIN, shutil.disk_usage(place).free
    if needed > free:
        raise DownloadFailed(
            f"dataset '{dataset}' needs {tqdm.format_sizeof(needed, 'B')} in {folder} and "
            f"{tqdm.format_sizeof(free, 'B')} are free; {remedy}"
        )
