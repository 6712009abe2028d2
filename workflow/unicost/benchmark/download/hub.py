"""Datasets of the Hugging Face hub, by its own client: cached, resumed and authorised as elsewhere on the machine.

``HF_HOME``, ``HF_ENDPOINT``, ``HF_TOKEN`` and ``HF_HUB_OFFLINE`` are the client's and work as documented there.

A connection that breaks off is resumed where it broke. A process that is killed leaves its finished files in the cache,
and the next one asks for none of them again; a file in flight starts anew, by the client's design: it is written under
a name of that one download, so that no two processes ever share half a file. It takes its own name when it is whole.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

from unicost.benchmark.download.manifest import DataFile, DownloadFailed, Manifest, git_sha1, sha256
from unicost.benchmark.download.room import check_room
from unicost.config import DataEntry, Download

_TIMEOUT: Final = 10.0
"""Seconds that the hub has to answer a question."""


def fetch_from_hub(dataset: str, entry: DataEntry, download: Download) -> Manifest:
    """Bring the files of a dataset repository here and check each against what the hub says of it.

    Raises ``DownloadFailed``: no access, no such repository, revision or file, no network, no room, wrong content.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.constants import HF_HUB_OFFLINE

    with _one_sentence(dataset, entry, download):
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
        return f"dataset '{dataset}': {_unreachable(entry, download)}"
    try:
        with _one_sentence(dataset, entry, download):
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


@contextmanager
def _one_sentence(dataset: str, entry: DataEntry, download: Download) -> Iterator[None]:
    """Turn the client's errors into one sentence that says what to do. No message of the client is shown whole."""
    from huggingface_hub import errors

    page = entry.homepage or f"https://huggingface.co/datasets/{download.repository}"
    terms = _terms(entry, download)
    try:
        yield
    except errors.GatedRepoError as error:
        told = error.response is not None and error.response.status_code == 403
        why = "the account of HF_TOKEN has no access to it yet" if told else "it is gated and no valid HF_TOKEN is set"
        then = "and run again when access is granted" if told else "and set HF_TOKEN to a token of that account"
        message = f"{download.repository}: {why}; {terms}, {then}"
    except errors.RevisionNotFoundError:
        message = f"{download.repository} has no revision '{download.revision}'; see its list of commits on {page}"
    except errors.RepositoryNotFoundError:
        message = (
            f"{download.repository} is not on the hub, or hidden from this account; check the name, or {terms} and set "
            "HF_TOKEN"
        )
    except (errors.RemoteEntryNotFoundError, errors.EntryNotFoundError) as error:
        if isinstance(error, errors.LocalEntryNotFoundError):
            message = _unreachable(entry, download)
        else:
            message = f"{download.repository} lacks a file that it lists at revision '{download.revision}'; try another"
    except errors.HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "no status"
        message = f"{download.repository}: the hub answered with {status}; try again later"
    except (errors.OfflineModeIsEnabled, errors.HTTPError):  # type: ignore[attr-defined]
        message = _unreachable(entry, download)
    else:
        return
    raise DownloadFailed(f"dataset '{dataset}': {message}") from None


def _terms(entry: DataEntry, download: Download) -> str:
    page = entry.homepage or f"https://huggingface.co/datasets/{download.repository}"
    return f"open {page}, accept its terms (licence: {entry.licence})"


def _unreachable(entry: DataEntry, download: Download) -> str:
    gated = f". It is gated: {_terms(entry, download)}, and set HF_TOKEN to a token of the account that has access"
    return (
        f"{download.repository} at revision '{download.revision}' is not in the cache and the hub cannot be reached; "
        "connect (HF_HUB_OFFLINE unset, HF_ENDPOINT right), or copy the cache of a machine that has it to HF_HOME"
        f"{gated if download.gated else ''}"
    )
