"""A benchmark is written whole or refused at the first instance that is not usable."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from unicost.benchmark.build import InvalidBenchmark, Part, build_benchmark
from unicost.config import DatasetEntry, Taxonomy
from unicost.records import Image, Instance, Kind, Turn
from unicost.store import read_records

from tests.unit.test_store import INSTANCE, png

TAXONOMY = Taxonomy(title="test", categories={"Bias": ()})
ENTRY = DatasetEntry(source="miniature_world", taxonomy="test")


def build(monkeypatch: pytest.MonkeyPatch, output: Path, *instances: Instance) -> list[Instance]:
    class Source:
        version = 1

        def instances(self) -> list[Instance]:
            return list(instances)

    monkeypatch.setattr("unicost.registry.resolve", lambda group, name: Source)
    build_benchmark(part=Part("test", ENTRY), taxonomy=TAXONOMY, output=output)
    return read_records(output, Instance)


def test_good_instances_are_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    twin = dataclasses.replace(INSTANCE, id="b", kind=Kind.BENIGN)
    unsafe = dataclasses.replace(INSTANCE, twin="b")
    assert build(monkeypatch, tmp_path / "benchmark.parquet", unsafe, twin) == [unsafe, twin]


BROKEN = Turn("user", "", (Image(png()[:-30], "cut.png"),))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"category": "Bais"}, "instance 'a' .*category 'Bais' is not in taxonomy 'test', which has Bias"),
        ({"turns": ()}, "instance 'a' .*asks nothing"),
        ({"turns": (BROKEN,)}, "instance 'a' .*image 'cut.png' does not decode"),
        ({"twin": "nowhere"}, "instance 'a': its benign twin 'nowhere' is no benign instance"),
    ],
)
def test_bad_instances_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InvalidBenchmark, match=sentence):
        build(monkeypatch, tmp_path / "benchmark.parquet", dataclasses.replace(INSTANCE, **changes))
    assert list(tmp_path.iterdir()) == []


def test_an_id_used_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(InvalidBenchmark, match="'a' .*used twice"):
        build(monkeypatch, tmp_path / "benchmark.parquet", INSTANCE, INSTANCE)
