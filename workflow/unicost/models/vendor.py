"""The code and the environment of a worker: a vendor's repository at one commit, and a virtual environment for it."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from unicost.config import WorkerEntry
from unicost.store import write_json

_LOG = logging.getLogger(__name__)

VENDOR: Final = Path("results/vendor")


class VendorFailed(ValueError):
    """The code or the environment of a worker cannot be had; the message says what is missing."""


def code_folder(worker: str) -> Path:
    """Where the repository of a worker lies."""
    return VENDOR / worker / "code"


def interpreter(worker: str, entry: WorkerEntry) -> Path:
    """The Python that runs a worker: that of its own environment, or this one where it has none."""
    if entry.requirements is None:
        return Path(sys.executable)
    return (VENDOR / worker / "env" / "bin" / "python").absolute()


def fetch_code(worker: str, entry: WorkerEntry, folder: Path, provenance: Path) -> None:
    """Put the repository at the pinned commit in ``folder`` and write where it came from to ``provenance``.

    Only that commit is asked for; a server that gives single commits to nobody is asked for everything. Hooks and
    large files that git keeps elsewhere are left out. Raises ``VendorFailed``.
    """
    assert entry.repository is not None
    assert entry.commit is not None
    folder.mkdir(parents=True, exist_ok=True)
    _git(worker, folder, "init", "--quiet")
    try:
        _git(worker, folder, "fetch", "--quiet", "--depth", "1", entry.repository, entry.commit)
    except VendorFailed:
        _git(worker, folder, "fetch", "--quiet", "--tags", entry.repository, "+refs/heads/*:refs/remotes/vendor/*")
    try:
        _git(worker, folder, "checkout", "--quiet", "--force", "--detach", entry.commit)
    except VendorFailed:
        raise VendorFailed(
            f"config/workers.yaml: {worker}.commit: {entry.repository} has no commit {entry.commit}; name one"
        ) from None
    there = _git(worker, folder, "rev-parse", "HEAD").strip()
    if there != entry.commit:
        raise VendorFailed(f"config/workers.yaml: {worker}.commit: '{entry.commit}' is no commit but leads to {there}")
    if not (folder / entry.path).is_dir():
        raise VendorFailed(f"config/workers.yaml: {worker}.path: the repository has no folder '{entry.path}'")
    origin = {"repository": entry.repository, "commit": there, "licence": entry.licence}
    write_json(provenance, origin)


def build_environment(worker: str, entry: WorkerEntry, folder: Path, provenance: Path) -> None:
    """Make a virtual environment in ``folder`` with the worker's packages and write what is in it to ``provenance``.

    Raises ``VendorFailed``, with the last line that pip wrote; the log has them all.
    """
    assert entry.requirements is not None
    python = _python(worker, entry.python)
    what = f"worker '{worker}': its environment"
    _run(what, [python, "-m", "venv", "--clear", str(folder)])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    _run(f"{what}: {entry.requirements}", [*pip, "install", "--requirement", entry.requirements])
    frozen = _run(what, [*pip, "freeze"]).split()
    write_json(provenance, {"python": entry.python, "requirements": entry.requirements, "packages": sorted(frozen)})


def python_command(version: str) -> str | None:
    """The command of the Python of that version: this one, or ``python<version>``; None where there is none."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    return shutil.which(f"python{version}")


def _python(worker: str, version: str) -> str:
    """The command of the Python of that version; raises ``VendorFailed``."""
    found = python_command(version)
    if found is None:
        raise VendorFailed(f"worker '{worker}' needs Python {version}: install it so that python{version} is a command")
    return found


def _git(worker: str, folder: Path, *arguments: str) -> str:
    """Run git in ``folder``; raises ``VendorFailed`` with its last line."""
    command = ["git", "-c", "core.hooksPath=/dev/null", "-C", str(folder), *arguments]
    return _run(f"worker '{worker}': its code", command, GIT_TERMINAL_PROMPT="0", GIT_LFS_SKIP_SMUDGE="1")


def _run(what: str, command: Sequence[str], **variables: str) -> str:
    """The standard output of a command; raises ``VendorFailed`` where it is missing or fails."""
    environment = {**os.environ, **variables}
    try:
        result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    except FileNotFoundError:
        raise VendorFailed(f"{what} cannot be had: there is no command '{command[0]}'; install it") from None
    _LOG.info("%s: %s\n%s%s", what, " ".join(command), result.stdout, result.stderr)
    if result.returncode:
        said = (result.stderr.strip() or result.stdout.strip() or "it said nothing").splitlines()[-1]
        raise VendorFailed(f"{what} cannot be had: {said}")
    return str(result.stdout)
