"""From the entry of a dataset to its files on this machine."""

from __future__ import annotations

from pathlib import Path

from unicost.benchmark.download.hub import fetch_from_hub, hub_access
from unicost.benchmark.download.manifest import DownloadFailed, Manifest
from unicost.benchmark.download.web import fetch_from_web, web_access
from unicost.config import DataEntry


def fetch_data(*, dataset: str, entry: DataEntry, manifest: Path) -> Manifest:
    """Download what the entry names, check it, and write its manifest last: without it nothing of the data is used.

    Files at fixed addresses go into a folder beside the manifest, those of the hub into the cache of its client.
    Raises ``DownloadFailed``, also where a file has another content than at an earlier download of the same commit.
    """
    if entry.download is None:
        raise DownloadFailed(f"dataset '{dataset}' has no 'download' in its entry, so there is nothing to fetch")
    # The workflow deletes its outputs before a job, so what came earlier is remembered beside them. Not among the
    # files: a source reads their whole folder.
    memory = manifest.with_suffix(".last.json")
    earlier = Manifest.read(memory) if memory.exists() else None
    if entry.download.web:
        found = fetch_from_web(dataset, entry, entry.download, manifest.with_suffix(""))
    else:
        found = fetch_from_hub(dataset, entry, entry.download)
    _compare(found, earlier, memory)
    found.write(memory)
    found.write(manifest)
    return found


def access(dataset: str, entry: DataEntry, folder: Path) -> str | None:
    """What this machine still lacks to have the data, as one sentence; None where nothing. Downloads nothing.

    ``folder`` is that of the manifests, ``results/data``.
    """
    if entry.folder is not None:
        return None if Path(entry.folder).is_dir() else f"dataset '{dataset}': no folder '{entry.folder}'; put it there"
    if entry.download is None or not to_come(dataset, entry, folder):
        return None
    if entry.download.web:
        return web_access(dataset, entry.download, folder / dataset)
    return hub_access(dataset, entry, entry.download)


def to_come(dataset: str, entry: DataEntry, folder: Path) -> bool:
    """Whether the data is downloaded and is not here whole yet; ``folder`` is that of the manifests."""
    return entry.download is not None and not _is_here(folder / f"{dataset}.json")


def _is_here(manifest: Path) -> bool:
    """Whether the data was downloaded whole, by its manifest, and its files still lie where it says."""
    if not manifest.exists():
        return False
    found = Manifest.read(manifest)
    return all((found.folder / file.path).is_file() for file in found.files)


def _compare(found: Manifest, earlier: Manifest | None, path: Path) -> None:
    """Files at fixed addresses have no revision: their entry pins each by its checksum, which may be set anew."""
    if found.revision is None or earlier is None or earlier.revision != found.revision:
        return
    known = {file.path: file.sha256 for file in earlier.files}
    for file in found.files:
        if known.get(file.path, file.sha256) != file.sha256:
            raise DownloadFailed(
                f"dataset '{found.dataset}': {file.path} has another content than when revision {found.revision} was "
                f"downloaded before; nothing is used. If that is right, delete {path}"
            )
