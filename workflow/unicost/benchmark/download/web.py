"""Files at fixed addresses, each pinned by its SHA-256.

``HF_HUB_OFFLINE`` holds for them too: what is here is used, and nothing is asked for.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Never

from tqdm import tqdm

from unicost.benchmark.download.manifest import DataFile, DownloadFailed, Manifest, sha256
from unicost.benchmark.download.room import check_room
from unicost.config import DataEntry, Download, WebFile
from unicost.progress import bar

_TIMEOUT: Final = 10
"""Seconds that a server has to say whether it has a file."""
_AS_IT_IS: Final = {"Accept-Encoding": "identity"}
"""Asked for uncompressed, the stated length is that of the file."""


def fetch_from_web(dataset: str, entry: DataEntry, download: Download, folder: Path) -> Manifest:
    """Bring the files into ``folder``; what is there already, byte for byte, is not asked for again.

    Raises ``DownloadFailed``: no answer, another status than success, another content than the pinned one, no room.
    """
    missing = _missing(download, folder)
    if missing:
        with bar(_announced(dataset, missing, folder), dataset, "B") as progress:
            progress.unit_scale = True
            for name, file in missing.items():
                _retrieve(dataset, file, folder / name, progress)
    _keep_only(download, folder)
    return Manifest(
        dataset=dataset,
        origin=", ".join(file.url for file in download.web.values()),
        revision=None,
        pinned=True,
        licence=str(entry.licence),
        folder=folder.resolve(),
        files=tuple(DataFile(name, (folder / name).stat().st_size, file.sha256) for name, file in download.web.items()),
    )


def web_access(dataset: str, download: Download, folder: Path) -> str | None:
    """What stands between this machine and the files, as one sentence; None where nothing does. Downloads nothing."""
    try:
        _announced(dataset, _missing(download, folder), folder)
    except DownloadFailed as error:
        return str(error)
    return None


def _missing(download: Download, folder: Path) -> dict[str, WebFile]:
    """The files that are not in the folder with the content that they must have."""
    return {
        name: file
        for name, file in download.web.items()
        if not ((folder / name).is_file() and sha256(folder / name) == file.sha256)
    }


def _announced(dataset: str, missing: Mapping[str, WebFile], folder: Path) -> int:
    """Bytes to come, as far as the servers tell; raises ``DownloadFailed`` where they cannot come."""
    import requests

    coming = 0
    for file in missing.values():
        if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
            raise DownloadFailed(
                f"dataset '{dataset}': {file.url} is not here yet and HF_HUB_OFFLINE is set; unset it to download it"
            )
        try:
            answer = requests.head(file.url, headers=_AS_IT_IS, timeout=_TIMEOUT, allow_redirects=True)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise DownloadFailed(_failed(dataset, file, error)) from None
        coming += int(answer.headers.get("Content-Length", 0))
    check_room(dataset, coming, folder, "make room")
    return coming


def _retrieve(dataset: str, file: WebFile, path: Path, progress: tqdm[Never]) -> None:
    """Download one file; it takes its name only when it is whole and has the right checksum."""
    import pooch
    import requests

    pooch.get_logger().setLevel(logging.WARNING)
    downloader = pooch.HTTPDownloader(progressbar=_PartOf(progress), headers=_AS_IT_IS)
    try:
        pooch.retrieve(
            file.url, known_hash=f"sha256:{file.sha256}", fname=path.name, path=path.parent, downloader=downloader
        )
    except requests.RequestException as error:
        raise DownloadFailed(_failed(dataset, file, error)) from None
    except ValueError:
        raise DownloadFailed(
            f"dataset '{dataset}': {file.url} has another content than the one that its sha256 stands for; nothing of "
            "it is kept. If the new content is right, set the new sha256"
        ) from None


class _PartOf:
    """What pooch tells of one file, added to the bar of all files."""

    def __init__(self, whole: tqdm[Never]) -> None:
        self.total, self._whole, self._done = 0, whole, 0

    def update(self, n: int) -> None:
        self._done += n
        self._whole.update(n)

    def reset(self) -> None:
        """Pooch counts whole blocks, and at the end anew by the file's length."""
        self.update(-self._done)

    def close(self) -> None:
        """The bar stays open for the next file."""


def _keep_only(download: Download, folder: Path) -> None:
    """Remove what an earlier entry named or a killed download left: a source reads the whole folder."""
    named = {folder / name for name in download.web}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in named:
            logging.getLogger(__name__).info("%s: the entry does not name it; removed", path)
            path.unlink()


def _failed(dataset: str, file: WebFile, error: Exception) -> str:
    import requests

    response = getattr(error, "response", None)
    if response is not None:
        told = f"answered with {response.status_code}; check the address, or try again later"
    elif isinstance(error, requests.exceptions.ChunkedEncodingError):
        told = "broke off in the middle; nothing of it is kept, run again"
    else:
        told = "cannot be reached; check the connection and the address"
    return f"dataset '{dataset}': {file.url} {told}"
