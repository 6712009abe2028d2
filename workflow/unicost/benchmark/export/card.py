"""The dataset card (README.md, with the YAML that the hub reads) and the licence notice of an exported benchmark."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from unicost.benchmark.export.facts import COLUMNS, Facts
from unicost.benchmark.export.shards import SPLIT
from unicost.records import Placement, Task

TAGS: Final = ("safety", "refusal", "over-refusal", "unified-multimodal-models")
_TASK_CATEGORIES: Final = {
    Task.TEXT_TO_TEXT: "text-generation",
    Task.TEXT_TO_IMAGE: "text-to-image",
    Task.IMAGE_TO_TEXT: "image-text-to-text",
    Task.IMAGE_TO_IMAGE: "image-to-image",
    Task.TEXT_IMAGE_TO_TEXT: "image-text-to-text",
    Task.TEXT_IMAGE_TO_IMAGE: "image-to-image",
    Task.DIALOGUE: "text-generation",
}
"""What the hub calls the tasks."""
_SIZES: Final = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_HEADINGS: Final = (
    "Why",
    "Who made it",
    "Twins and constructions",
    "Pictures",
    "Checks",
    "Intended use and misuse",
    "Limits",
)
"""Sections of a source's data card that are as true of what is exported."""


def dataset_card(facts: Facts) -> str:
    """The card in Markdown; https://huggingface.co/docs/hub/datasets-cards says what its front matter may hold."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return templates.get_template("card.md.j2").render(
        facts=facts,
        front_matter=yaml.safe_dump(_front_matter(facts), sort_keys=False, allow_unicode=True),
        split=SPLIT,
        columns=COLUMNS,
        composition=list(_composition(facts)),
        options=json.dumps(facts.options),
        headings=[heading for heading in _HEADINGS if heading in facts.sections],
        listed=_listed,
        bibtex=bibtex(facts.citation),
    )


def licence_notice(facts: Facts) -> str:
    """The text of the file LICENSE: under which licence the data is, where its text stands, whom to name."""
    pages = [f"{licence}: {licence_url(licence)}" for licence in facts.licences]
    parts = [facts.title, "This dataset is under", "\n".join(pages), facts.sections.get("Licences", "")]
    return "\n\n".join(part for part in parts if part) + "\n"


def licence_url(licence: str) -> str:
    """The page of a licence that is given by its SPDX identifier."""
    return f"https://spdx.org/licenses/{licence}.html"


def bibtex(citation: dict[str, Any]) -> str:
    """The work of a CITATION.cff and its references as BibTeX."""
    works = [citation, *citation.get("references", ())]
    return "\n\n".join(_entry(work) for work in works)


def _entry(work: dict[str, Any]) -> str:
    authors = " and ".join(_author(author) for author in work.get("authors", ()))
    fields = {
        "title": f"{{{work['title']}}}",
        "author": authors,
        "year": str(work.get("date-released", ""))[:4],
        "version": work.get("version"),
        "url": work.get("url"),
    }
    key = "".join(filter(str.isalnum, work["title"].split(":")[0].lower()))
    kind = {"article": "article", "software": "software"}.get(work.get("type", ""), "misc")
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@{kind}{{{key},\n{lines}\n}}"


def _author(author: dict[str, str]) -> str:
    """A person's name, or that of a group in braces, which keeps BibTeX from splitting it."""
    if "name" in author:
        return f"{{{author['name']}}}"
    return f"{author['family-names']}, {author.get('given-names', '')}".rstrip(", ")


def _front_matter(facts: Facts) -> dict[str, Any]:
    size = next((name for limit, name in _SIZES if facts.instances < limit), "n>1M")
    licences = [licence.lower() for licence in facts.licences]
    return {
        "pretty_name": facts.title,
        "license": licences[0] if len(licences) == 1 else licences,
        **({"language": [facts.language]} if facts.language else {}),
        "task_categories": sorted({_TASK_CATEGORIES[Task(task)] for task in facts.tasks}),
        "tags": list(TAGS),
        "size_categories": [size],
        "configs": [
            {"config_name": "default", "data_files": [{"split": SPLIT, "path": f"data/{SPLIT}-*.parquet"}]},
        ],
    }


def _composition(facts: Facts) -> Iterator[list[str]]:
    """For each way of asking: the task, the construction, where the risk is, and the instances of each kind."""
    for task, construction in sorted({cell[:2] for cell in facts.cells}):
        here = {cell[2:]: number for cell, number in facts.cells.items() if cell[:2] == (task, construction)}
        placements = sorted({placement for placement, _ in here} - {Placement.NONE})
        counts = [sum(number for (_, of), number in here.items() if of == kind) for kind in facts.kinds]
        yield [f"`{task}`", f"`{construction}`", ", ".join(placements), *(f"{count:,}" for count in counts)]


def _listed(leaves: Counter[str]) -> str:
    return ", ".join(f"{leaf.replace('_', ' ')} {number}" for leaf, number in sorted(leaves.items()))
