"""Croissant metadata of an exported benchmark (https://docs.mlcommons.org/croissant), responsible AI included.

File paths are relative to croissant.json, so that it holds for a folder and for a repository alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from unicost.benchmark.download.manifest import sha256
from unicost.benchmark.export.card import TAGS, bibtex, licence_url
from unicost.benchmark.export.facts import COLUMNS, Facts

_CONFORMS_TO: Final = ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"]
_PARQUET: Final = "application/x-parquet"
_RECORDS: Final = "instances"
_SHARDS: Final = "shards"
_RESPONSIBLE: Final = {
    "data_collection": "Who made it",
    "data_preprocessing_protocol": "Checks",
    "data_use_cases": "Intended use and misuse",
    "data_limitations": "Limits",
    "personal_sensitive_information": "Content",
    "data_release_maintenance_plan": "Maintenance",
}
"""Which section of the data card answers which question of Croissant's RAI vocabulary."""
_MANY: Final = {"data_preprocessing_protocol", "data_use_cases", "data_limitations", "personal_sensitive_information"}


def croissant(facts: Facts, shards: Sequence[Path], folder: Path) -> dict[str, Any]:
    """The metadata as JSON-LD; ``shards`` lie below ``folder``, where croissant.json goes. Raises ``ValueError``."""
    import mlcroissant

    metadata = mlcroissant.Metadata(
        conforms_to=_CONFORMS_TO,
        name=facts.name,
        description=facts.summary,
        keywords=list(TAGS),
        in_language=[facts.language] if facts.language else None,
        license=[licence_url(licence) for licence in facts.licences],
        version=str(facts.citation["version"]),
        cite_as=facts.own_citation or bibtex(facts.citation),
        creators=[_creator(author) for author in facts.citation["authors"]],
        date_published=facts.citation.get("date-released"),
        distribution=_distribution(shards, folder),
        record_sets=[
            mlcroissant.RecordSet(
                id=_RECORDS,
                name=_RECORDS,
                description="One request a record.",
                key=[f"{_RECORDS}/id"],
                fields=[_field(column) for column in COLUMNS],
            )
        ],
        **_responsible(facts.sections),
    )
    return dict(metadata.to_json())


def _creator(author: dict[str, str]) -> Any:
    """A person or a group of a CITATION.cff."""
    from mlcroissant import Organization, Person

    if "name" in author:
        return Organization(name=author["name"])
    return Person(name=" ".join(author[part] for part in ("given-names", "family-names") if part in author))


def _distribution(shards: Sequence[Path], folder: Path) -> list[Any]:
    """Each shard with its checksum, and the set of them that records are read from."""
    from mlcroissant import FileObject, FileSet

    objects = [
        FileObject(
            id=str(path.relative_to(folder)),
            name=path.name,
            content_url=str(path.relative_to(folder)),
            content_size=f"{path.stat().st_size} B",
            encoding_formats=[_PARQUET],
            sha256=sha256(path),
        )
        for path in shards
    ]
    pattern = f"{shards[0].parent.relative_to(folder)}/*.parquet"
    together = FileSet(id=_SHARDS, name=_SHARDS, includes=[pattern], encoding_formats=[_PARQUET])
    return [*objects, together]


def _field(column: str) -> Any:
    from mlcroissant import DataType, Field

    name = f"{_RECORDS}/{column}"
    common = {"id": name, "name": column, "description": COLUMNS[column].replace("`", "")}
    if column == "images":
        return Field(**common, data_types=[DataType.IMAGE_OBJECT], repeated=True, source=_source(column, "bytes"))
    if column == "turns":
        parts = {"role": DataType.TEXT, "text": DataType.TEXT, "images": DataType.INTEGER}
        subfields = [
            Field(id=f"{name}/{part}", name=part, data_types=[kind], source=_source(column, part))
            for part, kind in parts.items()
        ]
        return Field(**common, repeated=True, sub_fields=subfields)
    return Field(**common, data_types=[DataType.TEXT], source=_source(column))


def _source(column: str, part: str | None = None) -> Any:
    from mlcroissant import Extract, Source, Transform

    transforms = [Transform(json_path=part)] if part is not None else []
    return Source(file_set=_SHARDS, extract=Extract(column=column), transforms=transforms)


def _responsible(sections: dict[str, str]) -> dict[str, Any]:
    """The answers that the data card gives, without the marks of Markdown."""
    answers: dict[str, Any] = {}
    for key, heading in _RESPONSIBLE.items():
        if heading in sections:
            text = _plain(sections[heading])
            answers[key] = [_line(part) for part in re.split(r"^- ", text, flags=re.MULTILINE) if part.strip()]
            if key not in _MANY:
                answers[key] = _line(text)
    return answers


def _plain(markdown: str) -> str:
    return re.sub(r"`|\*(?=\w)|(?<=\w)\*", "", markdown)


def _line(text: str) -> str:
    return " ".join(text.split())
