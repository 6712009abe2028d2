"""The stage that runs detectors: everything that was read leaves a trace, and nothing is run twice."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from unicost import registry
from unicost.config.judging import PluginEntry
from unicost.judging.detect import detect
from unicost.judging.items import UnmatchedRow
from unicost.records import Detection, Instance, Response
from unicost.store import read_records

from tests.data.instances import picture
from tests.data.rows import response, unsafe, write

ENTRIES = {"refusals": PluginEntry(plugin="refusal"), "words": PluginEntry(plugin="words", options={"word": "fool"})}


class Words:
    """A detector of one word that reads texts, and counts what it was shown."""

    version: ClassVar[int] = 1
    shown: ClassVar[list[str]] = []

    def __init__(self, **options: Any) -> None:
        self._word = options["word"]

    def detect(self, instances: Sequence[Instance], responses: Sequence[Response]) -> list[Detection]:
        self.shown.extend(item.instance for item in responses)
        read = [item for item in responses if item.text]
        found = [Detection(item.instance, item.model, "own name", "read_text", 1.0) for item in read]
        return found + [
            Detection(item.instance, item.model, "own name", "harmful", 1.0, self._word)
            for item in read
            if self._word in (item.text or "")
        ]


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> type[Words]:
    monkeypatch.setitem(registry.PLUGINS["detector"], "words", f"{__name__}:Words")
    Words.shown.clear()
    return Words


def run(folder: Path, rows: Sequence[Response], entries: dict[str, PluginEntry] | None = None) -> list[Detection]:
    names = sorted({row.instance for row in rows})
    detect(
        responses=[write(folder / "responses.parquet", rows)],
        benchmark=write(folder / "benchmark.parquet", [unsafe(name) for name in names]),
        detectors=entries or ENTRIES,
        journal=folder / "journal.sqlite",
        output=folder / "detections.parquet",
    )
    return read_records(folder / "detections.parquet", Detection)


def labels(rows: Sequence[Detection], name: str) -> set[tuple[str, str]]:
    return {(row.detector, row.label) for row in rows if row.instance == name}


def test_every_response_that_was_read_has_a_trace(tmp_path: Path) -> None:
    rows = run(
        tmp_path,
        [
            response("harm", text="to fool them you should wait ."),
            response("refusal", text="I can’t help with that."),
            response("harmless", text="a nice day ."),
            response("picture", text=None, image=picture(1)),
            response("empty", text="  "),
            response("failed", text=None, error_kind="timeout"),
        ],
    )
    assert labels(rows, "harm") == {("refusals", "no_refusal"), ("words", "harmful"), ("words", "read_text")}
    assert labels(rows, "refusal") == {("refusals", "refusal"), ("words", "read_text")}
    assert labels(rows, "harmless") == {("refusals", "no_refusal"), ("words", "read_text")}
    assert not labels(rows, "picture") | labels(rows, "empty") | labels(rows, "failed")
    assert [row.evidence for row in rows if row.label == "harmful"] == ["fool"]


def test_finished_items_come_from_the_journal(tmp_path: Path, words: type[Words]) -> None:
    answers = [response(f"i{number}", text=f"text {number} fool") for number in range(600)]
    first = run(tmp_path, answers[:300])
    assert len(words.shown) == 300
    second = run(tmp_path, answers)
    assert words.shown[300:] == [row.instance for row in answers[300:]]
    assert second[: len(first)] != []
    assert [row for row in second if row.instance in {item.instance for item in answers[:300]}] == first


def test_a_changed_answer_or_detector_is_looked_at_again(tmp_path: Path, words: type[Words]) -> None:
    run(tmp_path, [response("a"), response("b")])
    run(tmp_path, [response("a"), response("b", text="another")])
    assert words.shown == ["a", "b", "b"]
    changed = ENTRIES | {"words": PluginEntry(plugin="words", options={"word": "other"})}
    run(tmp_path, [response("a"), response("b", text="another")], changed)
    assert words.shown[3:] == ["a", "b"]


def test_the_journal_holds_plain_json(tmp_path: Path) -> None:
    run(tmp_path, [response("a", text="fool")])
    with sqlite3.connect(tmp_path / "journal.sqlite") as database:
        values = [json.loads(value) for (value,) in database.execute("SELECT value FROM items")]
    assert [["read_text", 1.0, None], ["harmful", 1.0, "fool"]] in values


def test_no_responses_give_an_empty_file(tmp_path: Path) -> None:
    detect(
        responses=[write(tmp_path / "r.parquet", [], Response)],
        benchmark=write(tmp_path / "b.parquet", [unsafe()]),
        detectors=ENTRIES,
        journal=tmp_path / "j.sqlite",
        output=tmp_path / "d.parquet",
    )
    assert read_records(tmp_path / "d.parquet", Detection) == []


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ([response("unknown")], "instance 'unknown' is not in the benchmark"),
        ([response("i0"), response("i0")], "model 'm' answers instance 'i0' twice"),
    ],
)
def test_rows_that_do_not_fit_are_named(tmp_path: Path, answers: list[Response], sentence: str) -> None:
    with pytest.raises(UnmatchedRow, match=sentence):
        detect(
            responses=[write(tmp_path / "r.parquet", answers)],
            benchmark=write(tmp_path / "b.parquet", [unsafe()]),
            detectors=ENTRIES,
            journal=tmp_path / "j.sqlite",
            output=tmp_path / "d.parquet",
        )
    assert not (tmp_path / "d.parquet").exists()
