"""``unicost doctor`` names what a study lacks, each thing in one line with its remedy, and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from unicost.benchmark.download.manifest import Manifest
from unicost.cli import main
from unicost.doctor.data import disk
from unicost.doctor.lacks import Lack
from unicost.doctor.report import not_asked, table
from unicost.models.causal_lm import CausalLM

from tests.data.hub import READER, Repository, hub
from tests.unit.doctoring import change, checkpoint, lacks, one_model, settings


def test_the_studies_that_run_by_default_lack_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--study", "published", "bundled", "miniature"]) == 0
    rows = capsys.readouterr().out.splitlines()[1:4]
    assert [row.split() for row in rows] == [["*", name, "nothing"] for name in ("bundled", "miniature", "published")]


def test_a_study_that_is_not_run_may_lack_something(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one_model(project)
    assert main(["doctor"]) == 0
    assert re.search(r"^   mine +weights +weights: no such folder", capsys.readouterr().out, re.MULTILINE)
    assert main(["doctor", "--study", "mine"]) == 1
    assert "published" not in capsys.readouterr().out
    change(project / "config/config.yaml", "studies", value=["published", "mine"])
    assert main(["doctor"]) == 1


def test_an_unknown_study_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--study", "publishd"]) == 1
    assert capsys.readouterr().err == "unicost: --study: unknown study 'publishd': did you mean 'published'?\n"


def test_a_folder_of_data_that_is_not_there(project: Path) -> None:
    change(project / "config/datasets.yaml", "bundled", "folder", value="my/data")
    (lack,) = lacks(project, "bundled")
    assert (lack.sort, lack.sentence) == ("data", "dataset 'bundled': no folder 'my/data'; put it there")
    (project / "my/data").mkdir(parents=True)
    assert lacks(project, "bundled") == []


def test_a_study_of_labelled_sets_names_each_that_is_not_there(project: Path) -> None:
    file = project / "config/labelled.yaml"
    for name in yaml.safe_load((project / "config/studies/judge_validation.yaml").read_text())["labelled"]:
        change(file, name, "download", value=None)
        change(file, name, "folder", value=f"labels/{name}")
    (project / "labels/gptfuzzer_responses").mkdir(parents=True)
    sentences = [lack.sentence for lack in lacks(project, "judge_validation") if lack.sort == "data"]
    assert any("no folder 'labels/xstest_responses'" in sentence for sentence in sentences)
    assert not any("gptfuzzer" in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("token", "offline", "sentence"),
    [
        (None, False, "open http.*, accept its terms .licence: CC-BY-NC-4.0., and set HF_TOKEN"),
        (READER, True, "is not in the cache and the hub cannot be reached"),
        (READER, False, None),
    ],
)
def test_gated_data(project: Path, token: str | None, offline: bool, sentence: str | None) -> None:
    """In a process of its own: the hub's client reads its environment once."""
    download = {"repository": "org/small", "revision": "main", "gated": True}
    change(project / "config/datasets.yaml", "bundled", "download", value=download)
    change(project / "config/datasets.yaml", "bundled", "licence", value="CC-BY-NC-4.0")
    change(project / "config/config.yaml", "studies", value=["bundled"])
    with hub(small=Repository({"data.jsonl": b"{}\n"}, gated=True)) as served:
        known = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        known |= {"HF_ENDPOINT": served.address, "HF_HOME": str(project / "home")}
        known |= {"HF_TOKEN": token} if token else {}
        command = [str(Path(sys.executable).with_name("unicost")), "doctor", *(["--offline"] if offline else [])]
        result = subprocess.run(command, env=known, capture_output=True, text=True, timeout=60)
        assert served.bodies("data.jsonl") == [], "nothing is downloaded"
    row = next((line for line in result.stdout.splitlines() if line.startswith("*  bundled")), "")
    assert re.search(rf"data +.*{sentence}" if sentence else "nothing", row), result.stdout + result.stderr
    assert result.returncode == (sentence is not None)


def test_packages_and_keys_that_a_plugin_names(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint(project)
    one_model(project)
    assert lacks(project, "mine") == []
    monkeypatch.setattr(CausalLM, "packages", ("json", "no_package_of_this_name"))
    monkeypatch.setattr(CausalLM, "environment", ("SERVICE_KEY", "OTHER_KEY"), raising=False)
    monkeypatch.setenv("OTHER_KEY", "secret")
    monkeypatch.delenv("SERVICE_KEY", raising=False)
    keys, packages = lacks(project, "mine")
    assert keys == Lack("keys", "adapter 'causal_lm' reads SERVICE_KEY; set it to the key of your account")
    assert packages.sentence.startswith("adapter 'causal_lm' needs no_package_of_this_name; run `make setup`")


def test_weights_in_a_folder(project: Path) -> None:
    one_model(project)
    assert [lack.sort for lack in lacks(project, "mine")] == ["weights"]
    checkpoint(project)
    assert lacks(project, "mine") == []
    (project / "weights/model.safetensors").unlink()
    assert "no .safetensors file in it" in lacks(project, "mine")[0].sentence
    (project / "weights/config.json").unlink()
    assert "config.json is needed" in lacks(project, "mine")[0].sentence


def test_miniature_weights_that_do_not_ship(project: Path) -> None:
    one_model(project, weights="miniature", checkpoint="base-seed0")
    assert lacks(project, "mine") == []
    one_model(project, weights="miniature", checkpoint="other-seed0")
    (lack,) = lacks(project, "mine")
    assert lack.sentence.startswith("'other-seed0' does not ship; train here with `--config miniature_weights=trained`")
    change(project / "config/config.yaml", "miniature_weights", value="trained")
    assert lacks(project, "mine") == []


def test_what_rules_must_still_make_for_workers(project: Path) -> None:
    checkpoint(project)
    one_model(project, adapter="worker", options={"worker": "harmon"}, tasks=["text_to_text"])
    code, environment = (lack for lack in lacks(project, "mine") if "is still to be made" in lack.sentence)
    assert code.sentence.startswith(
        "the vendor's code at its pinned commit is still to be made for mine (workers harmon)"
    )
    assert "by rule vendor_code" in code.sentence
    assert environment.sentence.endswith("""--config 'studies=["mine"]' --until worker_environment`""")
    for part in ("code", "env"):
        (project / f"results/vendor/harmon/{part}.json").parent.mkdir(parents=True, exist_ok=True)
        (project / f"results/vendor/harmon/{part}.json").write_text("{}")
    assert lacks(project, "mine") == []


def test_what_is_not_asked_offline_is_said_in_a_sentence(project: Path) -> None:
    assert not_asked(settings(project), ["published", "bundled"]).endswith("for these studies none needs to be")
    told = not_asked(settings(project), ["judge_validation", "full"])
    assert "not asked were the hub about" in told and "and the servers of" in told
    assert "xstest_responses" in told and "uni_safebench" in told and "\n" not in told
    place = project / "results/data/xstest_responses.json"
    place.parent.mkdir(parents=True)
    Manifest("xstest_responses", "here", None, True, "CC-BY-4.0", project, ()).write(place)
    assert "xstest_responses" not in not_asked(settings(project), ["judge_validation"])


def test_a_disk_that_is_full_or_cannot_be_written(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=2e8))
    monkeypatch.setattr("os.access", lambda folder, mode: False)
    unwritable, full = disk(settings(project), "bundled")
    assert unwritable.sentence.startswith(f"{project} cannot be written; ")
    assert full.sentence.startswith(f"0.2 GB are free in {project}; make room")


def test_the_table_has_a_line_a_lack_and_this_runs_studies_first() -> None:
    found = {"a": [Lack("GPUs", "none; buy one"), Lack("data", "none; make some")], "b": []}
    assert table(found, ["b"]).splitlines() == [
        "   study  lacks    and what to do",
        "*  b      nothing",
        "   a      GPUs     none; buy one",
        "   a      data     none; make some",
    ]


def test_looking_imports_no_model_library(root: Path) -> None:
    code = """
import sys
from unicost.benchmark.download.manifest import Manifest
from unicost.cli import main
assert main(["doctor", "--offline", "--study", "published", "bundled", "miniature"]) == 0
heavy = {"torch", "transformers", "huggingface_hub", "requests"} & set(sys.modules)
assert not heavy, heavy
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
