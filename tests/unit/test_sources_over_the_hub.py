"""Data from a loopback hub by the real client, read by each source: the right rows, or one clear sentence and none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from unicost.benchmark.build import InvalidBenchmark, Part, build_benchmark
from unicost.benchmark.download.manifest import Manifest
from unicost.benchmark.sources.rows import InvalidData
from unicost.config import DatasetEntry, Settings, load_settings, read_yaml
from unicost.records import Instance
from unicost.store import read_records

from tests.data.fetching import fetch_all
from tests.data.hub import READER, STRANGER, hub
from tests.data.hub_sets import LARGE, SETS, repository

REFUSED = {
    "gated": "it is gated and no valid HF_TOKEN is set; open https://huggingface.co/datasets/org/.*, accept its terms "
    r"\(licence: CC-BY-NC-4.0\), and set HF_TOKEN",
    "checksum": "has not the checksum that the hub states; it was deleted, run again",
    "missing": "lacks a file that it lists",
}
CASES = ("open", "cut", "extra", "corrupt", "duplicate", "empty", *REFUSED)


@dataclass(frozen=True)
class Told:
    """What the downloads said in each round, the ranges asked for in each that was cut, and where the manifests are."""

    rounds: Mapping[str, Mapping[str, str | None]]
    ranges: Mapping[str, list[str | None]]
    folder: Path


def entry_of(dataset: str) -> dict[str, Any]:
    own = SETS[dataset.partition("-")[0]].entry
    return {**own, "licence": "CC-BY-NC-4.0", "download": {"repository": f"org/{dataset}", "revision": "main"}}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Every set in every case, without a token, as a stranger, offline, and as a reader when all is mended."""
    folder = tmp_path_factory.mktemp("data")
    sets = {
        f"{source}-{case}": repository(small, case, folder / "sets" / source / case)
        for source, small in SETS.items()
        for case in CASES
    }
    every = {name: entry_of(name) for name in sets}
    gated = {name: entry for name, entry in every.items() if name.endswith("gated")}
    bad = {name: entry for name, entry in every.items() if name.rpartition("-")[2] in REFUSED}
    manifests, rounds = folder / "manifests", {}
    with hub(**sets) as served:
        place = {"HF_ENDPOINT": served.address, "HF_HOME": str(folder / "home")}
        rounds["without a token"] = fetch_all(every, manifests, **place)
        rounds["as a stranger"] = fetch_all(gated, manifests, HF_TOKEN=STRANGER, **place)
        rounds["offline"] = fetch_all(bad, manifests, HF_HUB_OFFLINE="1", **place)
        for name in bad:
            sets[name].stated.clear()
            sets[name].lost.clear()
        rounds["as a reader"] = fetch_all(bad, manifests, HF_TOKEN=READER, **place)
    ranges = {
        name: [asked for method, path, asked in served.log if method == "GET" and is_of(path, name)]
        for name in sets
        if name.endswith("cut")
    }
    return Told(rounds, ranges, manifests)


def is_of(path: str, dataset: str) -> bool:
    """Whether a request is for the file of a repository that is cut in the middle."""
    small = SETS[dataset.partition("-")[0]]
    return path.startswith(f"/datasets/org/{dataset}/") and path.endswith(small.picture or small.table)


@pytest.fixture(scope="module")
def settings(root: Path) -> Settings:
    return load_settings(read_yaml(root / "config/config.yaml"), root / "config")


def build(settings: Settings, told: Told, dataset: str, output: Path) -> list[Instance]:
    """The benchmark, from the manifest on, as the job that builds it."""
    manifest = Manifest.read(told.folder / f"{dataset}.json")
    manifest.verify()
    entry = DatasetEntry(**entry_of(dataset))
    part = Part(dataset, entry, entry.data_folder(manifest.folder))
    build_benchmark(part=part, taxonomy=settings.taxonomies[entry.taxonomy], output=output)
    return read_records(output, Instance)


@pytest.mark.parametrize("source", SETS)
@pytest.mark.parametrize("case", ["open", "cut", "extra"])
def test_good_data_gives_its_rows(settings: Settings, told: Told, tmp_path: Path, source: str, case: str) -> None:
    name = f"{source}-{case}"
    assert told.rounds["without a token"][name] is None
    instances = build(settings, told, name, tmp_path / "benchmark.parquet")
    assert len({one.id for one in instances}) == len(instances) == SETS[source].rows
    assert {(one.source, one.licence) for one in instances} == {(name, "CC-BY-NC-4.0")}
    if case == "cut":
        shown = [image.bytes for one in instances for turn in one.turns for image in turn.images]
        assert shown.count(LARGE) == 1


@pytest.mark.parametrize("source", SETS)
def test_a_file_that_was_cut_is_resumed(told: Told, source: str) -> None:
    first, second = told.ranges[f"{source}-cut"]
    assert first is None and second is not None
    assert int(second.removeprefix("bytes=").partition("-")[0]) >= 10_000_000


@pytest.mark.parametrize("source", SETS)
@pytest.mark.parametrize("case", REFUSED)
def test_data_that_cannot_be_had_whole_is_not_used(
    settings: Settings, told: Told, tmp_path: Path, source: str, case: str
) -> None:
    """Nor later: offline nothing of it is taken for the whole, and when all is well again it gives its rows."""
    name = f"{source}-{case}"
    sentence = told.rounds["without a token"][name] or ""
    assert sentence.startswith(f"dataset '{name}': ") and "\n" not in sentence
    assert re.search(REFUSED[case], sentence), sentence
    assert "is not in the cache and the hub cannot be reached" in str(told.rounds["offline"][name])
    assert told.rounds["as a reader"][name] is None
    assert len(build(settings, told, name, tmp_path / "benchmark.parquet")) == SETS[source].rows


@pytest.mark.parametrize("source", SETS)
def test_an_account_without_access_is_told_to_wait_for_it(told: Told, source: str) -> None:
    sentence = str(told.rounds["as a stranger"][f"{source}-gated"])
    assert "the account of HF_TOKEN has no access to it yet" in sentence
    assert sentence.endswith("and run again when access is granted") and STRANGER not in sentence


@pytest.mark.parametrize("source", SETS)
@pytest.mark.parametrize("case", ["corrupt", "duplicate", "empty"])
def test_bad_content_is_named_and_no_benchmark_is_written(
    settings: Settings, told: Told, tmp_path: Path, source: str, case: str
) -> None:
    name = f"{source}-{case}"
    assert told.rounds["without a token"][name] is None, "the files themselves are whole"
    with pytest.raises((InvalidData, InvalidBenchmark), match=SETS[source].told[case]):
        build(settings, told, name, tmp_path / "out" / "benchmark.parquet")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
