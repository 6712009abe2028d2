"""Checkpoints of the Hugging Face hub, by its own client: cached, resumed and authorised as elsewhere on the machine.

``HF_HOME``, ``HF_ENDPOINT``, ``HF_TOKEN`` and ``HF_HUB_OFFLINE`` are the client's and work as documented there. Files
stay in its cache; the folder of the weights holds links to them.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any, Final

from unicost.config import Repository
from unicost.hub_failures import Asked, one_sentence

_TIMEOUT: Final = 10.0
"""Seconds that the hub has to answer a question."""
_MARGIN: Final = 1.1
"""Free space asked for, as a multiple of what is still to come."""
_SAFE: Final = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken")
"""Weights that are data and not programs, settings, chat templates and vocabularies."""
_PIPELINE: Final = "model_index.json"
"""What a checkpoint of diffusers has at its root; its weights lie in folders, one a component."""
_VARIANT: Final = re.compile(r"\.(fp16|bf16|fp32|non_ema|ema_only)(?=[.-])")
_PROGRAMS: Final = (".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth", ".py")
"""Endings of files that are code, or that run code when they are loaded."""


class HubFailed(ValueError):
    """A checkpoint cannot be had from the hub; the message says what to do about it."""


def download(
    checkpoint: str,
    destination: Path,
    *,
    revision: str | None = None,
    files: Sequence[str] = (),
    licence: str | None = None,
) -> dict[str, Any]:
    """Link the files of a repository of the hub in the folder ``destination``; those that are not here are downloaded.

    ``revision`` is a commit, or ``main``, which the log says how to pin; ``files`` are patterns of what is wanted, by
    default safetensors, JSON and tokenizer files. Returns the repository, the commit, whether it was pinned, and as
    ``stated`` the checksums that the hub states. Raises ``HubFailed``: no access, no such repository, revision or file,
    no network, no room, or a file that can run code and is not pinned.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.constants import HF_HUB_OFFLINE

    wanted = Repository(checkpoint=checkpoint, revision=revision, files=tuple(files))
    with one_sentence(_asked(wanted, licence), HubFailed):
        known, commit = ({}, revision) if HF_HUB_OFFLINE else _listed(wanted)
        patterns = list(known) or list(files or _SAFE)
        folder = Path(snapshot_download(checkpoint, revision=commit, allow_patterns=patterns)).absolute()
    here = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]
    chosen = list(known) or select(here, files)
    _check_choice(wanted, chosen, folder.name)
    for name in chosen:
        link = destination / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(folder / name)
    if not wanted.pinned:
        logging.getLogger(__name__).warning(
            "'%s' is not pinned: to get these weights every time, set its revision to %s", checkpoint, folder.name
        )
    stated = {name: file.lfs.sha256 for name, file in known.items() if file.lfs is not None}
    return {"repository": checkpoint, "commit": folder.name, "pinned": wanted.pinned, "stated": stated}


def hub_access(wanted: Repository, licence: str | None) -> str | None:
    """What stands between this machine and a checkpoint, as one sentence; None where nothing. Downloads nothing."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.constants import HF_HUB_OFFLINE

    try:
        with one_sentence(_asked(wanted, licence), HubFailed):
            if HF_HUB_OFFLINE:
                snapshot_download(wanted.checkpoint, revision=wanted.revision)
            else:
                HfApi().auth_check(wanted.checkpoint)
                _listed(wanted)
    except HubFailed as error:
        return str(error)
    return None


def select(names: Iterable[str], files: Sequence[str] = ()) -> list[str]:
    """Of all files of a repository those that are wanted, sorted.

    By default none that is or runs code, and no weights twice: of a checkpoint of diffusers not the single files at
    its root, and of weights in several precisions those without one in their name.
    """
    names = sorted(names)
    if files:
        return [name for name in names if any(fnmatch(name, pattern) for pattern in files)]
    safe = [name for name in names if any(fnmatch(name, pattern) for pattern in _SAFE)]
    if _PIPELINE in safe:
        safe = [name for name in safe if "/" in name or not name.endswith(".safetensors")]
    plain = {_place(name) for name in safe if not _VARIANT.search(name)}
    return [name for name in safe if not (_VARIANT.search(name) and _place(name) in plain)]


def _place(name: str) -> tuple[str, str]:
    """The folder of a file and its ending: where weights of other precisions lie beside it."""
    path = PurePosixPath(name)
    return str(path.parent), path.suffix


def _listed(wanted: Repository) -> tuple[dict[str, Any], str]:
    """The wanted files as the hub lists them, by path, and the commit that the revision stands for."""
    from huggingface_hub import HfApi

    info = HfApi().model_info(wanted.checkpoint, revision=wanted.revision, timeout=_TIMEOUT, files_metadata=True)
    listed = {file.rfilename: file for file in info.siblings or ()}
    known = {name: listed[name] for name in select(listed, wanted.files)}
    _check_choice(wanted, list(known), str(info.sha))
    _check_room(wanted, known, str(info.sha))
    return known, str(info.sha)


def _check_choice(wanted: Repository, chosen: Sequence[str], commit: str) -> None:
    """Raise ``HubFailed`` where nothing is left to bring, or where what runs code is not pinned."""
    if wanted.files and not chosen:
        raise HubFailed(
            f"{wanted.checkpoint} has no file that matches {', '.join(wanted.files)}; see its list of files"
        )
    if not wanted.files and not any(name.endswith(".safetensors") for name in chosen):
        raise HubFailed(f"{wanted.checkpoint} has no weights in safetensors; name the files that are wanted in 'files'")
    programs = [name for name in chosen if name.endswith(_PROGRAMS)]
    if programs and not wanted.pinned:
        raise HubFailed(
            f"{wanted.checkpoint}: {programs[0]} can run code when it is loaded, and its revision is not pinned; look "
            f"at it and set the revision to the commit that you looked at (today '{wanted.revision}' is {commit})"
        )


def _check_room(wanted: Repository, known: Mapping[str, Any], commit: str) -> None:
    """Raise ``HubFailed`` where the disk cannot hold what is not in the cache yet."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.constants import HF_HUB_CACHE

    coming = sum(
        file.size or 0
        for name, file in known.items()
        if not isinstance(try_to_load_from_cache(wanted.checkpoint, name, revision=commit), str)
    )
    cache = Path(HF_HUB_CACHE).absolute()
    free = shutil.disk_usage(next(place for place in (cache, *cache.parents) if place.exists())).free
    if coming * _MARGIN > free:
        raise HubFailed(
            f"{wanted.checkpoint} needs {coming * _MARGIN / 1e9:.1f} GB in {cache} and {free / 1e9:.1f} GB are free; "
            "make room or set HF_HOME to a larger disk"
        )


def _asked(wanted: Repository, licence: str | None) -> Asked:
    return Asked(wanted.checkpoint, wanted.revision, f"https://huggingface.co/{wanted.checkpoint}", licence)
