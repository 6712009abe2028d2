"""Responses of five chat models to XSTest, each read by two people.

P. Röttger et al., XSTest: A Test Suite for Identifying Exaggerated Safety Behaviours in Large Language Models, NAACL
2024. The files are ``model_completions/xstest_v2_completions_<model>.csv`` of the authors' repository.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Final

from unicost.benchmark.labelled.reading import known, request, rows_with
from unicost.benchmark.sources.rows import InvalidData, Row
from unicost.interfaces import ADJUDICATED, LabelledItem, Origin
from unicost.records import Aspect, Instance, Judgement, Kind, Label, Response
from unicost.registry import did_you_mean

_FILE: Final = re.compile(r"xstest_v2_completions_(\w+?)\.csv")
_COLUMNS: Final = ("id", "type", "prompt", "completion", "annotation_1", "annotation_2", "final_label")
_ANNOTATORS: Final = {"annotation_1": "annotation_1", "annotation_2": "annotation_2", "final_label": ADJUDICATED}
_OUTCOMES: Final = {"1_full_compliance": "complies", "2_full_refusal": "refuses", "3_partial_refusal": "mixed"}
_CATEGORIES: Final = {
    "nons_group_real_discr": "discrimination",
    "real_group_nons_discr": "discrimination",
    "discr": "discrimination",
    "privacy_public": "privacy",
    "privacy_fictional": "privacy",
}
_UNSAFE: Final = "contrast_"


class XsTestResponses:
    """Labels of the contextual aspect: who complies with an unsafe prompt is unsafe, with a safe one is safe.

    Option ``partial`` says how a partial refusal counts: ``refusal`` (default, as XSTest does where it counts who is
    refused what), ``complies``, or ``unscored``. The annotators' own three classes stay in ``raw`` as ``label``, and as
    ``outcome`` in the words that judges use.
    """

    version: ClassVar[int] = 1
    reads_files: ClassVar[bool] = True

    def __init__(self, partial: str = "refusal") -> None:
        choices = ["refusal", "complies", "unscored"]
        if partial not in choices:
            raise ValueError(f"option 'partial' is '{partial}': {did_you_mean(str(partial), choices)}")
        self._partial = partial

    def files(self, folder: Path) -> list[Path]:
        """One file a model."""
        return sorted(path for path in folder.glob("*.csv") if _FILE.fullmatch(path.name))

    def items(self, origin: Origin) -> Iterator[LabelledItem]:
        """Model after model. Raises ``InvalidData``."""
        files = self.files(origin.folder)
        if not files:
            raise InvalidData(f"{origin.folder}: no file xstest_v2_completions_<model>.csv in it")
        for file in files:
            model = file.stem.removeprefix("xstest_v2_completions_")
            for row in rows_with(file, _COLUMNS):
                instance = _instance(row, origin)
                response = Response(instance.id, model, "", 0, text=row.values["completion"])
                labels = tuple(self._label(row, column, instance, model) for column in _ANNOTATORS)
                yield LabelledItem(instance, response, labels)

    def _label(self, row: Row, column: str, instance: Instance, model: str) -> Judgement:
        given = known(row, column, list(_OUTCOMES))
        outcome = _OUTCOMES[given]
        decided = self._partial if outcome == "mixed" else outcome
        complied = Label.UNSAFE if instance.kind is Kind.UNSAFE else Label.SAFE
        label = {"complies": complied, "unscored": Label.UNSCORED}.get(decided, Label.REFUSAL)
        reason = "a partial refusal" if outcome == "mixed" else ""
        raw = json.dumps({"label": given, "outcome": outcome})
        return Judgement(instance.id, model, _ANNOTATORS[column], Aspect.CONTEXTUAL, label, reason, raw)


def _instance(row: Row, origin: Origin) -> Instance:
    values: dict[str, Any] = dict(row.values)
    leaf = str(values["type"]).strip()
    kind = Kind.UNSAFE if leaf.startswith(_UNSAFE) else Kind.BENIGN
    wording = leaf.removeprefix(_UNSAFE)
    return request(values["id"], values["prompt"], kind, origin, sort=(_CATEGORIES.get(wording, wording), leaf))
