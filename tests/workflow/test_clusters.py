"""What the rules and profiles ask of a cluster, without one: `sbatch` is a script that notes how it was called."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.api import SnakemakeApi
from snakemake.iocontainers import Wildcards
from snakemake.settings.types import GroupSettings, OutputSettings, Quietness, ResourceSettings
from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

from tests.workflow.conftest import Project

# They need the network, or take seconds.
LOCAL = {
    "all",
    "download_data",
    "download_dataset",
    "fetch_judge",
    "fetch_weights",
    "vendor_code",
    "worker_environment",
}
LOCAL |= {"miniature_weights", "miniature_skeletons", "pack_arm", "loss_table", "numbers", "paper", "summary"}
PROFILES = ("slurm", "kubernetes")
MODEL = "base-seed0"
ANSWERS = f"results/miniature/responses/{MODEL}/000.parquet"


@pytest.fixture(scope="module")
def workflow(root: Path) -> Iterator[Any]:
    """The workflow of the repository, its rules read and nothing run."""
    before = Path.cwd()
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        os.chdir(root)
        try:
            workflow = api.workflow(resource_settings=ResourceSettings(cores=1), snakefile=root / "Snakefile")._workflow
            # Without an executor that submits, every rule counts as local.
            workflow._executor_plugin = ExecutorPluginRegistry().get_plugin("slurm")
            workflow.group_settings = bundling(root, "slurm")
            yield workflow
        finally:
            os.chdir(before)


def bundling(root: Path, profile: str) -> GroupSettings:
    """How many jobs of a kind the profile submits together."""
    told = yaml.safe_load((root / f"profiles/{profile}/config.yaml").read_text()).get("group-components", [])
    return GroupSettings(group_components={name: int(number) for name, number in (one.split("=") for one in told)})


def resources(workflow: Any, study: str, model: str, attempt: int) -> dict[str, Any]:
    wildcards = Wildcards(fromdict={"study": study, "model": model, "shard": "000"})
    return dict(workflow.get_rule("respond").expand_resources(wildcards, [], attempt).items())


def test_local_rules_are_local_and_no_others(workflow: Any) -> None:
    assert {rule.name for rule in workflow.rules if workflow.is_local(rule)} == LOCAL


def test_every_rule_of_a_node_says_how_much_memory_and_time_it_needs(workflow: Any) -> None:
    remote = [rule for rule in workflow.rules if not workflow.is_local(rule)]
    assert len(remote) > 20
    assert [rule.name for rule in remote if not {"mem_mb", "runtime"} <= set(rule.resources)] == []


def test_a_model_asks_for_what_its_entry_says_and_more_at_each_attempt(workflow: Any) -> None:
    run = workflow.globals["SETTINGS"].run_of("full", "janus-pro-7b")
    assert run.gpus
    for attempt in (1, 2, 3):
        asked = resources(workflow, "full", "janus-pro-7b", attempt)
        assert asked["gpu"] == run.gpus
        assert asked["mem_mb"] == run.memory_gb * 1000 * attempt
        assert asked["runtime"] == run.hours * 60 * attempt


def test_a_model_on_a_cpu_names_no_gpu(workflow: Any) -> None:
    assert "gpu" not in resources(workflow, "miniature", MODEL, 1)


def resources_of_judge(workflow: Any, judge: str, attempt: int) -> dict[str, Any]:
    wildcards = Wildcards(fromdict={"study": "full", "model": "janus-pro-7b", "judge": judge})
    return dict(workflow.get_rule("judge").expand_resources(wildcards, [], attempt).items())


def test_a_judge_asks_for_what_its_entry_says_and_more_at_each_attempt(workflow: Any) -> None:
    entry = workflow.globals["SETTINGS"].judging.judges["llama_guard_3"]
    assert entry.gpus
    for attempt in (1, 2, 3):
        asked = resources_of_judge(workflow, "llama_guard_3", attempt)
        assert asked["gpu"] == asked["local_gpu"] == entry.gpus
        assert asked["mem_mb"] == entry.memory_gb * 1000 * attempt
        assert asked["runtime"] == entry.hours * 60 * attempt


def test_a_judge_on_a_cpu_names_no_gpu_and_asks_for_little(workflow: Any) -> None:
    asked = resources_of_judge(workflow, "rules", 1)
    assert "gpu" not in asked and asked["local_gpu"] == 0
    assert (asked["mem_mb"], asked["runtime"]) == (4000, 30)


def test_a_judge_with_a_gpu_has_a_submission_of_its_own(workflow: Any) -> None:
    rule = workflow.get_rule("judge")
    groups = {
        judge: rule.expand_group(Wildcards(fromdict={"study": "full", "model": "janus-pro-7b", "judge": judge}))
        for judge in ("rules", "toxic_texts", "llama_guard_3", "llm_local")
    }
    assert groups == {"rules": "judging", "toxic_texts": "judging", "llama_guard_3": None, "llm_local": None}


def test_short_models_share_a_submission_and_others_have_their_own(workflow: Any) -> None:
    rule = workflow.get_rule("respond")
    assert rule.expand_group(Wildcards(fromdict={"study": "miniature", "model": MODEL, "shard": "000"})) == "judging"
    assert rule.expand_group(Wildcards(fromdict={"study": "full", "model": "janus-pro-7b", "shard": "000"})) is None


def test_submissions_are_shared_where_the_profile_bundles_them(
    workflow: Any, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detect, rates = workflow.get_rule("detect"), workflow.get_rule("rates")
    one = Wildcards(fromdict={"study": "miniature", "model": MODEL})
    for profile, groups in {"slurm": ["judging", "statistics"], "kubernetes": ["judging", "statistics"]}.items():
        monkeypatch.setattr(workflow, "group_settings", bundling(root, profile))
        assert [rule.expand_group(one) for rule in (detect, rates)] == groups
    monkeypatch.setattr(workflow, "group_settings", bundling(root, "default"))
    assert [rule.expand_group(one) for rule in (detect, rates)] == [None, None]


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_share_out_no_gpus_of_one_machine(root: Path, profile: str) -> None:
    """A resource that profiles/default bounds is cut to that bound wherever a job asks for more."""
    bounds = yaml.safe_load((root / "profiles/default/config.yaml").read_text())["resources"]
    scopes = yaml.safe_load((root / f"profiles/{profile}/config.yaml").read_text())["set-resource-scopes"]
    assert [f"{bound.split('=')[0]}=local" for bound in bounds] == scopes
    assert not any(bound.startswith("gpu=") for bound in bounds)


@pytest.mark.workflow
def test_the_profile_of_slurm_submits_gpus_memory_and_time(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = {"gpus": 2, "memory_gb": 40.0, "hours": 6.0}
    for key, value in run.items():
        project.update("config/models/miniature.yaml", "models", "base-seed{replicate}", "run", key, value=value)
    inputs = ["results/miniature/benchmark.parquet", f"results/miniature/weights/{MODEL}.json"]
    prepared = project.snakemake(*inputs)
    assert prepared.returncode == 0, prepared.stdout[-5000:]
    commands(tmp_path / "bin", tmp_path / "calls")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    options = [
        "--profile",
        "profiles/slurm",
        "--slurm-status-command",
        "squeue",
        "--slurm-no-account",
        "--retries",
        "1",
    ]
    result = project.snakemake(*options, "--", ANSWERS)
    assert result.returncode != 0
    first, second = (tmp_path / "calls").read_text().splitlines()
    for call, attempt in ((first, 1), (second, 2)):
        assert "--gpus=2" in call
        assert f"--mem {40000 * attempt} " in call
        assert f"-t {360 * attempt} " in call


def commands(folder: Path, calls: Path) -> None:
    """Commands of a Slurm that refuses every job."""
    folder.mkdir()
    scripts = {
        "sbatch": f'echo "$*" | head -n 1 >> {calls}; exit 1',
        "sinfo": "echo main*",
        "squeue": "exit 0",
        "scontrol": "exit 0",
        "sacct": "exit 0",
    }
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
