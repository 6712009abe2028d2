"""The journal of finished items: what a killed job had done, it need not do again.

Snakemake deletes a failed job's outputs, so progress lives here, in one SQLite file a model (or judge and model) that
no rule declares as output. Keys are hashes of the item's content and the fingerprint of what handled it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType


class DamagedJournal(ValueError):
    """The journal is not a SQLite database that this program wrote."""


def item_key(*parts: str) -> str:
    """SHA-256 over the parts, in order."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


class Journal:
    """Key -> bytes, committed by batch; ``with Journal(path) as journal``. Threads may use it one after the other."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._database = sqlite3.connect(self.path, check_same_thread=False)
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute("CREATE TABLE IF NOT EXISTS items (key TEXT PRIMARY KEY, value BLOB NOT NULL)")
            self._database.commit()
        except sqlite3.DatabaseError as error:
            raise DamagedJournal(f"{self.path}: not a journal ({error}); delete it to start this model anew") from None

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def known(self, keys: Iterable[str]) -> dict[str, bytes]:
        """The stored values of those keys that are in the journal."""
        find = "SELECT value FROM items WHERE key = ?"
        found = {key: self._database.execute(find, (key,)).fetchone() for key in keys}
        return {key: row[0] for key, row in found.items() if row}

    def add(self, values: Mapping[str, bytes]) -> None:
        """Store a batch in one transaction: after a kill either all of it is there or nothing.

        What is there already stays as it was, so that a job left behind by a killed run replaces nothing.
        Raises ``OSError`` where the disk is full or the file cannot be written; what was stored before stays.
        """
        try:
            with self._database:
                self._database.executemany("INSERT OR IGNORE INTO items VALUES (?, ?)", values.items())
        except sqlite3.OperationalError as error:
            raise OSError(f"{self.path}: cannot be written ({error}); free some space and run again") from error
