"""Uni-SafeBench (arXiv 2604.00547), the paper's own data: seven folders of JSON lines with pictures beside them."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Literal

from unicost.benchmark.sources.pictures import pictures
from unicost.benchmark.sources.rows import InvalidData, Row, read_rows
from unicost.interfaces import Origin
from unicost.records import Construction, Image, Instance, Kind, Modality, Placement, Task, Turn
from unicost.registry import did_you_mean

COUNTS: Final = Path(__file__).resolve().parents[3] / "resources" / "published" / "published_sample_counts.csv"
"""The paper's own numbers of instances, by leaf and task."""


@dataclass(frozen=True)
class _Folder:
    """What one folder of the data asks, and the name of its column in the published counts."""

    task: Task
    placement: Placement
    counted_as: str


FOLDERS: Final = {
    "Text Generation": _Folder(Task.TEXT_TO_TEXT, Placement.TEXT, "text_generation"),
    "T2I": _Folder(Task.TEXT_TO_IMAGE, Placement.TEXT, "text_to_image"),
    "Text-Guided Image Editing": _Folder(Task.TEXT_IMAGE_TO_IMAGE, Placement.DUAL, "image_editing"),
    "VQA/unsafety_I_unsafety_T": _Folder(Task.TEXT_IMAGE_TO_TEXT, Placement.DUAL, "vqa_dual_unsafe"),
    "VQA/unsafety_I_safety_T": _Folder(Task.TEXT_IMAGE_TO_TEXT, Placement.IMAGE, "vqa_image_unsafe"),
    "VQA/safety_I_unsafety_T": _Folder(Task.TEXT_IMAGE_TO_TEXT, Placement.TEXT, "vqa_text_unsafe"),
    "VQA/safety_I_safety_T": _Folder(Task.TEXT_IMAGE_TO_TEXT, Placement.COMPOSITE, "vqa_composite_unsafe"),
}

# Category, leaf, and a word that tells the leaf in every spelling that the paper, its figures and its prompts use.
_LEAVES: Final = (
    ("Toxicity Content", "insults_and_hatred", r"insult|hat(e|red)"),
    ("Toxicity Content", "sex_related", r"sex|porn"),
    ("Toxicity Content", "blood_and_violence", r"blood|gore|violen(ce|t)"),
    ("Toxicity Content", "illegal_activities", r"illegal"),
    ("Sensitive Topics", "religion", r"religio"),
    ("Sensitive Topics", "politics", r"politic"),
    ("Privacy Leak", "financial", r"financ"),
    ("Privacy Leak", "personal_identification", r"personal|identification"),
    ("Privacy Leak", "public_figures", r"public figure"),
    ("Unethical Activities", "violation_of_public_order", r"public order|violation"),
    ("Unethical Activities", "indifference_and_disregard", r"indifferen|apathy|disregard"),
    ("Unethical Activities", "dishonest_behaviour", r"dishonest"),
    ("Physical and Mental Harm", "self_harm", r"self harm"),
    ("Physical and Mental Harm", "dangerous_behaviour", r"dangerous"),
    ("Physical and Mental Harm", "psychological_manipulation", r"psycholog|manipulat"),
    ("Biased Opinion", "biased_opinions", r"bias|race|racial|gender|\bage\b|stereotyp"),
)


class UniSafeBench:
    """Source ``uni_safebench``. Option ``counts``: ``report`` (default) writes every cell in which the number of
    instances is not the published one to the log and counts them in a warning; ``refuse`` ends with that sentence.

    Ids repeat across folders, so an instance is ``<column of the published counts>-<id>``. There are no benign twins,
    and no instance is known to share its target with another, so each is its own family.
    """

    version: ClassVar[int] = 1
    reads_files: ClassVar[bool] = True

    def __init__(self, counts: Literal["report", "refuse"] = "report") -> None:
        if counts not in ("report", "refuse"):
            raise ValueError(f"counts: '{counts}' is unknown: {did_you_mean(str(counts), ['report', 'refuse'])}")
        self._counts = counts

    def instances(self, origin: Origin) -> Iterator[Instance]:
        """The rows of the seven folders, in the order of ``FOLDERS``. Raises ``InvalidData``."""
        found: Counter[tuple[str, str]] = Counter()
        for name, about in FOLDERS.items():
            for file in _files(origin.folder, name):
                for row in read_rows(file):
                    instance = _instance(row, about, origin)
                    found[instance.leaf, about.counted_as] += 1
                    yield instance
        self._compare(found)

    def _compare(self, found: Counter[tuple[str, str]]) -> None:
        logger, lines = logging.getLogger(__name__), differing_cells(found)
        for line in lines:
            logger.info(line)
        if not lines:
            return
        message = f"{len(lines)} cells differ from the published counts of Uni-SafeBench, the first: {lines[0]}"
        if self._counts == "refuse":
            raise InvalidData(f"{message}; the log has all; set the option 'counts' to report if this is right")
        logger.warning("%s; the log has all", message)


def differing_cells(found: Counter[tuple[str, str]]) -> list[str]:
    """``leaf, task: n instead of m`` for every cell that differs from the published counts."""
    import pandas as pd  # half a second, which no check of the config needs

    published = pd.read_csv(COUNTS).drop(columns="total").melt("subcategory", var_name="task", value_name="n")
    wanted = {(_leaf(leaf)[1], task): int(n) for leaf, task, n in published.itertuples(index=False)}
    return [
        f"{leaf}, {task}: {found[leaf, task]} instead of {wanted.get((leaf, task), 0)}"
        for leaf, task in sorted({*wanted, *found})
        if found[leaf, task] != wanted.get((leaf, task), 0)
    ]


def _files(folder: Path, name: str) -> list[Path]:
    """The JSON lines of a folder, which may lie below another one such as ``data``."""
    places = [place for place in sorted(folder.rglob(Path(name).name)) if place.is_dir() and f"{place}".endswith(name)]
    found = sorted(file for place in places for file in place.rglob("*.jsonl"))
    if not found:
        raise InvalidData(f"{folder}: no folder '{name}' with JSON lines in it, which Uni-SafeBench has; get it whole")
    return found


def _instance(row: Row, about: _Folder, origin: Origin) -> Instance:
    get = row.values.get
    for name in ("id", "prompt", "category"):
        if name not in row.values:
            raise row.problem(f"no field '{name}': {did_you_mean(name, list(row.values))}")
    try:
        category, leaf = _leaf(str(get("category")))
        shown = _pictures(row, origin.folder) if about.task is not Task.TEXT_TO_IMAGE else ()
    except ValueError as error:
        raise row.problem(str(error)) from None
    prompt = str(get("prompt") or "")
    if not prompt and not shown:
        raise row.problem("it has neither text nor image; an item asks something")
    return Instance(
        id=f"{about.counted_as}-{get('id')}",
        family=f"{about.counted_as}-{get('id')}",
        kind=Kind.UNSAFE,
        category=category,
        leaf=leaf,
        task=about.task,
        construction=_construction(about.placement),
        placement=about.placement,
        turns=(Turn("user", prompt, shown),),
        expected=Modality.IMAGE if about.task in (Task.TEXT_TO_IMAGE, Task.TEXT_IMAGE_TO_IMAGE) else Modality.TEXT,
        intention=str(get("intention") or ""),
        source=origin.dataset,
        licence=origin.licence,
    )


def _construction(placement: Placement) -> Construction:
    """An unsafe picture beside harmless text contaminates it; harmless parts that harm together amplify each other."""
    special = {
        Placement.IMAGE: Construction.CROSS_MODAL_CONTAMINATION,
        Placement.COMPOSITE: Construction.MODALITY_AMPLIFICATION,
    }
    return special.get(placement, Construction.PLAIN)


def _pictures(row: Row, folder: Path) -> tuple[Image, ...]:
    """Pictures are named from the folder of their table, or from the folder of all data."""
    value = row.values.get("image")
    named = isinstance(value, str) and (row.file.parent / value).is_file()
    return pictures(value, row.file.parent if named else folder)


def _leaf(name: str) -> tuple[str, str]:
    """Category and leaf of a name in any of its spellings; raises ``ValueError``."""
    plain = re.sub(r"[^a-z]+", " ", name.lower()).strip()
    # Public figures' privacy and financial privacy are told by their own word, so the first that fits decides.
    for category, leaf, pattern in sorted(_LEAVES, key=lambda entry: entry[1] != "public_figures"):
        if re.search(pattern, plain):
            return category, leaf
    raise ValueError(f"category '{name}' is none of Uni-SafeBench's: {', '.join(leaf for _, leaf, _ in _LEAVES)}")
