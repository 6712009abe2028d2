"""Datasets of the Hugging Face hub, by its own client: cached, resumed and authorised as elsewhere on the machine.

``HF_HOME``, ``HF_ENDPOINT``, ``HF_TOKEN`` and ``HF_HUB_OFFLINE`` are the client's and work as documented there.

A connection that breaks off is resumed where it broke. A process that is killed leaves its finished files in the cache,
and the next one asks for none of them again; a file in flight starts anew, by the client's design: it is written under
a name of that one download, so that no two processes ever share half a file. It takes its own name when it is whole.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

from unicost.benchmark.download.manifest import DataFile, DownloadFailed, Manifest, git_sha1, sha256
from unicost.benchmark.download.room import check_room
from unicost.config import DataEntry, Download
from unicost.hub_failures import Asked, one_sentence

_TIMEOUT: Final = 10.0
"""Seconds that the hub has to answer a question."""


def fetch_from_hub(dataset: str, entry: DataEntry, download: Download) -> Manifest:
    """Bring the files of a dataset repository here and check each against what the hub says of it.

    Raises ``DownloadFailed``: no access, no such repository, revision or file, no network, no room, wrong content.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.constants import HF_HUB_OFFLINE

    with _telling(dataset, entry, download):
        if HF_HUB_OFFLINE:
            known, commit = None, download.revision
        else:
            known, commit = _listed(dataset, download)
            _check_room(dataset, download, known, commit)
        folder = Path(
            snapshot_download(
                str(download.repository), repo_type="dataset", revision=commit, allow_patterns=list(download.files)
            )
        )
    paths = _present(folder, download.files)
    if not paths:
        raise DownloadFailed(f"dataset '{dataset}': {_nothing(download)}")
    files = tuple(_checked(dataset, folder, path, known) for path in paths)
    if not download.pinned:
        logging.getLogger(__name__).warning(
            "dataset '%s' is not pinned: to get these files every time, set its revision to %s", dataset, folder.name
        )
    return Manifest(
        dataset=dataset,
        origin=str(download.repository),
        revision=folder.name,
        pinned=download.pinned,
        licence=str(entry.licence),
        folder=folder,
        files=files,
    )


def hub_access(dataset: str, entry: DataEntry, download: Download) -> str | None:
    """What stands between this machine and the data, as one sentence; None where nothing does. Downloads nothing."""
    from huggingface_hub import HfApi
    from huggingface_hub.constants import HF_HUB_OFFLINE

    if HF_HUB_OFFLINE:
        return f"dataset '{dataset}': {_asked(entry, download).unreachable()}"
    try:
        with _telling(dataset, entry, download):
            HfApi().auth_check(str(download.repository), repo_type="dataset")
            _check_room(dataset, download, *_listed(dataset, download))
    except DownloadFailed as error:
        return str(error)
    return None


def _listed(dataset: str, download: Download) -> tuple[dict[str, Any], str]:
    """The wanted files as the hub lists them, by path, and the commit that the revision stands for."""
    from huggingface_hub import HfApi

    info = HfApi().dataset_info(
        str(download.repository), revision=download.revision, timeout=_TIMEOUT, files_metadata=True
    )
    wanted = {
        file.rfilename: file
        for file in info.siblings or ()
        if any(fnmatch(file.rfilename, pattern) for pattern in download.files)
    }
    if not wanted:
        raise DownloadFailed(f"dataset '{dataset}': {_nothing(download)}")
    return wanted, str(info.sha)


def _check_room(dataset: str, download: Download, known: dict[str, Any], commit: str) -> None:
    """Raise ``DownloadFailed`` where the disk cannot hold what is not in the cache yet."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.constants import HF_HUB_CACHE

    repository = str(download.repository)
    missing = sum(
        file.size or 0
        for path, file in known.items()
        if not isinstance(try_to_load_from_cache(repository, path, revision=commit, repo_type="dataset"), str)
    )
    check_room(dataset, missing, Path(HF_HUB_CACHE), "make room or set HF_HOME to a larger disk")


def _present(folder: Path, patterns: Sequence[str]) -> list[str]:
    paths = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return [path for path in paths if any(fnmatch(path, pattern) for pattern in patterns)]


def _checked(dataset: str, folder: Path, path: str, known: dict[str, Any] | None) -> DataFile:
    """The file with its checksum, which must be the hub's where the hub tells one."""
    place = folder / path
    found = DataFile(path, place.stat().st_size, sha256(place))
    stated = known.get(path) if known is not None else None
    if stated is not None and stated.lfs is not None:
        same = stated.lfs.sha256 == found.sha256
    elif stated is not None and stated.blob_id is not None:
        same = stated.blob_id == git_sha1(place)
    else:
        same = True
    if not same:
        place.resolve().unlink()
        raise DownloadFailed(
            f"dataset '{dataset}': {path} has not the checksum that the hub states; it was deleted, run again"
        )
    return found


def _nothing(download: Download) -> str:
    return (
        f"{download.repository} has no file that matches {', '.join(download.files)}; see 'files' in its entry, and "
        "the file list on the repository's page"
    )


def _asked(entry: DataEntry, download: Download) -> Asked:
    page = entry.homepage or f"https://huggingface.co/datasets/{download.repository}"
    return Asked(str(download.repository), download.revision, page, str(entry.licence), download.gated)


def _telling(dataset: str, entry: DataEntry, download: Download) -> AbstractContextManager[None]:
    """What turns the client's errors into ``DownloadFailed``."""
    return one_sentence(_asked(entry, download), lambda message: DownloadFailed(f"dataset '{dataset}': {message}"))
