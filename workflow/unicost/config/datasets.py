"""Benchmarks and sets of labelled responses: where their data comes from and what reads it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, field_validator, model_validator

from unicost import registry
from unicost.config.base import Strict, digest


class WebFile(Strict):
    """A file at an address that never changes its content, such as one under a commit of a repository."""

    url: str
    """Its address."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of its content, in hexadecimal."""


class Download(Strict):
    """Where data is downloaded from: a dataset repository of the Hugging Face hub, or files at fixed addresses."""

    repository: str | None = Field(None, pattern=r"^[\w.-]+/[\w.-]+$")
    """Dataset repository on the hub, `owner/name`."""
    revision: str | None = None
    """Commit of the repository, 40 hexadecimal digits; a branch is not pinned, and the report says so."""
    files: tuple[str, ...] = ("*",)
    """Patterns of the files that are needed."""
    gated: bool = False
    """Access must be asked for on the repository's page."""
    web: dict[str, WebFile] = {}
    """Files at fixed addresses, by the name under which they are kept."""

    @model_validator(mode="after")
    def _one_place(self) -> Download:
        if (self.repository is None) == (not self.web):
            raise ValueError("give either a hub 'repository' with its 'revision' or 'web' files, not both")
        if self.repository is not None and self.revision is None:
            raise ValueError(f"'{self.repository}' needs a 'revision', the commit of it that is used")
        return self

    @property
    def pinned(self) -> bool:
        """Whether the same bytes come every time."""
        return self.repository is None or re.fullmatch(r"[0-9a-f]{40}", self.revision or "") is not None


class DataEntry(Strict):
    """What a benchmark and a set of labelled responses have in common."""

    group: ClassVar[str]
    """Group of plugins in the registry that `source` names one of."""

    source: str
    """Name of the source."""
    taxonomy: str
    """Name of the taxonomy (`config/taxonomies/`) that its categories belong to."""
    options: dict[str, Any] = {}
    """Options of the source."""
    download: Download | None = None
    """Where its data is downloaded from."""
    folder: str | None = None
    """Folder of data that is already here, for a source that reads files and downloads nothing."""
    licence: str | None = None
    """Licence of the data, such as CC-BY-4.0."""
    homepage: str | None = None
    """Page of the data, where access is asked for if it is gated."""
    citation: str | None = None
    """Whom to cite."""

    @field_validator("source")
    @classmethod
    def _known(cls, name: str) -> str:
        registry.check(cls.group, name)
        return name

    @model_validator(mode="after")
    def _one_origin(self) -> DataEntry:
        if self.download is not None and self.folder is not None:
            raise ValueError("give either 'download' or 'folder', not both")
        if self.download is not None and self.licence is None:
            raise ValueError("data that is downloaded needs its 'licence'")
        return self

    @property
    def reads_files(self) -> bool:
        """Whether the source reads a folder of data."""
        return bool(getattr(registry.resolve(self.group, self.source), "reads_files", False))

    def files(self) -> list[Path]:
        """The files that, when one changes, are read anew: those of its folder, or those that its source names.

        A folder that does not exist stands for itself, so that the workflow names it. None of what is downloaded: that
        has its manifest.
        """
        if self.folder is not None:
            every = (path for path in Path(self.folder).rglob("*") if path.is_file() and not path.name.startswith("."))
            return sorted(every) or [Path(self.folder)]
        if self.reads_files:
            return []
        source = registry.resolve(self.group, self.source)(**self.options)
        return list(source.files()) if hasattr(source, "files") else []

    def data_folder(self, downloaded: Path | None) -> Path | None:
        """Where its data lies: in a folder of the user's own, or where it was downloaded to."""
        return Path(self.folder) if self.folder is not None else downloaded

    def fingerprint(self) -> str:
        """12 hexadecimal digits over the source, its version, its options and the data that it reads."""
        parts = [self.model_dump_json(include={"source", "taxonomy", "options"})]
        if self.reads_files:
            parts.append(self.model_dump_json(include={"download", "folder", "licence"}))
        return digest(*parts, registry.resolve(self.group, self.source).version)


class DatasetEntry(DataEntry):
    """A benchmark: a source with its options, and the data that it reads, if any."""

    group: ClassVar[str] = "source"

    controls: tuple[str, ...] = ()
    """Benchmarks whose benign instances measure over-refusal beside this one's, which has no benign twins."""


class LabelledEntry(DataEntry):
    """A set of responses that people labelled, for judges to be measured against."""

    group: ClassVar[str] = "labelled"
