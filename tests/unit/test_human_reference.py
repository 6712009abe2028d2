"""Labels by construction go under the annotator's name and are never called human."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from unicost import registry
from unicost.config.judging import PluginEntry
from unicost.human.reference import WrongAnnotation, annotate_by_construction
from unicost.interfaces import JudgeRequest
from unicost.records import Aspect, Judgement, Label
from unicost.store import read_records

from tests.data.rows import response, unsafe, write


class Knows:
    """An annotator that labels everything safe, but for what its option leaves out."""

    version: ClassVar[int] = 1
    aspects: ClassVar[frozenset[Aspect]] = frozenset(Aspect)

    def __init__(self, **options: Any) -> None:
        self._skip = options.get("skip")

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Judgement]:
        return [
            Judgement(request.instance.id, request.response.model, "own", aspect, Label.SAFE)
            for request in requests
            if request.instance.id != self._skip
            for aspect in Aspect
        ]


@pytest.fixture(autouse=True)
def knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.PLUGINS["annotator"], "knows", f"{__name__}:Knows")


def annotate(folder: Path, name: str = "construction", **options: str) -> list[Judgement]:
    names = [f"i{number}" for number in range(300)]
    annotate_by_construction(
        annotators={name: PluginEntry(plugin="knows", options=options)},
        responses=[
            write(folder / f"{model}.parquet", [response(item, model) for item in names]) for model in ("m", "n")
        ],
        benchmark=write(folder / "b.parquet", [unsafe(item) for item in names]),
        output=folder / "reference.parquet",
    )
    return read_records(folder / "reference.parquet", Judgement)


def test_every_response_is_labelled_once_an_aspect(tmp_path: Path) -> None:
    rows = annotate(tmp_path)
    assert len(rows) == 1200 == len({(row.instance, row.model, row.aspect) for row in rows})
    assert {row.judge for row in rows} == {"construction"}


def test_it_is_not_called_human(tmp_path: Path) -> None:
    with pytest.raises(WrongAnnotation, match="must not be named human"):
        annotate(tmp_path, "Human expert")


def test_an_annotator_that_leaves_something_out_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongAnnotation, match="it does not for instance 'i7'"):
        annotate(tmp_path, skip="i7")
    assert not (tmp_path / "reference.parquet").exists()
