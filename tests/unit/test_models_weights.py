"""Fetching weights, and saying what they are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from unicost import registry
from unicost.checkpoints.loading import BadCheckpoint
from unicost.config import ModelRun
from unicost.models.weights import fetch, link_folder, provenance_path, revision


def run(checkpoint: Path) -> ModelRun:
    return ModelRun(adapter="causal_lm", weights="folder", checkpoint=str(checkpoint))


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    folder = tmp_path / "somewhere"
    (folder / "vae").mkdir(parents=True)
    (folder / ".cache").mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "vae" / "config.json").write_text("{}")
    (folder / ".cache" / "lock").write_text("")
    return folder


def test_a_folder_is_linked_file_by_file(checkpoint: Path, tmp_path: Path) -> None:
    destination = tmp_path / "results" / "weights" / "qwen2.5-7b"
    provenance = fetch(run(checkpoint), destination)
    assert (destination / "model.safetensors").read_bytes() == b"weights"
    assert (destination / "model.safetensors").is_symlink()
    assert not destination.is_symlink()
    assert provenance["files"] == {
        name: hashlib.sha256((checkpoint / name).read_bytes()).hexdigest()
        for name in ("config.json", "model.safetensors", "vae/config.json")
    }
    assert provenance_path(destination).name == "qwen2.5-7b.json"
    assert json.loads(provenance_path(destination).read_text()) == provenance
    assert revision(destination) == provenance["revision"]


def test_a_marker_in_the_made_folder_is_not_in_the_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    first = fetch(run(checkpoint), tmp_path / "weights")
    (tmp_path / "weights" / ".snakemake_timestamp").touch()
    assert not (checkpoint / ".snakemake_timestamp").exists()
    assert fetch(run(checkpoint), tmp_path / "weights") == first


def test_the_revision_follows_the_content(checkpoint: Path, tmp_path: Path) -> None:
    first = fetch(run(checkpoint), tmp_path / "one")["revision"]
    assert fetch(run(checkpoint), tmp_path / "two")["revision"] == first
    (checkpoint / "model.safetensors").write_bytes(b"other")
    assert fetch(run(checkpoint), tmp_path / "three")["revision"] != first


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("", "no such folder"),
        ("config.json", "not a checkpoint; a folder with config.json is needed"),
        ("model.safetensors", "no .safetensors file in it"),
    ],
)
def test_what_is_no_checkpoint_is_refused(checkpoint: Path, tmp_path: Path, missing: str, message: str) -> None:
    if missing:
        (checkpoint / missing).unlink()
    source = checkpoint if missing else tmp_path / "nowhere"
    with pytest.raises(BadCheckpoint, match=message) as raised:
        link_folder(str(source), tmp_path / "weights")
    assert str(source) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "weights").exists()


def unbox(checkpoint: str, destination: Path, packed: Path) -> dict[str, str]:
    """A plugin that unpacks, and says the hash of what it unpacked from."""
    destination.mkdir()
    (destination / "model.safetensors").write_bytes((packed / checkpoint).read_bytes())
    return {"recipe": "box", "sha256": "of the box"}


def test_a_packed_checkpoint_comes_with_its_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.PLUGINS["weights"], "box", f"{__name__}:unbox")
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / "small").write_bytes(b"weights")
    boxed = ModelRun(adapter="causal_lm", weights="box", checkpoint="small")
    provenance = fetch(boxed, tmp_path / "weights", tmp_path / "packed")
    assert provenance["origin"] == {"recipe": "box", "sha256": "of the box"}
    assert list(provenance["files"]) == ["model.safetensors"]


def test_weights_that_were_not_fetched_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match="no provenance of fetched weights"):
        revision(tmp_path / "weights")


def test_a_workers_folder_is_its_own_business(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "model.pth").write_bytes(b"weights")
    link_folder(str(tmp_path / "source"), tmp_path / "weights", adapter="worker")
    assert (tmp_path / "weights" / "model.pth").read_bytes() == b"weights"
    with pytest.raises(BadCheckpoint):
        link_folder(str(tmp_path / "source"), tmp_path / "other", adapter="causal_lm")
