"""The real hub client against a loopback hub: a checkpoint that loads, or one clear sentence."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from unicost.checkpoints.hub import select
from unicost.config import ModelRun
from unicost.models.causal_lm import CausalLM
from unicost.models.weights import fetch, provenance_path

from tests.data.checkpoints import llama
from tests.data.hub import READER, STRANGER, Hub, Repository, hub
from tests.data.instances import instance

JOB = """
import json, logging, sys
from pathlib import Path
from unicost.config import ModelRun
from unicost.checkpoints.hub import hub_access
from unicost.models.weights import fetch
logging.basicConfig(level=logging.WARNING)
action, folder, run = sys.argv[1], Path(sys.argv[2]), ModelRun(**json.loads(sys.argv[3]))
try:
    print(hub_access(run.repositories()[""], run.licence) if action == "access" else fetch(run, folder)["revision"])
except ValueError as error:
    sys.exit(f"unicost: {error}")
"""
Job = Callable[..., subprocess.CompletedProcess[str]]


def entry(revision: str, **more: Any) -> dict[str, Any]:
    return {"adapter": "causal_lm", "weights": "hub", "checkpoint": "org/small", "revision": revision,
            "licence": "Apache-2.0", **more}  # fmt: skip


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """``job(hub, revision=..., token=..., action=..., run=..., **environment)`` in a process of its own."""

    def start(
        served: Hub,
        revision: str = "",
        action: str = "fetch",
        token: str | None = None,
        run: dict[str, Any] | None = None,
        **more: str,
    ) -> subprocess.CompletedProcess[str]:
        described = entry(revision or commit(served), **(run or {}))
        known = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        settings = {"HF_ENDPOINT": served.address, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1", **more}
        if token is not None:
            settings["HF_TOKEN"] = token
        command = [sys.executable, "-c", JOB, action, str(tmp_path / "weights" / "small"), json.dumps(described)]
        return subprocess.run(command, env=known | settings, capture_output=True, text=True, timeout=120)

    return start


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A tiny checkpoint as its library saves it, with what its maker might put beside it."""
    folder = tmp_path_factory.mktemp("llama")
    llama(folder)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return {**files, "pytorch_model.bin": b"pickle", "modeling.py": b"print()", "README.md": b"# small"}


def commit(served: Hub) -> str:
    return served.repositories["org/small"].commit


def test_a_checkpoint_of_the_hub_is_loaded_and_answers(job: Job, saved: dict[str, bytes], tmp_path: Path) -> None:
    with hub(small=Repository(saved)) as served:
        done = job(served)
        assert done.returncode == 0, done.stderr
        asked = len(served.bodies("model.safetensors"))
        assert not served.bodies("pytorch_model.bin") and not served.bodies("modeling.py")
        assert job(served).stdout == done.stdout, "the same files have the same revision"
        assert len(served.bodies("model.safetensors")) == asked, "what is in the cache is not asked for again"
    folder = tmp_path / "weights" / "small"
    provenance = json.loads(provenance_path(folder).read_text())
    assert provenance["origin"] == {"repository": "org/small", "commit": commit(served), "pinned": True}
    assert set(provenance["files"]) == {name for name in saved if name.endswith((".json", ".jinja", ".safetensors"))}
    assert (folder / "model.safetensors").is_symlink()
    offline = job(served, HF_HUB_OFFLINE="1")
    assert offline.returncode == 0 and offline.stdout == done.stdout, offline.stderr
    model = CausalLM()
    model.load(folder)
    (answer,) = model.answer([instance("one")], [0])
    assert answer.error_kind is None and answer.completion_tokens


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        (None, "it is gated and no valid HF_TOKEN is set; open https://huggingface.co/org/small, accept its terms "
               r"\(licence: Apache-2.0\), and set HF_TOKEN"),
        (STRANGER, "the account of HF_TOKEN has no access to it yet; open .*run again when access is granted"),
    ],
)  # fmt: skip
def test_gated_weights_say_what_to_do(job: Job, saved: dict[str, bytes], token: str | None, sentence: str) -> None:
    with hub(small=Repository(saved, gated=True)) as served:
        refused = job(served, token=token)
        assert refused.returncode == 1 and re.search(sentence, refused.stderr), refused.stderr
        assert "Traceback" not in refused.stderr and STRANGER not in refused.stderr
        assert re.search(sentence, job(served, action="access", token=token).stdout)
        assert job(served, action="access", token=READER).stdout == "None\n"
        assert job(served, token=READER).returncode == 0


def test_a_branch_works_and_the_log_says_how_to_pin_it(job: Job, saved: dict[str, bytes]) -> None:
    with hub(small=Repository(saved)) as served:
        done = job(served, revision="main")
        assert done.returncode == 0 and f"set its revision to {commit(served)}" in done.stderr


@pytest.mark.parametrize("revision", [None, "v1.0", "refs/pr/1", "989aa79"])
def test_no_revision_and_other_branches_are_refused(revision: str | None) -> None:
    with pytest.raises(
        ValidationError, match="must be a commit, 40 hexadecimal digits, or 'main', which is not pinned"
    ):
        ModelRun(**entry("main") | {"revision": revision})
    with pytest.raises(ValidationError, match="revision of 'org/vae' must be a commit"):
        ModelRun(**entry("main", parts={"vae": {"checkpoint": "org/vae", "revision": revision}}))


def test_what_is_no_repository_is_refused() -> None:
    with pytest.raises(ValidationError, match="checkpoint 'small' must be a repository of the hub, 'owner/name'"):
        ModelRun(**entry("main") | {"checkpoint": "small"})


def test_what_runs_code_is_brought_only_by_name_and_at_a_commit(job: Job, saved: dict[str, bytes]) -> None:
    by_name = {"files": ["config.json", "pytorch_model.bin"]}
    with hub(small=Repository(saved)) as served:
        refused = job(served, revision="main", run=by_name)
        assert refused.returncode == 1 and "pytorch_model.bin can run code when it is loaded" in refused.stderr
        assert f"(today 'main' is {commit(served)})" in refused.stderr
        assert not served.bodies("pytorch_model.bin")
        done = job(served, run=by_name)
        assert done.returncode == 0 and len(served.bodies("pytorch_model.bin")) == 1, done.stderr


def test_a_part_comes_from_a_repository_of_its_own(job: Job, saved: dict[str, bytes], tmp_path: Path) -> None:
    vae = Repository({"vae.pth": b"weights", "other.pth": b"more"})
    with hub(small=Repository(saved), vae=vae) as served:
        part = {"checkpoint": "org/vae", "revision": vae.commit, "files": ["vae.pth"]}
        done = job(served, run={"parts": {"decoder": part}})
        assert done.returncode == 0, done.stderr
    provenance = json.loads((tmp_path / "weights" / "small.json").read_text())
    assert provenance["parts"]["decoder"]["commit"] == vae.commit
    assert (tmp_path / "weights/small/decoder/vae.pth").read_bytes() == b"weights"
    assert "decoder/vae.pth" in provenance["files"] and "decoder/other.pth" not in provenance["files"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"revision": "0" * 40}, "org/small has no revision '0{40}'; see its list of commits"),
        ({"run": {"checkpoint": "org/nobody"}}, "org/nobody is not on the hub, or hidden from this account"),
        ({"run": {"files": ["*.gguf"]}}, r"org/small has no file that matches \*.gguf"),
        ({"HF_HUB_OFFLINE": "1"}, "is not in the cache and the hub cannot be reached"),
        ({"HF_ENDPOINT": "http://127.0.0.1:1"}, "is not in the cache and the hub cannot be reached"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(
    job: Job, saved: dict[str, bytes], change: dict[str, Any], sentence: str
) -> None:
    with hub(small=Repository(saved)) as served:
        refused = job(served, **change)
    assert refused.returncode == 1 and re.search(sentence, refused.stderr), refused.stderr
    assert "Traceback" not in refused.stderr


def test_weights_that_are_pickled_alone_are_refused(job: Job, saved: dict[str, bytes]) -> None:
    files = {name: content for name, content in saved.items() if not name.endswith(".safetensors")}
    with hub(small=Repository(files)) as served:
        assert "org/small has no weights in safetensors; name the files" in job(served).stderr


def test_a_file_with_another_checksum_is_refused(job: Job, saved: dict[str, bytes], tmp_path: Path) -> None:
    with hub(small=Repository(saved, stated={"model.safetensors": "0" * 64})) as served:
        refused = job(served)
    assert refused.returncode == 1 and "model.safetensors: not the checksum that its origin states" in refused.stderr
    assert not (tmp_path / "weights" / "small.json").exists()


def test_a_full_disk_is_noticed_before_the_download(tmp_path: Path, saved: dict[str, bytes]) -> None:
    with hub(small=Repository(saved)) as served:
        code = (
            "import collections, shutil; shutil.disk_usage = lambda _: collections.namedtuple('U', 'free')(5)\n" + JOB
        )
        environment = {**os.environ, "HF_ENDPOINT": served.address, "HF_HOME": str(tmp_path / "home")}
        command = [sys.executable, "-c", code, "fetch", str(tmp_path / "small"), json.dumps(entry(commit(served)))]
        refused = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert re.search(r"org/small needs .* GB in .* and 0.0 GB are free; make room", refused.stderr)
        assert not served.bodies("model.safetensors")


def test_weights_of_a_pipeline_come_once() -> None:
    names = [
        "model_index.json",
        "single_file.safetensors",
        "text_encoder_3/model-00001-of-00002.safetensors",
        "text_encoder_3/model.fp16-00001-of-00002.safetensors",
        "tokenizer/merges.txt",
        "tokenizer/spiece.model",
        "unet/config.json",
        "unet/diffusion_pytorch_model.bin",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.fp16.safetensors",
    ]
    left_out = {names[1], names[3], names[7], names[8]}
    assert select(names) == [name for name in names if name not in left_out]


def test_a_place_with_one_version_takes_no_revision(tmp_path: Path) -> None:
    run = ModelRun(adapter="causal_lm", weights="folder", checkpoint=str(tmp_path), revision="main")
    with pytest.raises(ValueError, match="weights 'folder' have no revision; remove `revision` from the entry"):
        fetch(run, tmp_path / "weights")
