"""An exported benchmark loads with ``datasets``, validates with ``mlcroissant``, and is the benchmark, row for row."""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path

import datasets
import mlcroissant
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image as PillowImage
from unicost.benchmark.bundled.source import Bundled
from unicost.benchmark.export.card import bibtex
from unicost.benchmark.export.export import NotToBePassedOn, export_benchmark
from unicost.benchmark.export.facts import COLUMNS
from unicost.benchmark.export.shards import export_schema, write_shards
from unicost.config import DatasetEntry, Download, Settings, load_settings
from unicost.records import Instance, Kind
from unicost.store import write_records

TARGETS = 3


@pytest.fixture(scope="module")
def settings(root: Path) -> Settings:
    return load_settings({"studies": ["published"]}, root / "config")


@pytest.fixture(scope="module")
def instances(root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Instance]:
    """The first targets of one category, in every projection."""
    folder = tmp_path_factory.mktemp("targets")
    targets = yaml.safe_load((root / "workflow/resources/bundled/targets/bias.yaml").read_text(encoding="utf-8"))
    (folder / "bias.yaml").write_text(yaml.safe_dump(targets[:TARGETS]), encoding="utf-8")
    return list(Bundled(categories=["Bias"], resolution=224, targets=folder).instances())


@pytest.fixture(scope="module")
def benchmark(instances: list[Instance], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("benchmark") / "benchmark.parquet"
    write_records(path, instances, Instance)
    return path


def export(settings: Settings, benchmark: Path, root: Path, folder: Path) -> Path:
    export_benchmark(
        settings=settings, study="bundled", benchmark=benchmark, citation=root / "CITATION.cff", folder=folder
    )
    return folder


@pytest.fixture(scope="module")
def exported(settings: Settings, benchmark: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(settings, benchmark, root, tmp_path_factory.mktemp("export"))


def pixels(image: PillowImage.Image) -> bytes:
    return image.convert("RGB").tobytes()


def pictures(instance: Instance) -> list[bytes]:
    """The pixels of all pictures of an instance."""
    encoded = [image.bytes for turn in instance.turns for image in turn.images]
    return [pixels(PillowImage.open(io.BytesIO(image))) for image in encoded]


def test_it_loads_with_datasets_row_for_row(exported: Path, instances: list[Instance], tmp_path: Path) -> None:
    loaded = datasets.load_dataset(str(exported), split="test", cache_dir=str(tmp_path))
    assert loaded.num_rows == len(instances) == 20 * TARGETS
    for row, instance in zip(loaded, instances, strict=True):
        images = row.pop("images")
        assert [pixels(image) for image in images] == pictures(instance)
        turns = [{"role": turn.role, "text": turn.text, "images": len(turn.images)} for turn in instance.turns]
        assert row == vars(instance) | {"turns": turns}


def test_its_croissant_is_valid_and_gives_the_records(exported: Path, instances: list[Instance]) -> None:
    dataset = mlcroissant.Dataset(str(exported / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    # A date of publication is the one thing recommended that a dataset has not before it is published.
    assert [warning for warning in dataset.metadata.ctx.issues.warnings if "datePublished" not in str(warning)] == []
    for record, instance in zip(dataset.records("instances"), instances, strict=True):
        assert record["instances/id"].decode() == instance.id
        assert [turn["instances/turns/text"].decode() for turn in record["instances/turns"]] == [
            turn.text for turn in instance.turns
        ]
        assert [pixels(image) for image in record["instances/images"]] == pictures(instance)


def test_its_croissant_names_every_file_with_its_checksum(exported: Path) -> None:
    metadata = json.loads((exported / "croissant.json").read_text(encoding="utf-8"))
    files = {item["contentUrl"]: item["sha256"] for item in metadata["distribution"] if "contentUrl" in item}
    there = {
        f"data/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in (exported / "data").iterdir()
    }
    assert files == there
    assert len(metadata["rai:dataLimitations"]) == 6
    for answer in ("dataCollection", "dataUseCases", "personalSensitiveInformation", "dataReleaseMaintenancePlan"):
        assert metadata[f"rai:{answer}"], answer


def test_exporting_again_gives_the_same_bytes(
    exported: Path, settings: Settings, benchmark: Path, root: Path, tmp_path: Path
) -> None:
    again = export(settings, benchmark, root, tmp_path / "again")
    files = sorted(path.relative_to(exported) for path in exported.rglob("*") if path.is_file())
    assert [str(file) for file in files] == [
        "LICENSE",
        "README.md",
        "croissant.json",
        "data/test-00000-of-00001.parquet",
    ]
    assert all((again / file).read_bytes() == (exported / file).read_bytes() for file in files)


def test_every_column_is_described() -> None:
    assert list(COLUMNS) == export_schema().names


def test_the_card_says_what_is_there(exported: Path, instances: list[Instance]) -> None:
    _, front, body = (exported / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    matter = yaml.safe_load(front)
    assert (matter["license"], matter["language"], matter["size_categories"]) == ("cc-by-4.0", ["en"], ["n<1K"])
    assert matter["configs"][0]["data_files"] == [{"split": "test", "path": "data/test-*.parquet"}]
    headings = re.findall(r"^## (.+)$", body, re.MULTILINE)
    assert headings[:3] == ["Content", "Use", "Composition"]
    assert headings[-3:] == ["Limits", "Licence", "Citation"]
    plain = [item for item in instances if (item.task, item.construction) == ("text_to_text", "plain")]
    unsafe = sum(item.kind is Kind.UNSAFE for item in plain)
    assert f"| `text_to_text` | `plain` | text | {unsafe} | {len(plain) - unsafe} |" in body
    assert "@software{unicost," in body
    assert "\n\n\n" not in body


def test_the_card_passes_the_hubs_own_reader(exported: Path) -> None:
    from huggingface_hub import DatasetCard

    card = DatasetCard.load(exported / "README.md")
    assert card.data.pretty_name == "The bundled benchmark of unicost"
    assert set(card.data.task_categories) == {
        "text-generation",
        "text-to-image",
        "image-text-to-text",
        "image-to-image",
    }


def test_options_of_the_source_are_told(settings: Settings, benchmark: Path, root: Path, tmp_path: Path) -> None:
    entry = settings.datasets["bundled"].model_copy(update={"options": {"categories": ["Bias"]}})
    narrowed = settings.model_copy(update={"datasets": {"bundled": entry}})
    card = export(narrowed, benchmark, root, tmp_path) / "README.md"
    assert '`{"categories": ["Bias"]}`' in card.read_text(encoding="utf-8")


def test_a_benchmark_of_ones_own_needs_no_data_card(
    settings: Settings, benchmark: Path, root: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    entry = DatasetEntry(source="miniature_world", taxonomy="seed", folder=str(folder), citation="Me, 2026")
    mine = settings.model_copy(update={"datasets": {"bundled": entry}})
    body = (export(mine, benchmark, root, tmp_path / "first") / "README.md").read_text(encoding="utf-8")
    assert "# The bundled benchmark\n" in body
    assert "## Limits" not in body
    assert body.endswith("## Citation\n\nMe, 2026\n")
    (folder / "README.md").write_text("# Mine\n\n## Limits\n\nTen items.\n\n## Notes\n\nMore.\n", encoding="utf-8")
    body = (export(mine, benchmark, root, tmp_path / "second") / "README.md").read_text(encoding="utf-8")
    assert "## Limits\n\nTen items.\n" in body
    assert "## Notes" not in body


def test_what_others_publish_is_not_published_again(
    settings: Settings, benchmark: Path, root: Path, tmp_path: Path
) -> None:
    download = Download(repository="someone/else", revision="0" * 40)
    entry = settings.datasets["bundled"].model_copy(update={"download": download, "licence": "CC-BY-NC-4.0"})
    foreign = settings.model_copy(update={"datasets": {"bundled": entry}})
    with pytest.raises(NotToBePassedOn, match="export: study 'bundled' uses dataset 'bundled', .*CC-BY-NC-4.0; export"):
        export(foreign, benchmark, root, tmp_path / "export")
    assert not (tmp_path / "export").exists()


def test_shards_hold_all_rows_in_order(benchmark: Path, instances: list[Instance], tmp_path: Path) -> None:
    (tmp_path / "test-00000-of-00009.parquet").write_bytes(b"of an earlier export")
    shards = write_shards(benchmark, tmp_path, largest=benchmark.stat().st_size // 4 + 1)
    assert [path.name for path in shards] == [f"test-0000{number}-of-00004.parquet" for number in range(4)]
    assert sorted(tmp_path.iterdir()) == shards
    tables = [pq.read_table(path, columns=["id"]) for path in shards]
    assert {table.num_rows for table in tables} == {15}
    assert [name for table in tables for name in table["id"].to_pylist()] == [item.id for item in instances]


def test_a_citation_of_people_becomes_bibtex() -> None:
    work = {
        "title": "A benchmark: of something",
        "authors": [{"family-names": "Sample", "given-names": "Ada"}, {"name": "A Group"}],
        "date-released": "2026-05-01",
    }
    assert bibtex(work) == (
        "@misc{abenchmark,\n  title = {{A benchmark: of something}},\n  author = {Sample, Ada and {A Group}},\n"
        "  year = {2026}\n}"
    )
