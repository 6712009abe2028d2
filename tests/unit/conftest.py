"""What several unit tests set up."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from unicost import registry
from unicost.doctor.machine import gpus_here, visible_gpus
from unicost.records import Task

from tests.data import echo
from tests.data.instances import instance
from tests.unit.responding import benchmark, requests


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A benchmark of three supported tasks and one unsupported, the echo's weights, and its log."""
    monkeypatch.setitem(registry.PLUGINS["adapter"], *echo.PLUGIN)
    monkeypatch.setitem(registry.PLUGINS["adapter"], *echo.STREAM)
    monkeypatch.setenv("ECHO_LOG", str(tmp_path / "log"))
    echo.weights_in(tmp_path)
    benchmark(tmp_path, [*requests(40), instance("talk", task=Task.DIALOGUE)])
    return tmp_path


@pytest.fixture
def project(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the configuration, where the command is run."""
    shutil.copytree(root / "config", tmp_path / "config")
    for part in ("envs", "workflow"):
        (tmp_path / part).symlink_to(root / part)
    monkeypatch.chdir(tmp_path)
    visible_gpus.cache_clear()
    gpus_here.cache_clear()
    return tmp_path
