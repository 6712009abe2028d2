"""What the detectors of pictures find in pictures whose content is known: precision and recall.

The pictures are those of the bundled benchmark, whose scenes say what they show, and blank pictures, placeholders and
papers that are made here (``known_pictures``). Half of the sample shows what is looked for, so that precision is that
of this set; specificity does not depend on it. The detectors of nudity and by any classifier need weights that are
downloaded, and faces photographs: they are not measured. Run ``python benchmarks/pictures.py --help``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import known_pictures
import measuring
import numpy as np
from known_pictures import Known
from statsmodels.stats.proportion import proportion_confint
from unicost.config import load_settings, read_yaml
from unicost.judging.command import instance_of_row
from unicost.records import Image, Response
from unicost.registry import resolve

ROOT: Final = Path(__file__).parents[1]
RESULT: Final = Path(__file__).parent / "results" / "pictures.json"
PAGE: Final = ROOT / "config" / "README.md"
DETECTORS: Final = ("blank_image", "image_text", "id_layout")
MARKS: Final = ("<!-- pictures: written by benchmarks/pictures.py -->\n", "<!-- end of pictures -->")
_MADE: Final = 60
"""Blank pictures, placeholders and papers, of each so many."""
_TEXT_RULES: Final = (
    "personal_data",
    "invented_data",
    "insult",
    "offensive_word",
    "stereotype",
    "threat",
    "false_claim",
)

Labels = dict[str, set[str]]
"""What was found in each picture, by its name."""


def find(detector: Any, pictures: Sequence[Known]) -> Labels:
    """The labels that a detector gives each picture."""
    found: Labels = {}
    for one in pictures:
        response = Response("0", "", "", 0, image=Image(one.draw()))
        found[one.name] = {row.label for row in detector.detect([instance_of_row(0, "")], [response])}
    return found


def told(rules: Sequence[Any], pictures: Sequence[Known]) -> Labels:
    """What the rules over texts find in the words of each picture as they are written in its scene."""
    found: Labels = {}
    for one in pictures:
        response = Response("0", "", "", 0, text="\n".join(one.words))
        found[one.name] = {row.label for rule in rules for row in rule.detect([instance_of_row(0, "")], [response])}
    return found


def counts(detector: str, finds: str, asked: Sequence[tuple[bool, bool]]) -> dict[str, Any]:
    """A row of the result from pairs (it is there, it is found)."""
    right = sum(there and seen for there, seen in asked)
    return {
        "detector": detector,
        "finds": finds,
        "with": sum(there for there, _ in asked),
        "without": sum(not there for there, _ in asked),
        "found": right,
        "false": sum(seen and not there for there, seen in asked),
    }


def entries() -> tuple[dict[str, Any], list[Any]]:
    """The detectors of pictures as they are configured, by name, and the rules that read the text in pictures."""
    known = load_settings(read_yaml(ROOT / "config" / "config.yaml"), ROOT / "config").judging.detectors
    built = {name: resolve("detector", known[name].plugin)(**known[name].options) for name in DETECTORS}
    return built, [resolve("detector", name)() for name in known["image_text"].options["detectors"]]


def rows(size: int, made: int, detectors: Sequence[str] = DETECTORS, seed: int = 0) -> Iterator[dict[str, Any]]:
    """A row for each finding of each detector; equal arguments give equal pictures."""
    generator = np.random.default_rng(seed)
    built, rules = entries()
    every = list(known_pictures.bundled())
    spoken = told(rules, every)
    shown = known_pictures.sample(
        every, lambda one: one.paper or not one.words or bool(spoken[one.name]), size, generator
    )
    blank = list(known_pictures.blank(made, generator))
    placeholders = list(known_pictures.placeholders(made, generator))
    papers = list(known_pictures.papers(made))
    if "blank_image" in detectors:
        yield from _of_blank(built["blank_image"], shown, blank, placeholders)
    if "image_text" in detectors:
        yield from _of_text(built["image_text"], [*shown, *blank], spoken)
    if "id_layout" in detectors:
        yield from _of_papers(built["id_layout"], shown, papers)


def _of_blank(
    detector: Any, shown: Sequence[Known], blank: Sequence[Known], placeholders: Sequence[Known]
) -> Iterator[dict[str, Any]]:
    found = find(detector, [*shown, *blank, *placeholders])
    for label, such in (("blank_image", blank), ("placeholder_image", placeholders)):
        asked = [(True, label in found[one.name]) for one in such]
        yield counts("blank_image", label, asked + [(False, label in found[one.name]) for one in shown])


def _of_text(detector: Any, pictures: Sequence[Known], spoken: Labels) -> Iterator[dict[str, Any]]:
    found = find(detector, pictures)
    yield counts(
        "image_text", "text_in_image", [(bool(one.words), "text_in_image" in found[one.name]) for one in pictures]
    )
    seen = [one for one in pictures if one.words]
    labels = {label for one in seen for label in spoken[one.name]}
    for label in sorted(labels):
        yield counts("image_text", label, [(label in spoken[one.name], label in found[one.name]) for one in seen])


def _of_papers(detector: Any, shown: Sequence[Known], papers: Sequence[Known]) -> Iterator[dict[str, Any]]:
    found = find(detector, [*shown, *papers])
    others = [one for one in shown if not one.paper]
    for name, such in (("specimens", papers), ("cards of the benchmark", [one for one in shown if one.paper])):
        asked = [(one.paper, "id_layout" in found[one.name]) for one in (*such, *others)]
        yield counts("id_layout", f"id_layout, {name}", asked)


def table(found: Sequence[dict[str, Any]]) -> str:
    """The rows as a table in Markdown, with Wilson intervals at 95 %."""
    heads = ["detector", "finding", "with it, without", "recall", "precision here", "specificity"]
    lines = ["| " + " | ".join(heads) + " |", "|---|---|---:|---:|---:|---:|"]
    for row in found:
        shares = (
            share(row["found"], row["with"]),
            share(row["found"], row["found"] + row["false"]),
            share(row["without"] - row["false"], row["without"]),
        )
        lines.append(
            f"| `{row['detector']}` | {row['finds']} | {row['with']}, {row['without']} | {' | '.join(shares)} |"
        )
    return "\n".join(lines) + "\n"


def share(count: int, n: int) -> str:
    """A share in per cent with its Wilson interval at 95 % and its counts."""
    if n == 0:
        return "none found"
    low, high = proportion_confint(count, n, method="wilson")
    return f"{100 * count / n:.0f} % ({100 * low:.0f} to {100 * high:.0f}), {count} of {n}"


def write_table(written: str, marks: tuple[str, str] = MARKS, page: Path = PAGE) -> None:
    """Put a table between its markers in the page."""
    text = page.read_text(encoding="utf-8")
    start, end = marks
    before, rest = text.split(start)
    page.write_text(before + start + written + end + rest.split(end)[1], encoding="utf-8")


def main() -> None:
    """Look at all pictures, write the result and the table; or the table alone from the result that is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=200, help="pictures of the bundled benchmark (default: 200)")
    parser.add_argument("--output", type=Path, default=RESULT, help="where the result is written")
    parser.add_argument("--table", action="store_true", help="write the table of config/README.md from the result")
    arguments = parser.parse_args()
    if not arguments.table:
        start = time.process_time()
        found = list(rows(arguments.size, _MADE))
        measuring.write(
            arguments.output,
            {
                "pictures": arguments.size,
                "made": _MADE,
                "reader": f"rapidocr {version('rapidocr')}",
                "cpu_seconds": round(time.process_time() - start, 1),
                "rows": found,
            },
        )
    if arguments.table or arguments.output == RESULT:
        write_table(table(json.loads(RESULT.read_text(encoding="utf-8"))["rows"]))


if __name__ == "__main__":
    main()
