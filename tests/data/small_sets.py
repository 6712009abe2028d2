"""Small made-up sets in the exact shape of Uni-SafeBench and of UniSAFE; their content means nothing."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image as PillowImage

FOLDERS = (
    *("Text Generation", "T2I", "Text-Guided Image Editing", "VQA/unsafety_I_unsafety_T", "VQA/unsafety_I_safety_T"),
    *("VQA/safety_I_unsafety_T", "VQA/safety_I_safety_T"),
)


def picture(shade: int, size: int = 64) -> bytes:
    """A plain PNG."""
    buffer = io.BytesIO()
    PillowImage.new("RGB", (size, size), (shade, 255 - shade, 99)).save(buffer, "PNG")
    return buffer.getvalue()


def uni_safebench(folder: Path, rows: int = 2) -> Path:
    """The seven folders with ``rows`` items each; ids repeat across folders."""
    for place, name in enumerate(FOLDERS):
        (folder / name / "images").mkdir(parents=True)
        items: list[dict[str, Any]] = []
        for number in range(rows):
            item = {"id": f"P-{number:02d}", "prompt": f"tell me what the dog {number} is", "category": "Politics",
                    "image": "", "intention": "to know"}  # fmt: skip
            if name not in ("Text Generation", "T2I"):
                item["image"] = f"images/P-{number:02d}.png"
                (folder / name / item["image"]).write_bytes(picture(40 * place + number))
            items.append(item)
        lines = "".join(json.dumps(item) + "\n" for item in items)
        (folder / name / "data.jsonl").write_text(lines, encoding="utf-8")
    return folder


def unisafe_rows(targets: int = 2) -> dict[str, list[dict[str, Any]]]:
    """The rows of the splits ``image`` and ``text``: every target in all seven scenarios."""
    rows: dict[str, list[dict[str, Any]]] = {"image": [], "text": []}
    for number in range(targets):
        shown = {"bytes": picture(10 * number), "path": None}
        other = {"bytes": picture(10 * number + 5), "path": None}
        common = {"id": f"target-{number}", "category": "Hate", "subcategory": "H1", "unsafe_trigger": "a word",
                  "target": "a picture of a word", "input_image": None, "input_image_b": None, "turns": []}  # fmt: skip
        asked = {
            "TI": {"instruction": "draw the red dog"},
            "IE": {"instruction": "draw the blue cat", "input_image": shown},
            "IC": {"instruction": "draw the box and the tree", "input_image": shown, "input_image_b": other},
            "MT": {"instruction": "", "input_image": shown, "turns": [f"draw the box {word}" for word in
                                                                      ("one", "two", "three", "four")]},
            "TT": {"instruction": "tell me why"},
            "IT": {"instruction": "what is this picture of", "input_image": shown},
            "MU": {"instruction": "is this a house", "input_image": shown},
        }  # fmt: skip
        for scenario, own in asked.items():
            split = "image" if scenario in ("TI", "IE", "IC", "MT") else "text"
            rows[split].append({**common, **own, "scenario_type": scenario})
    return rows


def unisafe(folder: Path, targets: int = 2) -> Path:
    """Both splits as Parquet, as the hub keeps them."""
    (folder / "data").mkdir(parents=True)
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    texts = ("id", "category", "subcategory", "unsafe_trigger", "target", "scenario_type", "instruction")
    schema = pa.schema(
        [*((name, pa.string()) for name in texts), ("input_image", image), ("input_image_b", image),
         ("turns", pa.list_(pa.string()))]
    )  # fmt: skip
    for split, rows in unisafe_rows(targets).items():
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / f"data/{split}-00000-of-00001.parquet")
    return folder
