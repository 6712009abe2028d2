"""The real hub client against a loopback hub: whole files or one clear sentence, and nothing half-downloaded."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from unicost.benchmark.download.manifest import Manifest

from tests.data.hub import READER, STRANGER, Hub, Repository, hub

ROWS = b'{"text": "one"}\n{"text": "two"}\n'
FETCH = """
import json, logging, sys
from pathlib import Path
from unicost.benchmark.download.fetch import access, fetch_data
from unicost.config import DatasetEntry
logging.basicConfig(level=logging.WARNING)
action, manifest, entry = sys.argv[1], Path(sys.argv[2]), DatasetEntry(**json.loads(sys.argv[3]))
try:
    print(access("small", entry, manifest.parent) if action == "access" else
          fetch_data(dataset="small", entry=entry, manifest=manifest).folder)
except ValueError as error:
    sys.exit(f"unicost: {error}")
"""

Fetch = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:
    """``fetch(hub, revision=..., token=..., action=..., **environment)`` in a process of its own, as a job does it."""

    def run(served: Hub, revision: str = "main", action: str = "fetch", token: str | None = None, **more: str):
        download = {"repository": "org/small", "revision": revision, "gated": True}
        entry = {"source": "hub", "taxonomy": "seed", "licence": "CC-BY-NC-4.0", "download": download,
                 "options": {"columns": {"text": "text"}, "constants": {"category": "Bias"}}}  # fmt: skip
        known = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        settings = {"HF_ENDPOINT": served.address, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1", **more}
        if token is not None:
            settings["HF_TOKEN"] = token
        command = [sys.executable, "-c", FETCH, action, str(tmp_path / "data" / "small.json"), json.dumps(entry)]
        return subprocess.run(command, env=known | settings, capture_output=True, text=True, timeout=120)

    return run


def manifest(tmp_path: Path) -> Path:
    return tmp_path / "data" / "small.json"


def test_an_open_repository_comes_whole_with_its_checksums(fetch: Fetch, tmp_path: Path) -> None:
    with hub(small=Repository({"data/train.jsonl": ROWS, "README.md": b"# small\n"})) as served:
        done = fetch(served)
        assert done.returncode == 0, done.stderr
        assert f"set its revision to {served.repositories['org/small'].commit}" in done.stderr
        found = Manifest.read(manifest(tmp_path))
        assert found.revision == served.repositories["org/small"].commit and not found.pinned
        assert (found.folder / "data/train.jsonl").read_bytes() == ROWS
        assert str(found.folder).startswith(str(tmp_path / "home"))
        found.verify()
        asked = len(served.bodies("train.jsonl"))
        assert fetch(served, revision=str(found.revision)).returncode == 0
        assert len(served.bodies("train.jsonl")) == asked, "what is in the cache is not asked for again"
        assert Manifest.read(manifest(tmp_path)).pinned
    offline = fetch(served, revision=str(found.revision), HF_HUB_OFFLINE="1")
    assert offline.returncode == 0, offline.stderr


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        (None, "it is gated and no valid HF_TOKEN is set; open .*, accept its terms .licence: CC-BY-NC-4.0., and set"),
        (STRANGER, "the account of HF_TOKEN has no access to it yet; open .*run again when access is granted"),
    ],
)
def test_a_gated_repository_says_what_to_do(fetch: Fetch, tmp_path: Path, token: str | None, sentence: str) -> None:
    with hub(small=Repository({"data/train.jsonl": ROWS}, gated=True)) as served:
        refused = fetch(served, token=token)
        assert refused.returncode == 1 and re.search(sentence, refused.stderr), refused.stderr
        assert "Traceback" not in refused.stderr and STRANGER not in refused.stderr
        assert not manifest(tmp_path).exists()
        assert re.search(sentence, fetch(served, action="access", token=token).stdout)
        assert fetch(served, action="access", token=READER).stdout == "None\n"
        assert fetch(served, token=READER).returncode == 0
        assert Manifest.read(manifest(tmp_path)).files[0].path == "data/train.jsonl"


def test_an_interrupted_download_goes_on_where_it_broke_off(fetch: Fetch, tmp_path: Path) -> None:
    content = os.urandom(12_000_000)  # the client writes in blocks of ten megabytes
    with hub(small=Repository({"data.parquet": content}, cut={"data.parquet": 11_000_000})) as served:
        done = fetch(served)
        assert done.returncode == 0, done.stderr
        assert (Manifest.read(manifest(tmp_path)).folder / "data.parquet").read_bytes() == content
        first, *rest = served.bodies("data.parquet")
        assert first is None and len(rest) == 1
        assert rest[0] is not None and int(rest[0].removeprefix("bytes=").partition("-")[0]) > 10_000_000


def test_content_that_is_not_what_the_hub_states_is_not_used(fetch: Fetch, tmp_path: Path) -> None:
    with hub(small=Repository({"data.jsonl": ROWS}, stated={"data.jsonl": "0" * 64})) as served:
        refused = fetch(served)
        assert refused.returncode == 1
        assert "data.jsonl has not the checksum that the hub states; it was deleted, run again" in refused.stderr
        assert not manifest(tmp_path).exists()
        served.repositories["org/small"].stated.clear()
        assert fetch(served).returncode == 0


def test_the_same_commit_with_another_content_is_refused(fetch: Fetch, tmp_path: Path) -> None:
    with hub(small=Repository({"data.jsonl": ROWS})) as served:
        assert fetch(served).returncode == 0
        served.repositories["org/small"].files["data.jsonl"] = ROWS + ROWS
        again = fetch(served, HF_HOME=str(tmp_path / "elsewhere"))
        assert again.returncode == 1 and "data.jsonl has another content than when revision" in again.stderr


@pytest.mark.parametrize(
    ("repository", "revision", "sentence"),
    [
        (Repository({"data.jsonl": ROWS}, lost={"data.jsonl"}), "main", "lacks a file that it lists"),
        (Repository({}), "main", "has no file that matches"),
        (Repository({"data.jsonl": ROWS}), "f" * 40, "has no revision 'ffff"),
    ],
)
def test_what_is_not_there_is_named(fetch: Fetch, tmp_path: Path, repository: Repository, revision: str, sentence: str):
    with hub(small=repository) as served:
        refused = fetch(served, revision=revision)
    assert refused.returncode == 1 and sentence in refused.stderr, refused.stderr
    assert not manifest(tmp_path).exists()


def test_without_a_hub_the_sentence_says_so(fetch: Fetch, tmp_path: Path) -> None:
    with hub(other=Repository({})) as served:
        unknown = fetch(served)
        assert "org/small is not on the hub, or hidden from this account" in unknown.stderr
    gone = fetch(served)
    assert gone.returncode == 1 and "the hub cannot be reached" in gone.stderr, gone.stderr
    assert "Traceback" not in gone.stderr
    offline = fetch(served, HF_HUB_OFFLINE="1")
    assert "is not in the cache and the hub cannot be reached" in offline.stderr


def test_a_changed_or_missing_file_is_not_used(fetch: Fetch, tmp_path: Path) -> None:
    with hub(small=Repository({"data.jsonl": ROWS})) as served:
        fetch(served)
    found = Manifest.read(manifest(tmp_path))
    place = (found.folder / "data.jsonl").resolve()
    place.write_bytes(ROWS.replace(b"one", b"six"))
    with pytest.raises(ValueError, match=r"data\.jsonl: not the file that was downloaded"):
        found.verify()
    place.unlink()
    with pytest.raises(ValueError, match=r"data\.jsonl: the file is gone"):
        found.verify()
