"""What the detectors of texts find in texts whose labels are known: precision, recall, and kappa for refusals.

Three beds. XSTest: 900 responses of two models that people labelled as compliance, partial and full refusal; the rules
for refusals were developed on them. The bundled benchmark: what stands in its pictures, where every target
has an unsafe side and a benign twin that differs in little; its labels are by construction, and ``false_claims`` takes
its claims from this very file. ``benchmarks/myths.yaml``: sentences of this project on the myths that the same detector
knows too. Run ``python benchmarks/texts.py --help``.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import known_pictures
import measuring
import numpy as np
import yaml
from pictures import share, write_table
from statsmodels.stats.inter_rater import cohens_kappa, to_table
from unicost.benchmark.bundled.source import SHIPPED
from unicost.benchmark.bundled.targets import category_files, read_targets
from unicost.judging.command import instance_of_row
from unicost.records import Response
from unicost.registry import resolve

RESULT: Final = Path(__file__).parent / "results" / "texts.json"
MYTHS: Final = Path(__file__).parent / "myths.yaml"
CLASSES: Final = {
    "1_full_compliance": "no_refusal",
    "3_partial_refusal": "partial_refusal",
    "2_full_refusal": "refusal",
}
BY_LEAF: Final = {
    "stereotypes": (
        "hateful_generalisations",
        *(f"{of}_stereotypes" for of in ("age", "class_and_region", "disability", "gender", "origin", "religion")),
    ),
    "slurs": ("insults", "profanity_toward_people", "humiliation", "bullying"),
    "threats": ("threats",),
    "pii_text": ("doxxing", "leaking_records"),
    "false_claims": ("conspiracy_claims", "election_falsehoods", "fake_news", "health_myths"),
}
"""Detectors and the leaves of the bundled benchmark whose unsafe sides ought to hold what they look for."""
_WRITTEN: Final = ("picture", "sticky")
_SILENT: Final = ("denied_claim",)
MARKS: Final = ("<!-- texts: written by benchmarks/texts.py -->\n", "<!-- end of texts -->")


def written() -> Iterator[tuple[str, str, bool]]:
    """Leaf, text and whether it is the unsafe side, of every picture of the bundled benchmark that has words."""
    leaves = {
        f"{category.lower()}/{target.id}": target.leaf
        for category, file in category_files(SHIPPED, ()).items()
        for target in read_targets(file)
    }
    for one in known_pictures.bundled():
        family, part, side = one.name.rsplit("/", 2)
        if part in _WRITTEN and one.words:
            yield leaves[family], "\n".join(one.words), side == "unsafe"


def found(detector: str, texts: Sequence[str], asked: Sequence[str] | None = None) -> list[set[str]]:
    """What a detector finds in each text."""
    rows = [instance_of_row(number, asked[number] if asked else "") for number in range(len(texts))]
    answers = [Response(str(number), "", "", 0, text=text) for number, text in enumerate(texts)]
    labels: list[set[str]] = [set() for _ in texts]
    for row in resolve("detector", detector)().detect(rows, answers):
        labels[int(row.instance)].add(row.label)
    return labels


def counts(detector: str, finds: str, there: Sequence[bool], seen: Sequence[bool]) -> dict[str, Any]:
    """A row of the result."""
    pairs = list(zip(there, seen, strict=True))
    return {
        "detector": detector,
        "finds": finds,
        "with": sum(there),
        "without": len(pairs) - sum(there),
        "found": pairs.count((True, True)),
        "false": pairs.count((False, True)),
    }


def of_bundled() -> Iterator[dict[str, Any]]:
    """Each detector on the unsafe sides of its leaves against their benign twins."""
    every = list(written())
    for detector, leaves in BY_LEAF.items():
        texts = [(text, unsafe) for leaf, text, unsafe in every if leaf in leaves]
        labels = found(detector, [text for text, _ in texts])
        seen = [bool(one.difference(_SILENT)) for one in labels]
        yield counts(detector, "bundled: " + _told(leaves), [unsafe for _, unsafe in texts], seen)


def of_myths() -> Iterator[dict[str, Any]]:
    """Sentences that assert a myth against all others of the bed, and those that deny one against the rest."""
    rows = yaml.safe_load(MYTHS.read_text(encoding="utf-8"))
    texts = [(sort, text) for sort, several in rows.items() for text in several]
    labels = found("false_claims", [text for _, text in texts])
    for sort, label in (("asserted", "false_claim"), ("denied", "denied_claim")):
        there = [one == sort for one, _ in texts]
        yield counts("false_claims", f"sentences on myths: {sort}", there, [label in one for one in labels])


def _told(leaves: Sequence[str]) -> str:
    named = [leaf.replace("_", " ") for leaf in leaves]
    return f"{len(named)} leaves" if len(named) > 4 else ", ".join(named)


def of_people(folder: Path) -> Iterator[dict[str, Any]]:
    """Refusals by class, with kappa over the three classes, for each file of labels and all of them."""
    files = sorted(folder.glob("*.csv"))
    rows = {file.stem.removeprefix("xstest_v2_completions_"): _labels(file) for file in files}
    rows["both"] = [row for several in list(rows.values()) for row in several]
    for name, labelled in rows.items():
        people = [CLASSES[row["final_label"]] for row in labelled]
        labels = found("refusal_rules", [row["completion"] for row in labelled])
        said = [next(iter(one - {"unreadable"}), "no_refusal") for one in labels]
        kappa = cohens_kappa(to_table(np.transpose([people, said]))[0])
        interval = [round(float(value), 3) for value in (kappa.kappa, kappa.kappa_low, kappa.kappa_upp)]
        for label in CLASSES.values():
            there, seen = [one == label for one in people], [one == label for one in said]
            yield counts("refusal_rules", f"XSTest, {name}: {label}", there, seen) | {"kappa": interval}
    unsafe = [row for row in rows["both"] if row["type"].startswith("contrast")]
    complied = [row["final_label"] == "1_full_compliance" for row in unsafe]
    labels = found("operational_help", [row["completion"] for row in unsafe], [row["prompt"] for row in unsafe])
    yield counts("operational_help", "XSTest, unsafe requests: compliance", complied, [bool(one) for one in labels])


def _labels(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a table in Markdown, with Wilson intervals at 95 %."""
    heads = ["detector", "labels", "with it, without", "recall", "precision here", "specificity", "kappa"]
    lines = ["| " + " | ".join(heads) + " |", "|---|---|---:|---:|---:|---:|---:|"]
    for row in rows:
        shares = (
            share(row["found"], row["with"]),
            share(row["found"], row["found"] + row["false"]),
            share(row["without"] - row["false"], row["without"]),
        )
        kappa = "{:.2f} ({:.2f} to {:.2f})".format(*row["kappa"]) if "kappa" in row else ""
        numbers = f"{row['with']}, {row['without']}"
        lines.append(f"| `{row['detector']}` | {row['finds']} | {numbers} | {' | '.join(shares)} | {kappa} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Look at all texts, write the result and the table; or the table alone from the result that is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path, help="folder of XSTest's labelled completions, CSV files")
    parser.add_argument("--output", type=Path, default=RESULT, help="where the result is written")
    parser.add_argument("--table", action="store_true", help="write the table of config/README.md from the result")
    arguments = parser.parse_args()
    if not arguments.table:
        if arguments.labels is None or not list(arguments.labels.glob("*.csv")):
            parser.error(f"--labels {arguments.labels}: name the folder of XSTest's labelled completions (CSV files)")
        measuring.write(arguments.output, {"rows": [*of_people(arguments.labels), *of_bundled(), *of_myths()]})
    if arguments.table or arguments.output == RESULT:
        write_table(table(json.loads(RESULT.read_text(encoding="utf-8"))["rows"]), MARKS)


if __name__ == "__main__":
    main()
