"""Writing a whole exported dataset."""

from __future__ import annotations

from pathlib import Path

from unicost.benchmark.export.card import dataset_card, licence_notice
from unicost.benchmark.export.croissant import croissant
from unicost.benchmark.export.facts import gather_facts
from unicost.benchmark.export.shards import write_shards
from unicost.config import Settings
from unicost.records import Instance
from unicost.store import atomic, iterate_records, write_json


class NotToBePassedOn(ValueError):
    """A benchmark with data of others, which an export would publish a second time."""


def export_benchmark(*, settings: Settings, study: str, benchmark: Path, citation: Path, folder: Path) -> None:
    """Write ``benchmark``, the rows of a study, to ``folder``: shards, README.md, LICENSE, croissant.json.

    ``citation`` is the project's CITATION.cff. The same rows give the same files, byte for byte. Raises
    ``NotToBePassedOn`` where the study's benchmark, or a control of it, is downloaded.
    """
    for name, entry in settings.datasets_of(study).items():
        if entry.download is not None:
            raise NotToBePassedOn(
                f"config/config.yaml: export: study '{study}' uses dataset '{name}', which others publish under "
                f"{entry.licence}; export a benchmark of your own, and name theirs by its page"
            )
    facts = gather_facts(
        iterate_records(benchmark, Instance),
        name=study,
        title=settings.studies[study].title,
        entry=settings.dataset_of(study),
        citation=citation,
    )
    shards = write_shards(benchmark, folder / "data")
    for file, text in {"README.md": dataset_card(facts), "LICENSE": licence_notice(facts)}.items():
        with atomic(folder / file) as stream:
            stream.write(text)
    write_json(folder / "croissant.json", croissant(facts, shards, folder))
