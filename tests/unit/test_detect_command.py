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
    assert ("slurs", "insult") in [(one["detector"], one["label"]) for one in json.loads(rows[0]["detections"])]
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
    assert json.loads(found["detections"])[0]["label"] == "operational_help"


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


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_the_ending_says_how_it_is_written_from_any_folder(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = tmp_path / f"out.{ending}"
    assert cli.main(["detect", str(as_csv(tmp_path / "texts")), "--out", str(output)]) == 0
    if ending == "parquet":
        rows = pq.read_table(output).to_pylist()
    elif ending == "jsonl":
        rows = [json.loads(line) for line in output.read_text().splitlines()]
    else:
        rows = list(csv.DictReader(output.read_text().splitlines()))
    assert [int(row["row"]) for row in rows] == [1, 2, 3, 4, 5]
    assert [row["refusal"] for row in rows] == ["no_refusal", "refusal", "", "", "no_refusal"]
    assert rows[4]["detections"] in ([], "[]")  # that nothing was refused is no detection


def test_the_table_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = as_csv(tmp_path / "texts")
    before = file.read_bytes()
    assert cli.main(["detect", str(file), "--out", str(file)]) != 0
    assert cli.main(["detect", str(file), "--out", str(tmp_path / "out.xlsx")]) != 0
    assert file.read_bytes() == before
    said = capsys.readouterr().err
    assert "is the table that is read; name another file" in said and "must end in .csv, .jsonl or .parquet" in said


def test_rows_that_a_broken_quote_swallows_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "texts.csv"
    file.write_text('completion,id\nfine,1\n"never closed,2\nswallowed,3\n"next",4\nfine too,5\n')
    assert cli.main(["detect", str(file), "--out", str(tmp_path / "out.csv")]) == 0
    assert "row 2: lines 3 to 5: a quote is broken" in capsys.readouterr().err
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert [bool(row["reason"]) for row in rows] == [False, True, False]
