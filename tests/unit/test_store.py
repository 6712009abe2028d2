"""Parquet rows round-trip, open with Hugging Face datasets, and damaged or unwritable files fail in one sentence."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image as PillowImage
from unicost.records import (
    Construction,
    Image,
    Instance,
    Kind,
    Modality,
    Placement,
    Response,
    Task,
    Turn,
)
from unicost.store import UnreadableFile, atomic, read_records, read_table, write_records


def png(colour: str = "red") -> bytes:
    stream = io.BytesIO()
    PillowImage.new("RGB", (4, 4), colour).save(stream, "PNG")
    return stream.getvalue()


INSTANCE = Instance(
    id="a",
    family="f",
    kind=Kind.UNSAFE,
    category="Bias",
    leaf="leaf",
    task=Task.TEXT_IMAGE_TO_TEXT,
    construction=Construction.PLAIN,
    placement=Placement.TEXT,
    turns=(Turn("user", "What is this?", (Image(png(), "a.png"),)), Turn("assistant", "A square.")),
    expected=Modality.TEXT,
    intention="to know",
    source="test",
    licence="CC0-1.0",
)
RESPONSES = [
    Response("a", "m", "f", 1, image=Image(png("blue"), None)),
    Response("b", "m", "f", 2, text="hello", latency_seconds=0.5),
]


def test_records_round_trip(tmp_path: Path) -> None:
    write_records(tmp_path / "instances.parquet", [INSTANCE], Instance)
    assert read_records(tmp_path / "instances.parquet", Instance) == [INSTANCE]
    assert write_records(tmp_path / "responses.parquet", RESPONSES, Response) == 2
    assert read_records(tmp_path / "responses.parquet", Response) == RESPONSES


def test_many_rows_are_written_in_groups(tmp_path: Path) -> None:
    rows = [Response(str(number), "m", "f", number, text="x") for number in range(2500)]
    write_records(tmp_path / "r.parquet", iter(rows), Response)
    assert read_records(tmp_path / "r.parquet", Response) == rows


def test_images_are_decoded_by_hugging_face_datasets(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    write_records(tmp_path / "responses.parquet", RESPONSES, Response)
    loaded = datasets.load_dataset(
        "parquet", data_files=str(tmp_path / "responses.parquet"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert loaded[0]["image"].convert("RGB").getpixel((0, 0)) == (0, 0, 255)
    assert loaded[1]["image"] is None and loaded[1]["text"] == "hello"


def test_a_truncated_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "responses.parquet"
    write_records(path, RESPONSES, Response)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UnreadableFile, match=r"responses\.parquet: not a whole Parquet file .*run again"):
        read_records(path, Response)


def test_a_file_of_another_record_is_refused(tmp_path: Path) -> None:
    write_records(tmp_path / "x.parquet", [INSTANCE], Instance)
    with pytest.raises(UnreadableFile, match="a Response file has"):
        read_table(tmp_path / "x.parquet", Response)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"nothing\.parquet: no such file"):
        read_records(tmp_path / "nothing.parquet", Response)


def test_an_error_while_writing_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic(path) as stream:
        stream.write("half of the n")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    code = f"""
import resource, signal
from pathlib import Path
from unicost.records import Response
from unicost.store import write_records
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
rows = (Response(str(n), "m", "f", n, text=str(hash(str(n))) * 20) for n in range(20_000))
write_records(Path({str(tmp_path / "big.parquet")!r}), rows, Response)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode != 0
    assert "File too large" in result.stderr
    assert list(tmp_path.iterdir()) == []
