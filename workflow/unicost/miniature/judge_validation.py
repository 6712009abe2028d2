"""How far the judges agree with the labels by construction on the validation split, on answers of the packed models.

``python -m unicost.miniature.judge_validation PACKED OUTPUT.csv [JUDGE.safetensors]`` answers the validation instances
greedily with every packed model, as ``capability`` does, and counts the labels of the rules and of the trained judge by
the label by construction. Choices about either judge are made on this table; their errors on the test split are the
study's ``human/agreement.csv``.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from unicost import registry, store
from unicost.interfaces import JudgeRequest
from unicost.miniature.annotator import Construction
from unicost.miniature.capability import answer
from unicost.miniature.source import MiniatureWorld
from unicost.miniature.trained_judge import SHIPPED
from unicost.miniature.weights import MANIFEST, unpack
from unicost.progress import bar
from unicost.records import Detection, Instance, Label, Response, Task

_DETECTORS: Final = ("refusal", "miniature_text", "miniature_scene")
_TEXT_ONLY: Final = (Task.TEXT_TO_TEXT, Task.DIALOGUE)
_KEYS: Final = ["judge", "aspect", "task", "by_construction"]


def compare(instances: Sequence[Instance], responses: Sequence[Response], judges: dict[str, Any]) -> pd.DataFrame:
    """One row for each judge, response and aspect: the task, the label by construction and the judge's."""
    asked = list(_requests(instances, responses))
    tasks = {instance.id: instance.task.value for instance in instances}
    truth = {(row.instance, row.aspect): row.label.value for row in Construction().judge(asked)}
    rows = [
        (name, row.aspect.value, tasks[row.instance], truth[row.instance, row.aspect], row.label.value)
        for name, judge in judges.items()
        for row in judge.judge(asked)
    ]
    return pd.DataFrame(rows, columns=[*_KEYS, "label"])


def _requests(instances: Sequence[Instance], responses: Sequence[Response]) -> Iterator[JudgeRequest]:
    """The requests with what the detectors found, on which the rules decide."""
    found: dict[str, list[Detection]] = {}
    for name in _DETECTORS:
        for row in registry.resolve("detector", name)().detect(instances, responses):
            found.setdefault(row.instance, []).append(dataclasses.replace(row, detector=name))
    for instance, response in zip(instances, responses, strict=True):
        yield JudgeRequest(instance, response, instance.intention, tuple(found.get(instance.id, ())))


def count(compared: pd.DataFrame) -> pd.DataFrame:
    """How often each label was given where each was right, by judge, aspect and task."""
    table = compared.groupby(_KEYS)["label"].value_counts().unstack(fill_value=0)
    return table.reindex(columns=[label.value for label in Label], fill_value=0).reset_index()


def main(packed: str, output: str, weights: str = str(SHIPPED)) -> None:
    """Compare on the answers of every packed model, and write one table."""
    instances = list(MiniatureWorld(split="validation").instances())
    texts = [instance for instance in instances if instance.task in _TEXT_ONLY]
    judges = {
        "rules": registry.resolve("judge", "rules")(),
        "miniature_trained": registry.resolve("judge", "miniature_trained")(weights=weights),
    }
    tables = []
    with tempfile.TemporaryDirectory() as work:
        for name in json.loads((Path(packed) / MANIFEST).read_text(encoding="utf-8")):
            row = unpack(name, Path(work) / name, packed)
            asked = instances if row["architecture"] == "janus" else texts
            with bar(len(asked), f"validate judges on {name}", "answer") as progress:
                tables.append(compare(asked, answer(Path(work) / name, asked, progress), judges))
    store.write_csv(output, count(pd.concat(tables, ignore_index=True)))


if __name__ == "__main__":
    main(*sys.argv[1:])
