"""Files at fixed addresses from a loopback server: whole files or one clear sentence, and nothing half-downloaded."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from unicost.benchmark.build import Part, build_benchmark
from unicost.benchmark.download.fetch import access, fetch_data
from unicost.benchmark.download.manifest import DownloadFailed, Manifest
from unicost.config import DatasetEntry, Taxonomy
from unicost.records import Instance
from unicost.store import read_records

from tests.data.web import Web, web

ROWS = b"text\none\ntwo\n"
PICTURE = os.urandom(200_000)
FILES = {"at/a/commit/rows.csv": ROWS, "at/a/commit/picture.png": PICTURE}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with web(FILES) as running:
        yield running


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return tmp_path / "data" / "small.json"


def entry(served: Web, **changes: bytes | None) -> DatasetEntry:
    """The entry of a table and a picture, pinned by ``FILES`` or by other contents; None leaves a file out."""
    wanted = {"rows.csv": ROWS, "images/picture.png": PICTURE, **changes}
    files = {
        name: {
            "url": f"{served.address}/at/a/commit/{Path(name).name}",
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for name, content in wanted.items()
        if content is not None
    }
    options = {"columns": {"text": "text"}, "constants": {"category": "Bias"}}
    return DatasetEntry(source="hub", taxonomy="test", licence="MIT", download={"web": files}, options=options)


def fetch(wanted: DatasetEntry, manifest: Path) -> Manifest:
    return fetch_data(dataset="small", entry=wanted, manifest=manifest)


def refusal(wanted: DatasetEntry, manifest: Path) -> str:
    """The sentence of a download that must fail, after which nothing says that there is data."""
    with pytest.raises(DownloadFailed, match="^dataset 'small': .*") as caught:
        fetch(wanted, manifest)
    assert not manifest.exists() and not manifest.with_suffix(".last.json").exists()
    return str(caught.value)


def there(manifest: Path) -> set[str]:
    """All files in the data's folder."""
    folder = manifest.with_suffix("")
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_files_come_whole_once(served: Web, manifest: Path) -> None:
    found = fetch(entry(served), manifest)
    assert Manifest.read(manifest) == found and found.pinned and found.revision is None
    assert (found.folder / "rows.csv").read_bytes() == ROWS
    assert (found.folder / "images/picture.png").read_bytes() == PICTURE
    assert there(manifest) == {"rows.csv", "images/picture.png"}
    found.verify()
    asked = list(served.log)
    assert fetch(entry(served), manifest) == found
    assert served.log == asked, "what is here is not asked for again"


def test_a_source_reads_the_files_of_its_entry_and_nothing_else(served: Web, manifest: Path, tmp_path: Path) -> None:
    """What an earlier entry named, and what a killed download left, lies in the same folder."""
    served.files["at/a/commit/older.csv"] = ROWS
    fetch(entry(served, **{"older.csv": ROWS}), manifest)
    (manifest.with_suffix("") / "tmp0a1b.csv").write_bytes(ROWS[:8])
    found = fetch(entry(served), manifest)
    output = tmp_path / "benchmark.parquet"
    taxonomy = Taxonomy(title="test", categories={"Bias": ()})
    build_benchmark(part=Part("small", entry(served), found.folder), taxonomy=taxonomy, output=output)
    assert [row.turns[0].text for row in read_records(output, Instance)] == ["one", "two"]


def test_another_content_than_the_pinned_one_is_not_kept(served: Web, manifest: Path) -> None:
    served.files["at/a/commit/rows.csv"] = ROWS + b"three\n"
    sentence = refusal(entry(served), manifest)
    assert "/rows.csv has another content than the one that its sha256 stands for; nothing of it is kept" in sentence
    assert "rows.csv" not in there(manifest)
    found = fetch(entry(served, **{"rows.csv": ROWS + b"three\n"}), manifest)
    assert (found.folder / "rows.csv").read_bytes() == ROWS + b"three\n"


def test_a_checksum_set_anew_brings_the_new_content(served: Web, manifest: Path) -> None:
    fetch(entry(served), manifest)
    served.files["at/a/commit/rows.csv"] = b"text\nnew\n"
    manifest.unlink()  # as the workflow does before the job
    found = fetch(entry(served, **{"rows.csv": b"text\nnew\n"}), manifest)
    found.verify()
    assert (found.folder / "rows.csv").read_bytes() == b"text\nnew\n"
    assert served.bodies().count("at/a/commit/picture.png") == 1, "the other file is as it was"


def test_a_file_that_was_changed_here_comes_anew(served: Web, manifest: Path) -> None:
    found = fetch(entry(served), manifest)
    (found.folder / "rows.csv").write_bytes(ROWS[:-1])
    fetch(entry(served), manifest).verify()
    assert served.bodies().count("at/a/commit/rows.csv") == 2


def test_a_missing_file_is_named_before_anything_comes(served: Web, manifest: Path) -> None:
    del served.files["at/a/commit/picture.png"]
    sentence = refusal(entry(served), manifest)
    assert sentence.endswith("/at/a/commit/picture.png answered with 404; check the address, or try again later")
    assert access("small", entry(served), manifest.parent) == sentence
    assert served.bodies() == [] and not manifest.parent.exists()


def test_a_server_that_is_down_is_named(served: Web, manifest: Path) -> None:
    with web(FILES) as gone:
        wanted = entry(gone)
    sentence = refusal(wanted, manifest)
    assert sentence == (
        f"dataset 'small': {gone.address}/at/a/commit/rows.csv cannot be reached; check the connection and the address"
    )
    assert access("small", wanted, manifest.parent) == sentence
    assert not manifest.parent.exists()


def test_offline_uses_what_is_here_and_asks_for_nothing(
    served: Web, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    sentence = refusal(entry(served), manifest)
    assert sentence.endswith("/rows.csv is not here yet and HF_HUB_OFFLINE is set; unset it to download it")
    assert access("small", entry(served), manifest.parent) == sentence
    assert served.log == []
    monkeypatch.delenv("HF_HUB_OFFLINE")
    fetch(entry(served), manifest)
    asked = list(served.log)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    fetch(entry(served), manifest).verify()
    assert access("small", entry(served), manifest.parent) is None
    assert served.log == asked


def test_a_connection_that_breaks_off_leaves_nothing_and_the_next_run_brings_the_rest(
    served: Web, manifest: Path
) -> None:
    served.cut["at/a/commit/picture.png"] = 100_000
    sentence = refusal(entry(served), manifest)
    assert sentence.endswith("/picture.png broke off in the middle; nothing of it is kept, run again")
    assert there(manifest) == {"rows.csv"}
    fetch(entry(served), manifest).verify()
    assert served.bodies() == [f"at/a/commit/{name}" for name in ("rows.csv", "picture.png", "picture.png")]


def test_a_full_disk_is_named_before_anything_comes(
    served: Web, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = []

    def usage(place: Path) -> SimpleNamespace:
        looked_at.append(place)
        return SimpleNamespace(free=100_000)

    monkeypatch.setattr("shutil.disk_usage", usage)
    with pytest.raises(DownloadFailed) as caught:
        fetch(entry(served), manifest)
    assert str(caught.value) == (
        f"dataset 'small' needs 220kB in {manifest.with_suffix('')} and 100kB are free; make room"
    )
    assert looked_at == [manifest.parents[1]], "the folder that will hold the data is not there yet"
    assert access("small", entry(served), manifest.parent) == str(caught.value)
    assert served.bodies() == [] and not manifest.parent.exists()


def test_one_bar_counts_the_bytes_of_all_files(served: Web, manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fetch(entry(served), manifest)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("small:   0%|") and lines[-1].startswith("small: 100%|####")
    assert "| 200k/200k [" in lines[-1]
    fetch(entry(served), manifest)
    assert capsys.readouterr().err == "", "nothing comes, so nothing is told"
