"""A folder of one's own and mapped data sets: the right instances, or one sentence that names file and row."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from unicost.benchmark.build import Control, InvalidBenchmark, Part, build_benchmark
from unicost.benchmark.sources.files import Files
from unicost.benchmark.sources.hub import Hub
from unicost.benchmark.sources.rows import InvalidData
from unicost.config import DatasetEntry, Taxonomy
from unicost.interfaces import Origin
from unicost.records import Image, Instance, Kind, Modality, Placement, Task
from unicost.store import read_records

from tests.unit.test_store import png

TAXONOMY = Taxonomy(title="test", categories={"Bias": ()})
MAPPED = {"columns": {"text": "goal"}, "constants": {"category": "Bias"}}


def origin(folder: Path) -> Origin:
    return Origin("mine", folder, "CC0-1.0")


def lines(path: Path, *rows: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows))
    return path


def test_columns_that_are_named_like_fields_need_no_mapping(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/a.png").write_bytes(png())
    lines(
        tmp_path / "data.jsonl",
        {"id": "1", "prompt": "say it", "category": "Bias", "twin": "2"},
        {"id": "2", "prompt": "say it kindly", "category": "Bias", "kind": "benign"},
        {"id": "3", "prompt": "what is this?", "image": "pictures/a.png", "category": "Bias"},
        {"id": "4", "prompt": "", "image": ["pictures/a.png", "pictures/a.png"], "category": "Bias"},
        {"id": "5", "prompt": "draw it", "category": "Bias", "task": "text_to_image"},
    )
    first, second, third, fourth, fifth = Files().instances(origin(tmp_path))
    assert (first.id, first.kind, first.task, first.twin) == ("1", Kind.UNSAFE, Task.TEXT_TO_TEXT, "2")
    assert (second.kind, second.placement, second.family) == (Kind.BENIGN, Placement.NONE, "2")
    assert (third.task, third.placement) == (Task.TEXT_IMAGE_TO_TEXT, Placement.DUAL)
    assert third.turns[0].images == (Image(png(), "pictures/a.png"),)
    assert fourth.task is Task.IMAGE_TO_TEXT and len(fourth.turns[0].images) == 2
    assert fifth.expected is Modality.IMAGE
    assert (first.source, first.licence, first.leaf) == ("mine", "CC0-1.0", "Bias")
    assert part(tmp_path).entry.files() == [tmp_path / "data.jsonl", tmp_path / "pictures/a.png"]
    assert part(tmp_path / "nowhere").entry.files() == [tmp_path / "nowhere"]


def test_several_turns_with_an_image_each(tmp_path: Path) -> None:
    picture = "data:image/png;base64," + base64.b64encode(png()).decode()
    turns = [{"role": "user", "text": f"step {number}", "image": picture} for number in range(4)]
    lines(tmp_path / "data.jsonl", {"turns": turns, "category": "Bias", "expected": "image"})
    (instance,) = Files().instances(origin(tmp_path))
    assert instance.task is Task.DIALOGUE and instance.expected is Modality.IMAGE
    assert [turn.text for turn in instance.turns] == [f"step {number}" for number in range(4)]
    assert all(turn.images[0].bytes == png() for turn in instance.turns)


def test_a_mapping_translates_keeps_and_reads_embedded_pictures(tmp_path: Path, caplog) -> None:
    rows = [
        {"goal": "one", "kind": "over", "look": {"bytes": png(), "path": "a.png"}, "extra": 1},
        {"goal": "two", "kind": "jail", "look": None, "extra": 2},
        {"goal": "three", "kind": "none", "look": None, "extra": 3},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "train.parquet")
    source = Hub(
        files=["*.parquet"],
        columns={"text": "goal", "kind": "kind", "image": ["look"]},
        constants={"category": "Bias"},
        values={"kind": {"over": "benign", "jail": "unsafe"}},
        where={"kind": ["over", "jail"]},
    )
    with caplog.at_level(logging.INFO):
        first, second = source.instances(origin(tmp_path))
    assert [first.kind, second.kind] == [Kind.BENIGN, Kind.UNSAFE]
    assert (first.id, second.id) == ("mine-train-1", "mine-train-2")
    assert first.turns[0].images == (Image(png(), "a.png"),) and not second.turns[0].images
    assert caplog.text.count("columns not used: extra") == 1


@pytest.mark.parametrize("ending", ["csv", "tsv", "json", "parquet"])
def test_every_kind_of_file_gives_the_same_rows(tmp_path: Path, ending: str) -> None:
    rows = [{"goal": 'a, "quoted"\nline'}, {"goal": "two"}]
    path = tmp_path / f"data.{ending}"
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif ending == "json":
        path.write_text(json.dumps(rows))
    else:
        separator = "," if ending == "csv" else "\t"
        path.write_text(f'number{separator}goal\n1{separator}"a, ""quoted""\nline"\n2{separator}two\n')
    found = [instance.turns[0].text for instance in Hub(**MAPPED).instances(origin(tmp_path))]
    assert found == [row["goal"] for row in rows]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"goal": "x"}\n{"goal": \n', r"data\.jsonl: line 2: not JSON"),
        ('{"goal": "x"}\n[1]\n', r"data\.jsonl: row 2: must be an object"),
        ('{"gaol": "x"}\n', r"data\.jsonl: row 1: no column 'goal': did you mean 'gaol'"),
        ('{"goal": "x"}\n{"goal": ""}\n', r"data\.jsonl: row 2: it has neither text nor image"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, content: str, sentence: str) -> None:
    lines(tmp_path / "data.jsonl", content)
    with pytest.raises(InvalidData, match=sentence):
        list(Hub(**MAPPED).instances(origin(tmp_path)))


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            {"text": "x", "category": "Bias", "task": "text_to_txt"},
            "'text_to_txt' is no task: did you mean",
        ),
        ({"text": "x"}, "it has no category; map a column to 'category'"),
        ({"text": "x", "category": "Bias", "image": "../secret.png"}, r"picture '\.\./secret\.png' lies outside"),
        ({"text": "x", "category": "Bias", "image": "gone.png"}, "picture 'gone.png' is not in"),
        ({"text": "x", "category": "Bias", "image": "bad.gif"}, "picture 'bad.gif' does not decode"),
        ({"turns": [{"role": "robot", "text": "x"}], "category": "Bias"}, "'robot' is no role of a turn"),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, row: dict[str, Any], sentence: str) -> None:
    (tmp_path / "bad.gif").write_bytes(b"GIF89a but not really")
    lines(tmp_path / "data.jsonl", {"text": "good", "category": "Bias"}, row)
    with pytest.raises(InvalidData, match=rf"data\.jsonl: row 2: {sentence}"):
        list(Files().instances(origin(tmp_path)))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"columns": {"txet": "goal"}}, "columns: unknown field 'txet': did you mean 'text'"),
        ({"columns": {"id": "n"}}, "name the column of the 'text'"),
        ({**MAPPED, "constants": {"kind": "bad"}}, "'bad' is no kind"),
        ({**MAPPED, "files": "a.csv"}, r"files must be a list, such as \[a.csv\]"),
    ],
)
def test_options_that_cannot_be_are_refused_before_anything_is_read(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Hub(**options)


def test_a_folder_without_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match="no file with the ending"):
        list(Files().instances(origin(tmp_path)))
    with pytest.raises(InvalidData, match="no such folder"):
        list(Files().instances(origin(tmp_path / "nowhere")))


def part(folder: Path, name: str = "mine") -> Part:
    return Part(name, DatasetEntry(source="files", taxonomy="test", folder=str(folder)), folder)


def test_a_broken_picture_or_an_id_used_twice_stops_the_benchmark(tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(png()[:-30])
    lines(tmp_path / "data.jsonl", {"id": "1", "text": "x", "image": "cut.png", "category": "Bias"})
    with pytest.raises(InvalidBenchmark, match=r"instance '1' of source 'mine': its image 'cut.png' does not decode"):
        build_benchmark(part=part(tmp_path), taxonomy=TAXONOMY, output=tmp_path / "out/b.parquet")
    lines(tmp_path / "data.jsonl", *[{"id": "1", "text": "x", "category": "Bias"}] * 2)
    with pytest.raises(InvalidBenchmark, match="instance '1' .*used twice"):
        build_benchmark(part=part(tmp_path), taxonomy=TAXONOMY, output=tmp_path / "out/b.parquet")
    assert not list((tmp_path / "out").iterdir())


def test_controls_bring_benign_instances_alone_and_keep_their_name(tmp_path: Path) -> None:
    row = {"id": "1", "text": "x", "category": "Bias"}
    lines(tmp_path / "main/data.jsonl", row)
    benign = row | {"kind": "benign"}
    lines(tmp_path / "more/data.jsonl", benign, benign | {"id": "2", "category": "Other"}, row | {"id": "3"})
    control = Control(part(tmp_path / "more", "more"), lambda category, leaf: {"Bias": "Bias"}.get(category))
    output = tmp_path / "benchmark.parquet"
    assert build_benchmark(part=part(tmp_path / "main"), taxonomy=TAXONOMY, output=output, controls=[control]) == 3
    found = [(row.id, row.category, row.source) for row in read_records(output, Instance)]
    assert found == [("1", "Bias", "mine"), ("more/1", "Bias", "more"), ("more/2", "unmapped", "more")]


def test_a_source_that_yields_nothing_is_no_benchmark(tmp_path: Path) -> None:
    lines(tmp_path / "data.jsonl", "")
    with pytest.raises(InvalidBenchmark, match="yields no instance"):
        build_benchmark(part=part(tmp_path), taxonomy=TAXONOMY, output=tmp_path / "out/b.parquet")
