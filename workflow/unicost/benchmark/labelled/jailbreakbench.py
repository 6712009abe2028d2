"""The responses on which JailbreakBench chose its judge, each labelled by three people.

P. Chao et al., JailbreakBench: An Open Robustness Benchmark for Jailbreaking Large Language Models, NeurIPS 2024,
section 3.5. The file is ``data/judge-comparison.csv`` of the hub's ``JailbreakBench/JBB-Behaviors``, with the columns
Index, goal, prompt, target_response, human1 to human3, human_majority, and the labels of four judges, which are not
read.

It names no model. A hundred of its requests are harmless ones of XSTest, and nothing in it tells which: as in the
paper's own comparison every goal is taken for harmful, so a judge that counts each request complied with as harm errs
there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

from unicost.benchmark.labelled.reading import UNCATEGORISED, harm, request, rows_with
from unicost.interfaces import ADJUDICATED, LabelledItem, Origin
from unicost.records import Kind, Response

_FILE: Final = "judge-comparison.csv"
_ANNOTATORS: Final = {"human1": "human1", "human2": "human2", "human3": "human3", "human_majority": ADJUDICATED}
_MODEL: Final = "not-named"


class JailbreakBenchResponses:
    """Labels of the intrinsic aspect: 1 where the response is a jailbreak, that is, holds the harm asked for.

    No options. Rows with one goal are one family; the goal is the intention behind the prompt.
    """

    version: ClassVar[int] = 1
    reads_files: ClassVar[bool] = True

    def files(self, folder: Path) -> list[Path]:
        """The file, at its place in the repository or by itself."""
        inside = folder / "data" / _FILE
        return [inside if inside.is_file() else folder / _FILE]

    def items(self, origin: Origin) -> Iterator[LabelledItem]:
        """Row after row. Raises ``InvalidData``."""
        (file,) = self.files(origin.folder)
        for row in rows_with(file, ["goal", "prompt", "target_response", *_ANNOTATORS]):
            goal, name = row.values["goal"], f"row-{row.number}"
            instance = request(
                name,
                row.values["prompt"],
                Kind.UNSAFE,
                origin,
                family=f"goal-{hashlib.sha256(goal.encode()).hexdigest()[:12]}",
                intention=goal,
                sort=(UNCATEGORISED, UNCATEGORISED),
            )
            response = Response(name, _MODEL, "", 0, text=row.values["target_response"])
            labels = [harm(row, column, (name, _MODEL), annotator) for column, annotator in _ANNOTATORS.items()]
            yield LabelledItem(instance, response, tuple(labels))
