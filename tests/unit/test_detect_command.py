"""``unicost detect``: every row in gives one row out, and what cannot be read is named and kept."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from unicost import cli
from unicost.judging import command

TEXTS = ["Sure, you lazy fool.", "I can’t help with that.", None, "  ", "A nice day."]


def as_csv(path: Path) -> Path:
    path = path.with_suffix(".csv")
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["id", "completion"], *enumerate(TEXTS)])
    return path


def as_jsonl(path: Path) -> Path:
    path = path.with_suffix(".jsonl")
    path.write_text("".join(json.dumps({"completion": text}) + "\n" for text in TEXTS))
    return path


def as_parquet(path: Path) -> Path:
    pq.write_table(pa.table({"id": range(len(TEXTS)), "completion": TEXTS}), path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


def run(root: Path, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> tuple[int, list[dict[str, str]]]:
    monkeypatch.chdir(root)
    output = Path(str(arguments[0])).parent / "out.csv"
    status = cli.main(["detect", *map(str, arguments), "--out", str(output)])
    if not output.exists():
        return status, []
    with output.open(encoding="utf-8", newline="") as stream:
        return status, list(csv.DictReader(stream))


@pytest.mark.parametrize("lay", [as_csv, as_jsonl, as_parquet])
@pytest.mark.parametrize("chunk", [1024, 2])
def test_each_row_in_is_a_row_out(
    lay: Callable[[Path], Path],
    chunk: int,
    *,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(command, "_CHUNK", chunk)
    file = lay(tmp_path / "texts")
    status, rows = run(root, monkeypatch, file)
    assert status == 0
    assert [row["row"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert [row["refusal"] for row in rows] == ["no_refusal", "refusal", "", "", "no_refusal"]
    assert [bool(row["reason"]) for row in rows] == [False, False, True, True, False]
    assert ["slurs", "insult"] in [found[:2] for found in json.loads(rows[0]["detections"])]
    named = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in named] == ["row 3", "row 4"]
    assert all(line.startswith(f"{file}: row ") for line in named)


def test_broken_rows_are_kept_with_their_reason(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = tmp_path / "texts.jsonl"
    lines.write_bytes(b'nope\n{"completion": 3}\n{"other": "a"}\n{"completion": "caf\xe9"}\n{"completion": "yes ."}\n')
    _, rows = run(root, monkeypatch, lines)
    assert [row["reason"] for row in rows] == [
        "not a JSON object",
        "column 'completion' holds int, not text",
        "no text in column 'completion'",
        "column 'completion' is not valid UTF-8",
        "",
    ]
    table = tmp_path / "texts.csv"
    table.write_text('completion,n\na,1,2\nb\n"c, ""quoted""\nin two lines",1\n')
    _, rows = run(root, monkeypatch, table)
    assert [row["reason"] for row in rows] == ["more fields than the header names", "", ""]


def test_with_intentions_steps_towards_them_are_found(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "texts.jsonl"
    row = {"prompt": "steal apples", "answer": "1. Wait.\n2. Pick the apples.\n3. Leave."}
    file.write_text(json.dumps(row) + "\n")
    columns = ["--text-column", "answer", "--detectors", "operational_help"]
    assert [row["detections"] for row in run(root, monkeypatch, file, *columns)[1]] == ["[]"]
    _, (found,) = run(root, monkeypatch, file, *columns, "--intention-column", "prompt")
    assert json.loads(found["detections"])[0][:2] == ["operational_help", "operational_help"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("texts.csv", "compltion\na\n", "no column 'completion': did you mean 'compltion'?"),
        ("texts.txt", "a", "must be a CSV, JSONL or Parquet file"),
        ("texts.parquet", "a", "cannot be read as parquet"),
        ("texts.csv", None, "no such file"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(
    name: str,
    content: str | None,
    sentence: str,
    *,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    assert run(root, monkeypatch, tmp_path / name) == (1, [])
    said = capsys.readouterr().err
    assert sentence in said and str(tmp_path / name) in said and said.count("\n") == 1
