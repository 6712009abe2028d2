"""Small sets of three sources as a hub has them: good, cut off, closed, wrong in every way that has a sentence."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.data.hub import Repository
from tests.data.small_sets import picture, uni_safebench, unisafe

# Decoders ignore what follows the end of a PNG; the client writes in blocks of ten megabytes.
LARGE = picture(1) + random.Random(0).randbytes(12_000_000)


def mapped(folder: Path) -> Path:
    """A table of two rows with a picture each, as many public sets are."""
    (folder / "pictures").mkdir(parents=True)
    rows = [{"n": f"q{number}", "goal": "name it", "look": f"pictures/{number}.png"} for number in range(2)]
    for number in range(2):
        (folder / f"pictures/{number}.png").write_bytes(picture(number))
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@dataclass(frozen=True)
class Small:
    """A small set of a source: its entry, its files, and what is told of its content where that is bad."""

    entry: Mapping[str, Any]
    write: Callable[[Path], Path]
    rows: int
    table: str
    """The table whose rows are changed."""
    picture: str | None
    """A picture that has a file of its own; None where pictures are cells of the table."""
    again: int
    """A row that asks in the same way as the first, so that with its id it is the same item."""
    same: Mapping[str, str]
    """Its cells with the id of the first row."""
    nothing: Mapping[str, Any]
    """Its cells where it asks nothing."""
    told: Mapping[str, str]


MAPPED = {"columns": {"id": "n", "text": "goal", "image": "look"}, "constants": {"category": "Bias"}}
SETS = {
    "hub": Small(
        entry={"source": "hub", "taxonomy": "seed", "options": MAPPED},
        write=mapped,
        rows=2,
        table="rows.jsonl",
        picture="pictures/1.png",
        again=1,
        same={"n": "q0"},
        nothing={"goal": "", "look": ""},
        told={
            "corrupt": "instance 'q1' of source 'hub-corrupt': its image 'pictures/1.png' does not decode",
            "duplicate": "instance 'q0' of source 'hub-duplicate': its id is used twice",
            "empty": "rows.jsonl: row 2: it has neither text nor image",
        },
    ),
    "uni_safebench": Small(
        entry={"source": "uni_safebench", "taxonomy": "uni_safebench"},
        write=uni_safebench,
        rows=14,
        table="T2I/data.jsonl",
        picture="VQA/safety_I_safety_T/images/P-01.png",
        again=1,
        same={"id": "P-00"},
        nothing={"prompt": ""},
        told={
            "corrupt": "instance 'vqa_composite_unsafe-P-01' .*: its image 'images/P-01.png' does not decode",
            "duplicate": "instance 'text_to_image-P-00' .*: its id is used twice",
            "empty": "T2I/data.jsonl: row 2: it has neither text nor image",
        },
    ),
    "unisafe": Small(
        entry={"source": "unisafe", "taxonomy": "unisafe"},
        write=unisafe,
        rows=14,
        table="data/image-00000-of-00001.parquet",
        picture=None,
        again=4,
        same={"id": "target-0"},
        nothing={"instruction": ""},
        told={
            "corrupt": "instance 'target-0-IE' .*: its image .* does not decode",
            "duplicate": "instance 'target-0-TI' .*: its id is used twice",
            "empty": "parquet: row 5: it has neither text nor image",
        },
    ),
}


def changed(content: bytes, number: int, cells: Mapping[str, Any]) -> bytes:
    """A table of JSON lines or Parquet with cells of one row changed; a column that is new holds texts."""
    if not content.startswith(b"PAR1"):
        rows = [json.loads(line) for line in content.splitlines()]
        rows[number].update(cells)
        return "".join(json.dumps(row) + "\n" for row in rows).encode()
    table = pq.read_table(io.BytesIO(content))
    rows, schema = table.to_pylist(), table.schema
    rows[number].update(cells)
    for name in cells.keys() - set(schema.names):
        schema = schema.append(pa.field(name, pa.string()))
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), buffer)
    return buffer.getvalue()


def repository(small: Small, case: str, folder: Path) -> Repository:
    """The set as the hub has it, with what the case is about."""
    written = small.write(folder)
    files = {str(path.relative_to(written)): path.read_bytes() for path in written.rglob("*") if path.is_file()}

    def edit(number: int, **cells: Any) -> None:
        files[small.table] = changed(files[small.table], number, cells)

    def show(content: bytes) -> None:
        if small.picture is None:
            edit(1, input_image={"bytes": content, "path": None})
        else:
            files[small.picture] = content

    match case:
        case "cut":
            show(LARGE)
        case "extra":
            edit(0, note="of no use")
        case "corrupt":
            show(picture(1, 64)[:-30])
        case "duplicate":
            edit(small.again, **small.same)
        case "empty":
            edit(small.again, **small.nothing)
    return Repository(
        files,
        gated=case == "gated",
        cut={small.picture or small.table: 11_000_000} if case == "cut" else {},
        stated={small.table: "0" * 64} if case == "checksum" else {},
        lost={small.table} if case == "missing" else set(),
    )
