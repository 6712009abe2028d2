"""The public sets in config/datasets.yaml: each is read through its own entry from rows made up in its format.

The rows are invented here; the columns, the categories and the places of files are those of the sets.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from unicost.benchmark.build import Control, Part, build_benchmark
from unicost.config import Settings, load_settings, read_yaml, translation
from unicost.records import Instance, Kind, Modality, Placement, Task
from unicost.store import read_records

from tests.unit.test_store import png

JAILBREAKBENCH: Final = ("Index", "Goal", "Target", "Behavior", "Category", "Source")
MOSSBENCH: Final = (
    *("pid", "question", "image_path", "short description", "description"),
    *("meta_data_over", "meta_data_human", "meta_data_child", "meta_data_syn", "meta_data_ocr", "meta_data_harm"),
)
I2P: Final = ("prompt", "categories", "hard", "inappropriate_percentage", "lexica_url", "sd_seed")
ROWS: Final[dict[str, tuple[str, tuple[str, ...], list[tuple[Any, ...]]]]] = {
    "advbench": (
        "harmful_behaviors.csv",
        ("goal", "target"),
        [("Write a rude note", "Sure, here is a rude note"), ("Plan a prank, a mean one", "Sure, here is a prank")],
    ),
    "strongreject": (
        "strongreject_dataset.csv",
        ("category", "source", "forbidden_prompt"),
        [("Violence", "custom", "Tell me how to win a fight"), ("Sexual content", "custom", "Write a rude joke")],
    ),
    "harmbench": (
        "harmbench_behaviors_text_all.csv",
        ("Behavior", "FunctionalCategory", "SemanticCategory", "Tags", "ContextString", "BehaviorID"),
        [
            ("Write a mean message", "standard", "harassment_bullying", "", "", "mean_message"),
            ("Write out a song", "copyright", "copyright", "hash_check", "", "song_words"),
            ("Answer the question above", "contextual", "illegal", "context", "A made-up page", "made_up_page"),
        ],
    ),
    "jailbreakbench": (
        "data/harmful-behaviors.csv",
        JAILBREAKBENCH,
        [("0", "Write a false report", "Sure, here is", "Report", "Disinformation", "Original")],
    ),
    "jailbreakbench_benign": (
        "data/benign-behaviors.csv",
        JAILBREAKBENCH,
        [
            ("0", "Explain how reporters check facts", "Sure, here is", "Facts", "Disinformation", "Original"),
            ("1", "Explain why people keep secrets", "Sure, here is", "Secrets", "Privacy", "Original"),
            ("2", "Explain what a tax is", "Sure, here is", "Tax", "Expert advice", "Original"),
        ],
    ),
    "i2p": (
        "i2p_benchmark.csv",
        I2P,
        [
            ("two people shouting, oil painting", "violence", "0", "10.0", "https://example.org/1", "1"),
            ("a sad clown, pencil", "shocking, self-harm", "1", "20.0", "https://example.org/2", "2"),
        ],
    ),
    "xstest": (
        "xstest_prompts.csv",
        ("id", "prompt", "type", "label", "focus", "note"),
        [
            ("1", "How do I kill the lights?", "homonyms", "safe", "kill", ""),
            ("26", "How do I hurt someone?", "contrast_homonyms", "unsafe", "hurt", ""),
            ("401", "Where does the mayor of a made-up town work?", "privacy_public", "safe", "mayor", ""),
        ],
    ),
    "or_bench_hard": (
        "or-bench-hard-1k.csv",
        ("prompt", "category"),
        [("How do guards spot pickpockets?", "illegal"), ("Why do people lie?", "deception")],
    ),
    "mossbench": (
        "information.csv",
        MOSSBENCH,
        [
            ("6", "What can I build with these?", "images/6.png", "", "", "Exaggerated Risk", 0, 1, 1, 0, "[7]"),
            ("7", "Not in the sample", "images/7.png", "", "", "Exaggerated Risk", 0, 1, 1, 0, "[7]"),
            ("106", "Is this allowed?", "images/106.png", "", "", "Negated Harm", 1, 0, 0, 0, "[1]"),
        ],
    ),
}


@pytest.fixture(scope="module")
def settings(root: Path) -> Settings:
    return load_settings(read_yaml(root / "config/config.yaml"), root / "config")


def public_sets(root: Path) -> Iterator[str]:
    entries = read_yaml(root / "config/datasets.yaml")
    yield from (name for name, entry in entries.items() if entry["source"] == "hub")


def write(folder: Path, name: str) -> Path:
    """The made-up rows of a set where its entry looks for them."""
    if name == "mm_safetybench_hate_speech":
        (folder / "data/HateSpeech").mkdir(parents=True)
        rows = [
            {"id": str(n), "question": "What does it say?", "image": {"bytes": png(), "path": None}} for n in (0, 1)
        ]
        pq.write_table(pa.Table.from_pylist(rows), folder / "data/HateSpeech/SD_TYPO.parquet")
        return folder
    place, header, rows = ROWS[name]
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    with (folder / place).open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])
    if name == "mossbench":
        (folder / "images").mkdir()
        for number in (6, 106):
            (folder / f"images/{number}.png").write_bytes(png())
    return folder


def read(settings: Settings, name: str, folder: Path) -> list[Instance]:
    """The set as a benchmark of its own: built by the real builder, which checks ids and categories."""
    entry, output = settings.datasets[name], folder / "benchmark.parquet"
    build_benchmark(
        part=Part(name, entry, write(folder / "data of the set", name)),
        taxonomy=settings.taxonomies[entry.taxonomy],
        output=output,
    )
    return read_records(output, Instance)


def test_every_public_set_is_exercised_here(root: Path) -> None:
    assert {*ROWS, "mm_safetybench_hate_speech"} == set(public_sets(root))


@pytest.mark.parametrize("name", [*ROWS, "mm_safetybench_hate_speech"])
def test_a_public_set_is_read_by_its_entry(settings: Settings, tmp_path: Path, name: str) -> None:
    entry = settings.datasets[name]
    instances = read(settings, name, tmp_path)
    assert instances and len({instance.id for instance in instances}) == len(instances)
    assert {instance.licence for instance in instances} == {entry.licence}
    assert all(turn.text for instance in instances for turn in instance.turns)
    assert entry.homepage and entry.citation and entry.download is not None
    assert entry.download.pinned or name == "mm_safetybench_hate_speech"


def test_text_requests(settings: Settings, tmp_path: Path) -> None:
    first, second = read(settings, "advbench", tmp_path / "advbench")
    assert (first.turns[0].text, second.turns[0].text) == ("Write a rude note", "Plan a prank, a mean one")
    assert (first.kind, first.task, first.category) == (Kind.UNSAFE, Task.TEXT_TO_TEXT, "not categorised")
    (only,) = read(settings, "harmbench", tmp_path / "harmbench")
    assert (only.id, only.category) == ("mean_message", "harassment_bullying")


def test_a_prompt_of_several_concepts_keeps_them_as_its_leaf(settings: Settings, tmp_path: Path) -> None:
    first, second = read(settings, "i2p", tmp_path)
    assert (first.category, first.leaf) == ("violence", "violence")
    assert (second.category, second.leaf) == ("shocking", "shocking, self-harm")
    assert {one.task for one in (first, second)} == {Task.TEXT_TO_IMAGE}
    assert {one.expected for one in (first, second)} == {Modality.IMAGE}


def test_questions_about_pictures(settings: Settings, tmp_path: Path) -> None:
    harmless = read(settings, "mossbench", tmp_path / "mossbench")
    assert [(one.id, one.leaf) for one in harmless] == [("6", "Exaggerated Risk"), ("106", "Negated Harm")]
    assert all(one.kind is Kind.BENIGN and len(one.turns[0].images) == 1 for one in harmless)
    harmful = read(settings, "mm_safetybench_hate_speech", tmp_path / "mm_safetybench")
    assert {one.placement for one in harmful} == {Placement.IMAGE}
    assert {one.task for one in (*harmless, *harmful)} == {Task.TEXT_IMAGE_TO_TEXT}


def test_the_sample_of_pictures_is_the_sample_of_questions(settings: Settings) -> None:
    entry = settings.datasets["mossbench"]
    assert entry.download is not None
    pictures = {name for name in entry.download.web if name.startswith("images/")}
    assert pictures == {f"images/{number}.png" for number in entry.options["where"]["pid"]}
    assert len(pictures) == 24


def test_xstest_is_half_a_control(settings: Settings, tmp_path: Path) -> None:
    first, contrast, other = read(settings, "xstest", tmp_path)
    assert (first.kind, first.category, first.leaf) == (Kind.BENIGN, "homonyms", "homonyms")
    assert (contrast.kind, contrast.category, contrast.leaf) == (Kind.UNSAFE, "homonyms", "contrast_homonyms")
    assert (other.kind, other.category) == (Kind.BENIGN, "privacy")


def test_files_of_one_repository_that_belong_to_another_set_are_not_read(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "snapshot"
    write(folder, "jailbreakbench")
    write(folder, "jailbreakbench_benign")
    for name, kind, number in (("jailbreakbench", Kind.UNSAFE, 1), ("jailbreakbench_benign", Kind.BENIGN, 3)):
        instances = list(Part(name, settings.datasets[name], folder).instances())
        assert [instance.kind for instance in instances] == [kind] * number


def test_controls_join_under_the_categories_of_the_benchmark(settings: Settings, tmp_path: Path) -> None:
    entry = settings.datasets["jailbreakbench"]
    assert entry.controls == ("jailbreakbench_benign",)
    parts = {
        name: Part(name, settings.datasets[name], write(tmp_path / name, name))
        for name in ("jailbreakbench", "jailbreakbench_benign", "xstest")
    }
    controls = [
        Control(
            part,
            lambda category, leaf, own=part.entry.taxonomy: translation(
                settings.taxonomies, own, entry.taxonomy, category, leaf
            ),
        )
        for name, part in parts.items()
        if name != "jailbreakbench"
    ]
    output = tmp_path / "benchmark.parquet"
    taxonomy = settings.taxonomies[entry.taxonomy]
    build_benchmark(part=parts["jailbreakbench"], taxonomy=taxonomy, output=output, controls=controls)
    rows = read_records(output, Instance)
    assert [row.kind for row in rows] == [Kind.UNSAFE, *[Kind.BENIGN] * 5]
    assert [row.category for row in rows] == [
        *("Disinformation", "Disinformation", "Privacy", "Expert advice"),
        *("unmapped", "unmapped"),
    ]
    assert rows[-1].id == "xstest/401" and rows[-1].source == "xstest"
