"""Workers: programs that drive models whose code no library has, and the environments that they run in."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import ClassVar, Final

from pydantic import Field, model_validator

from unicost.config.base import Strict, digest
from unicost.records import Task

HELPER: Final = Path("workflow/workers/protocol.py")
"""The workers' side of the protocol, which a worker imports as ``protocol``."""


class WorkerEntry(Strict):
    """One worker. What it depends on is pinned: its own file, the vendor's code and the packages."""

    script: str
    """The worker's program; it speaks the protocol of docs/workers.md."""
    tasks: tuple[Task, ...] = Field(min_length=1)
    """Tasks that it can do."""
    images: int = Field(0, ge=0)
    """Most images that it takes in one turn."""
    repository: str | None = None
    """Address of the vendor's git repository; without one the packages are all that it needs."""
    commit: str | None = Field(None, pattern=r"^[0-9a-f]{40}$")
    """Commit of the repository, 40 hexadecimal digits."""
    path: str = "."
    """Folder of the repository that the worker imports from."""
    licence: str | None = None
    """Licence of the vendor's code; that of the weights is another matter."""
    requirements: str | None = None
    """File of pinned packages for pip; without one the worker runs in the project's own environment."""
    python: str = Field("3.11", pattern=r"^3\.\d+$")
    """Version of Python that the environment is made with."""
    start_seconds: float = Field(3600, gt=0)
    """Longest time that loading may take. Not part of the fingerprint."""
    answer_seconds: float = Field(1200, gt=0)
    """Longest time that one answer may take. Not part of the fingerprint."""

    _operational: ClassVar[set[str]] = {"licence", "start_seconds", "answer_seconds"}

    @model_validator(mode="after")
    def _pinned(self) -> WorkerEntry:
        if self.repository is not None and None in (self.commit, self.licence):
            raise ValueError("a 'repository' needs its 'commit' and the 'licence' of its code")
        return self

    def files(self) -> list[Path]:
        """The files that its answers depend on: the program, the helper, and the list of packages."""
        return [Path(self.script), HELPER, *([Path(self.requirements)] if self.requirements else [])]

    def fingerprint(self) -> str:
        """12 hexadecimal digits over the entry and its files; raises ``FileNotFoundError`` where one is missing."""
        contents = [hashlib.sha256(path.read_bytes()).hexdigest() for path in self.files()]
        return digest(self.model_dump_json(exclude=self._operational), *contents)

    def code_fingerprint(self) -> str:
        """The same over what the vendor's code depends on."""
        return digest(self.repository, self.commit)
