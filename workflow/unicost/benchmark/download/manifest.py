"""What was downloaded, from where and with which checksums: ``results/data/<dataset>.json``."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from unicost.store import write_json


class DownloadFailed(ValueError):
    """Data cannot be had, or is not what it was; the message says what to do about it."""


@dataclass(frozen=True)
class DataFile:
    """One file: its path below the folder, its size in bytes and the SHA-256 of its content."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """A dataset on this machine; ``revision`` is the commit of a hub repository, None for files at fixed addresses."""

    dataset: str
    origin: str
    revision: str | None
    pinned: bool
    licence: str
    folder: Path
    files: tuple[DataFile, ...]

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read a manifest; raises ``DownloadFailed`` where it is none."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            files = tuple(DataFile(**file) for file in data.pop("files"))
            return cls(**{**data, "folder": Path(data["folder"]), "files": files})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DownloadFailed(f"{path}: no manifest of a download ({error}); delete it and run again") from None

    def write(self, path: Path) -> None:
        """Write the manifest, atomically."""
        write_json(path, asdict(self) | {"folder": str(self.folder)})

    def verify(self) -> None:
        """Raise ``DownloadFailed`` at the first file that is gone or has another content than when it came."""
        for file in self.files:
            path = self.folder / file.path
            if not path.is_file():
                raise DownloadFailed(
                    f"{path}: the file is gone; delete results/data/{self.dataset}.json to download it again"
                )
            if path.stat().st_size != file.size or sha256(path) != file.sha256:
                raise DownloadFailed(
                    f"{path}: not the file that was downloaded; delete it and results/data/{self.dataset}.json, "
                    "and run again"
                )


def sha256(path: Path) -> str:
    """SHA-256 of a file's content in hexadecimal, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def git_sha1(path: Path) -> str:
    """The name that git gives a file's content: SHA-1 over its length and its bytes."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
