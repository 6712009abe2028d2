"""The paper's data and UniSAFE, read from small made-up sets in their shape."""

from __future__ import annotations

import json
import logging
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from unicost.benchmark.build import Part, build_benchmark
from unicost.benchmark.sources.rows import InvalidData
from unicost.benchmark.sources.uni_safebench import COUNTS, UniSafeBench, _leaf, differing_cells
from unicost.benchmark.sources.unisafe import UniSafe
from unicost.config import DatasetEntry, load_settings, read_yaml
from unicost.interfaces import Origin
from unicost.records import Construction, Instance, Modality, Placement, Task
from unicost.store import read_records

from tests.data.small_sets import uni_safebench, unisafe, unisafe_rows


def origin(folder: Path, name: str = "small") -> Origin:
    return Origin(name, folder, "CC-BY-NC-4.0")


def test_uni_safebench_has_the_papers_tasks_placements_and_leaves(tmp_path: Path, caplog: Any) -> None:
    with caplog.at_level(logging.INFO):
        found = list(UniSafeBench().instances(origin(uni_safebench(tmp_path))))
    assert len(found) == len({one.id for one in found}) == 14
    shapes = {(one.task, one.placement, one.expected, len(one.turns[0].images)) for one in found}
    vqa = Task.TEXT_IMAGE_TO_TEXT
    assert shapes == {
        (Task.TEXT_TO_TEXT, Placement.TEXT, Modality.TEXT, 0),
        (Task.TEXT_TO_IMAGE, Placement.TEXT, Modality.IMAGE, 0),
        (Task.TEXT_IMAGE_TO_IMAGE, Placement.DUAL, Modality.IMAGE, 1),
        *((vqa, placement, Modality.TEXT, 1) for placement in Placement if placement is not Placement.NONE),
    }
    assert {(one.category, one.leaf) for one in found} == {("Sensitive Topics", "politics")}
    assert {one.construction for one in found if one.placement is Placement.COMPOSITE} == {
        Construction.MODALITY_AMPLIFICATION
    }
    published = pd.read_csv(COUNTS).set_index("subcategory").drop(columns="total")
    differing = int((published.to_numpy() > 0).sum()) - 1  # two items ask about politics in a picture, as published
    warnings = [line for line in caplog.messages if "cells differ from the published counts" in line]
    assert len(warnings) == 1 and int(warnings[0].split()[0]) == differing
    assert "politics, text_generation: 2 instead of 28" in caplog.messages


def test_counts_that_differ_are_refused_where_asked(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match="cells differ from the published counts of Uni-SafeBench, the first: "):
        list(UniSafeBench(counts="refuse").instances(origin(uni_safebench(tmp_path))))
    with pytest.raises(ValueError, match="counts: 'refuze' is unknown: did you mean 'refuse'"):
        UniSafeBench(counts="refuze")  # type: ignore[arg-type]


def test_the_published_counts_agree_with_themselves() -> None:
    table = pd.read_csv(COUNTS).drop(columns="total").melt("subcategory", var_name="task", value_name="n")
    whole = Counter({(_leaf(leaf)[1], task): n for leaf, task, n in table.itertuples(index=False)})
    assert whole.total() == 2939 and differing_cells(whole) == []
    whole["politics", "text_to_image"] -= 1
    assert differing_cells(whole) == ["politics, text_to_image: 29 instead of 30"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"category": "Weather"}, "T2I/data.jsonl: row 2: category 'Weather' is none of Uni-SafeBench's"),
        ({"prompt": ""}, "T2I/data.jsonl: row 2: it has neither text nor image"),
    ],
)
def test_a_bad_row_of_uni_safebench_is_named(tmp_path: Path, change: dict[str, str], sentence: str) -> None:
    file = uni_safebench(tmp_path) / "T2I/data.jsonl"
    first, second = map(json.loads, file.read_text().splitlines())
    file.write_text(json.dumps(first) + "\n" + json.dumps({**second, **change}) + "\n")
    with pytest.raises(InvalidData, match=sentence):
        list(UniSafeBench().instances(origin(tmp_path)))


def test_a_missing_folder_or_picture_is_named(tmp_path: Path) -> None:
    (uni_safebench(tmp_path) / "VQA/safety_I_safety_T/images/P-00.png").unlink()
    with pytest.raises(InvalidData, match=r"row 1: picture 'images/P-00.png' is not in"):
        list(UniSafeBench().instances(origin(tmp_path)))
    (tmp_path / "T2I").rename(tmp_path / "T3I")
    with pytest.raises(InvalidData, match="no folder 'T2I' with JSON lines in it"):
        list(UniSafeBench().instances(origin(tmp_path)))


def test_unisafe_asks_each_target_in_seven_ways(tmp_path: Path) -> None:
    found = {one.id: one for one in UniSafe().instances(origin(unisafe(tmp_path)))}
    assert len(found) == 14 and {one.family for one in found.values()} == {"target-0", "target-1"}
    two, four = found["target-1-IC"], found["target-1-MT"]
    assert two.task is Task.TEXT_IMAGE_TO_IMAGE and len(two.turns[0].images) == 2
    assert two.turns[0].images[0] != two.turns[0].images[1] and two.placement is Placement.COMPOSITE
    assert four.task is Task.TEXT_IMAGE_TO_IMAGE and four.expected is Modality.IMAGE
    assert [len(turn.images) for turn in four.turns] == [1, 0, 0, 0]
    assert [turn.text for turn in four.turns] == [f"draw the box {word}" for word in ("one", "two", "three", "four")]
    tasks = {name.rpartition("-")[2]: one.task for name, one in found.items()}
    assert (tasks["TI"], tasks["TT"]) == (Task.TEXT_TO_IMAGE, Task.TEXT_TO_TEXT)
    assert tasks["IT"] == tasks["MU"] == Task.TEXT_IMAGE_TO_TEXT
    assert {one.construction for name, one in found.items() if name.endswith(("TI", "TT"))} == {Construction.PLAIN}
    assert (two.category, two.leaf, two.intention) == ("Hate", "H1", "a picture of a word")
    only = UniSafe(scenarios=["TT"]).instances(origin(tmp_path))
    assert [one.id for one in only] == ["target-0-TT", "target-1-TT"]


@pytest.mark.parametrize(
    ("scenario", "change", "sentence"),
    [
        ("IC", {"input_image_b": None}, "scenario IC needs 2 input images and it has 1"),
        ("MT", {"turns": []}, "scenario MT needs its 'turns'"),
        ("TT", {"scenario_type": "TX"}, "scenario_type 'TX' is unknown"),
        ("TT", {"instruction": ""}, "it has neither text nor image"),
    ],
)
def test_a_bad_row_of_unisafe_is_named(tmp_path: Path, scenario: str, change: dict[str, Any], sentence: str) -> None:
    rows = [row for split in unisafe_rows(1).values() for row in split]
    changed = [{**row, **change} if row["scenario_type"] == scenario else row for row in rows]
    number = 1 + [row["scenario_type"] for row in rows].index(scenario)
    pq.write_table(pa.Table.from_pylist(changed), tmp_path / "data.parquet")
    with pytest.raises(InvalidData, match=rf"data.parquet: row {number}: {sentence}"):
        list(UniSafe().instances(origin(tmp_path)))


@pytest.mark.parametrize(("source", "write"), [("uni_safebench", uni_safebench), ("unisafe", unisafe)])
def test_the_categories_are_those_of_the_taxonomy(tmp_path: Path, root: Path, source: str, write: Any) -> None:
    settings = load_settings(read_yaml(root / "config/config.yaml"), root / "config")
    entry = DatasetEntry(source=source, taxonomy=source, folder=str(tmp_path), licence="CC-BY-NC-4.0")
    part = Part(source, entry, write(tmp_path / "data"))
    output = tmp_path / "benchmark.parquet"
    assert build_benchmark(part=part, taxonomy=settings.taxonomies[source], output=output) == 14
    assert {one.licence for one in read_records(output, Instance)} == {"CC-BY-NC-4.0"}
