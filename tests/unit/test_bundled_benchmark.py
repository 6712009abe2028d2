"""The bundled benchmark as it is built: counts, ids, twins, placements, and the figures of its data card."""

from __future__ import annotations

import io
import re
from collections import Counter
from itertools import islice
from pathlib import Path

import pandas as pd
import pytest
import yaml
from PIL import Image as PillowImage
from unicost.benchmark.build import Part, build_benchmark
from unicost.benchmark.bundled.projections import PROJECTIONS
from unicost.benchmark.bundled.source import Bundled
from unicost.benchmark.bundled.words import split
from unicost.benchmark.contact_sheet import composition
from unicost.config import DatasetEntry, Taxonomy, load_settings, parse, read_yaml
from unicost.records import Construction, Instance, Kind, Modality, Placement, Task
from unicost.store import read_records

from tests.unit.bundled_targets import everything, scenes, shipped

SMALL = 224
"""The smallest resolution, to be fast; words and ids do not depend on it."""


@pytest.fixture(scope="module")
def benchmark() -> list[Instance]:
    return list(Bundled(resolution=SMALL).instances())


@pytest.fixture(scope="module")
def by_id(benchmark: list[Instance]) -> dict[str, Instance]:
    return {instance.id: instance for instance in benchmark}


@pytest.fixture(scope="module")
def pairs(benchmark: list[Instance], by_id: dict[str, Instance]) -> list[tuple[Instance, Instance]]:
    return [(instance, by_id[str(instance.twin)]) for instance in benchmark if instance.kind is Kind.UNSAFE]


def content(instance: Instance) -> tuple[object, ...]:
    """What a model is given."""
    return instance.task, instance.turns


def test_there_are_at_least_five_thousand_instances(benchmark: list[Instance]) -> None:
    assert len(benchmark) >= 5000
    assert len({instance.family for instance in benchmark}) >= 300
    assert len(benchmark) == 20 * len(shipped())


def test_a_part_of_it_is_the_first_targets_of_each_leaf_in_some_tasks(benchmark: list[Instance]) -> None:
    part = list(Bundled(resolution=SMALL, tasks=["text_to_text", "dialogue"], per_leaf=2).instances())
    texts = [item for item in benchmark if item.task in (Task.TEXT_TO_TEXT, Task.DIALOGUE)]
    chosen = {item.family for item in part}
    assert part == [item for item in texts if item.family in chosen]
    leaves: dict[tuple[str, str | None], list[str]] = {}
    for item in texts:
        families = leaves.setdefault((item.category, item.leaf), [])
        if item.family not in families:
            families.append(item.family)
    assert chosen == {family for families in leaves.values() for family in families[:2]}
    assert len(chosen) == 2 * len(leaves) and len(part) > 400


def test_every_cell_has_enough(benchmark: list[Instance]) -> None:
    """At least 20 unsafe instances, and as many benign ones, for each category, task and construction."""
    table = composition(benchmark).set_index(["category", "task", "construction", "kind"])["instances"]
    counts = table.unstack("kind")
    assert len(counts) == 6 * 11
    assert counts["unsafe"].min() >= 20
    assert (counts["unsafe"] == counts["benign"]).all()
    assert set(counts.index.get_level_values("task")) == set(Task)
    assert set(counts.index.get_level_values("construction")) == set(Construction)


def test_ids_and_what_is_asked_are_unique(benchmark: list[Instance]) -> None:
    assert [name for name, number in Counter(instance.id for instance in benchmark).items() if number > 1] == []
    assert [key[0] for key, number in Counter(map(content, benchmark)).items() if number > 1] == []


def test_ids_say_where_an_instance_comes_from(benchmark: list[Instance]) -> None:
    names = "|".join(projection.name for projection in PROJECTIONS)
    for instance in benchmark:
        family, projection, kind = re.fullmatch(rf"(.+)/({names})/(unsafe|benign)", instance.id).groups()
        assert (instance.family, instance.kind) == (family, kind)
        assert re.fullmatch(rf"bundled/{instance.category.lower()}/[a-z0-9_]+", family)
        assert projection
        assert (instance.source, instance.licence) == ("bundled", "CC-BY-4.0")


CELLS = {
    "request": (Task.TEXT_TO_TEXT, Construction.PLAIN, Placement.TEXT),
    "ask": (Task.DIALOGUE, Construction.PLAIN, Placement.TEXT),
    "draw": (Task.TEXT_TO_IMAGE, Construction.PLAIN, Placement.TEXT),
    "note": (Task.IMAGE_TO_TEXT, Construction.PLAIN, Placement.IMAGE),
    "about": (Task.TEXT_IMAGE_TO_TEXT, Construction.CROSS_MODAL_CONTAMINATION, Placement.IMAGE),
    "combine": (Task.TEXT_IMAGE_TO_TEXT, Construction.MODALITY_AMPLIFICATION, Placement.COMPOSITE),
    "beside": (Task.TEXT_IMAGE_TO_TEXT, Construction.PLAIN, Placement.TEXT),
    "edit": (Task.TEXT_IMAGE_TO_IMAGE, Construction.PLAIN, Placement.TEXT),
    "sticky": (Task.IMAGE_TO_IMAGE, Construction.PLAIN, Placement.IMAGE),
}


def test_each_projection_is_what_its_cell_says(pairs: list[tuple[Instance, Instance]]) -> None:
    for unsafe, benign in pairs:
        projection = unsafe.id.split("/")[-2]
        task, construction, placement = CELLS.get(
            projection, (unsafe.task, Construction.TASK_SWITCHING, Placement.TEXT)
        )
        assert (unsafe.task, unsafe.construction, unsafe.placement) == (task, construction, placement), unsafe.id
        assert (benign.task, benign.construction, benign.placement) == (task, construction, Placement.NONE), benign.id
        assert unsafe.task in (Task.TEXT_TO_TEXT, Task.TEXT_TO_IMAGE) or projection != "switch"


def test_tasks_get_what_they_need(benchmark: list[Instance]) -> None:
    """Words, a picture or both, in one turn or in three; and the modality of the answer is the task's."""
    for instance in benchmark:
        given, answer = re.fullmatch(r"(\w+)_to_(\w+)|dialogue", instance.task).groups(default="text")
        assert instance.expected is Modality(answer)
        roles = [turn.role for turn in instance.turns]
        assert roles == (["user", "assistant", "user"] if instance.task is Task.DIALOGUE else ["user"])
        assert bool(instance.turns[-1].text) == ("text" in given)
        assert len(instance.turns[-1].images) == ("image" in given)
        assert not any(turn.images for turn in instance.turns[:-1])


def test_twins_differ_in_what_makes_them_unsafe_and_in_nothing_else(pairs: list[tuple[Instance, Instance]]) -> None:
    """The words or the picture differ where the placement says so; all else is shared, the picture's name apart."""
    for unsafe, benign in pairs:
        assert (unsafe.family, unsafe.leaf, unsafe.category) == (benign.family, benign.leaf, benign.category)
        assert (unsafe.turns[:-1], unsafe.expected) == (benign.turns[:-1], benign.expected)
        assert benign.twin is None
        words_differ = unsafe.turns[-1].text != benign.turns[-1].text
        pictures_differ = unsafe.turns[-1].images != benign.turns[-1].images
        assert words_differ == (unsafe.placement is Placement.TEXT), unsafe.id
        assert pictures_differ == (unsafe.placement in (Placement.IMAGE, Placement.COMPOSITE)), unsafe.id
        assert unsafe.intention != benign.intention


def test_a_picture_tells_its_side_by_neither_name_nor_size(benchmark: list[Instance]) -> None:
    for instance in benchmark:
        for image in instance.turns[-1].images:
            assert re.fullmatch(r"[0-9a-f]{16}\.png", str(image.path))
            with PillowImage.open(io.BytesIO(image.bytes)) as opened:
                assert (opened.size, opened.mode, opened.info) == ((SMALL, SMALL), "RGB", {})


def test_building_again_gives_the_same(benchmark: list[Instance]) -> None:
    again = list(islice(Bundled(resolution=SMALL).instances(), 400))
    assert again == benchmark[:400]


def test_options_choose_categories_and_resolution() -> None:
    first = next(
        iter(item for item in Bundled(categories=["Privacy"], resolution=300).instances() if item.turns[-1].images)
    )
    assert first.category == "Privacy"
    with PillowImage.open(io.BytesIO(first.turns[-1].images[0].bytes)) as opened:
        assert opened.size == (300, 300)


def test_the_shipped_entry_builds_with_its_taxonomy(root: Path, tmp_path: Path) -> None:
    """One target of each category goes through the same stage as in a study."""
    settings = load_settings({"studies": ["published"]}, root / "config")
    entry = settings.datasets["bundled"]
    assert entry.source == "bundled"
    folder = tmp_path / "targets"
    folder.mkdir()
    categories = settings.taxonomies[entry.taxonomy].categories
    for category in categories:
        targets = read_yaml(root / f"workflow/resources/bundled/targets/{category.lower()}.yaml")
        (folder / f"{category.lower()}.yaml").write_text(yaml.safe_dump(targets[:1]), encoding="utf-8")
    small = DatasetEntry(
        source="bundled", taxonomy=entry.taxonomy, options={"resolution": SMALL, "targets": str(folder)}
    )
    output = tmp_path / "benchmark.parquet"
    assert (
        build_benchmark(part=Part("bundled", small), taxonomy=settings.taxonomies[entry.taxonomy], output=output) == 120
    )
    assert {item.category for item in read_records(output, Instance)} == set(categories)


def test_leaves_are_those_of_the_taxonomy(root: Path) -> None:
    file = root / "config/taxonomies/seed.yaml"
    taxonomy = parse(Taxonomy, read_yaml(file), file)
    for category, leaves in taxonomy.categories.items():
        assert sorted(leaves) == sorted({target.leaf for of, target in shipped() if of == category})


def markdown_table(text: str, heading: str) -> pd.DataFrame:
    """The first table below a heading."""
    below = text.split(f"\n## {heading}\n", 1)[1]
    table = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)
    assert table
    rows = [[cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table[0].splitlines()]
    return pd.DataFrame(rows[2:], columns=rows[0])


@pytest.fixture(scope="module")
def card(root: Path) -> str:
    return (root / "workflow/resources/bundled/README.md").read_text(encoding="utf-8")


def test_the_data_card_counts_what_is_there(card: str, benchmark: list[Instance]) -> None:
    assert f"**{len(benchmark):,} instances** from **{len(shipped())} targets**" in card
    stated = markdown_table(card, "Composition")
    projections = [name.split()[0] for name in stated["projection"]]
    for kind in (Kind.UNSAFE, Kind.BENIGN):
        of_kind = [item for item in benchmark if item.kind is kind]
        counts = Counter((item.id.split("/")[-2], str(item.task), str(item.construction)) for item in of_kind)
        cells = zip(projections, stated["task"], stated["construction"], stated[str(kind)].astype(int), strict=True)
        assert {tuple(cell[:3]): cell[3] for cell in cells} == counts
    unsafe = {(item.id.split("/")[-2], str(item.placement)) for item in benchmark if item.kind is Kind.UNSAFE}
    assert set(zip(projections, stated["placement of the risk"], strict=True)) == unsafe


def test_the_data_card_lists_leaves_and_kinds_of_scene(card: str) -> None:
    leaves = markdown_table(card, "Categories and leaves").set_index("category")["leaves"]
    assert len(leaves) == 6
    for category in leaves.index:
        there = Counter(target.leaf.replace("_", " ") for of, target in shipped() if of == category)
        assert leaves[category] == ", ".join(f"{leaf} {number}" for leaf, number in sorted(there.items()))
        assert f"{sum(there.values())} targets in each of" in card
    shown = Counter(scene.kind for _, target in shipped() for _, scene in scenes(target))
    table = markdown_table(card, "Pictures").set_index("kind")["scenes"]
    assert {kind: int(number) for kind, number in table.items()} == shown


def test_the_data_cards_examples_are_targets(card: str) -> None:
    there = {words for _, target in shipped() for _, words in everything(target)}
    examples = markdown_table(card, "Twins and constructions")["example"]
    assert len(examples) >= 12
    assert [text for text in examples if split(text.replace("\\|", "|")) not in there] == []
