"""Files at fixed addresses, each pinned by its SHA-256."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from unicost.benchmark.download.manifest import DataFile, DownloadFailed, Manifest, sha256
from unicost.config import DataEntry, Download, WebFile


def fetch_from_web(dataset: str, entry: DataEntry, download: Download, folder: Path) -> Manifest:
    """Bring the files into ``folder``; what is there already, byte for byte, is not asked for again.

    Raises ``DownloadFailed``: no answer, another status than success, another content than the pinned one.
    """
    files = []
    for name, file in download.web.items():
        path = folder / name
        if not (path.is_file() and sha256(path) == file.sha256):
            _retrieve(dataset, file, path)
        files.append(DataFile(name, path.stat().st_size, file.sha256))
    return Manifest(
        dataset=dataset,
        origin=", ".join(file.url for file in download.web.values()),
        revision=None,
        pinned=True,
        licence=str(entry.licence),
        folder=folder.resolve(),
        files=tuple(files),
    )


def web_access(dataset: str, download: Download, folder: Path) -> str | None:
    """What stands between this machine and the files, as one sentence; None where nothing does. Downloads nothing."""
    import requests

    for name, file in download.web.items():
        if (folder / name).is_file():
            continue
        if _offline():
            return _absent(dataset, file)
        try:
            requests.head(file.url, timeout=10, allow_redirects=True).raise_for_status()
        except requests.RequestException as error:
            return _failed(dataset, file, error)
    return None


def _retrieve(dataset: str, file: WebFile, path: Path) -> None:
    """Download one file; it takes its name only when it is whole and has the right checksum."""
    import pooch
    import requests

    if _offline():
        raise DownloadFailed(_absent(dataset, file))
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        pooch.retrieve(file.url, known_hash=f"sha256:{file.sha256}", fname=path.name, path=path.parent)
    except requests.RequestException as error:
        raise DownloadFailed(_failed(dataset, file, error)) from None
    except ValueError:
        raise DownloadFailed(
            f"dataset '{dataset}': {file.url} has another content than the one that its sha256 stands for; nothing of "
            "it is kept. If the new content is right, set the new sha256"
        ) from None


def _offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def _absent(dataset: str, file: WebFile) -> str:
    return f"dataset '{dataset}': {file.url} is not here yet and HF_HUB_OFFLINE is set; unset it once to download it"


def _failed(dataset: str, file: WebFile, error: Exception) -> str:
    response = getattr(error, "response", None)
    told = f"answered with {response.status_code}" if response is not None else "cannot be reached"
    return f"dataset '{dataset}': {file.url} {told}; check the connection and the address"
