"""Data that ships with the project: used only if it is, byte for byte, what was transcribed."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from unicost.store import atomic


class AlteredData(ValueError):
    """A shipped file is not the one that its checksum stands for; the message names it."""


def copy_verified(*, files: Sequence[Path], checksums: Path, folder: Path) -> None:
    """Copy files whose SHA-256 stands in ``checksums`` (as ``sha256sum`` writes it) to ``folder``.

    Raises ``AlteredData`` at the first file that differs or is not listed.
    """
    lines = checksums.read_text(encoding="utf-8").splitlines()
    known = {name.strip().lstrip("*"): digest for digest, _, name in (line.partition(" ") for line in lines)}
    for file in files:
        content = file.read_bytes()
        if file.name not in known:
            raise AlteredData(f"{checksums}: no line for {file.name}; add its SHA-256")
        if hashlib.sha256(content).hexdigest() != known[file.name]:
            raise AlteredData(f"{file}: not the file that {checksums} stands for; restore it, or add the new SHA-256")
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        with file.open("rb") as source, atomic(folder / file.name, "wb") as target:
            shutil.copyfileobj(source, target)
