"""What several unit tests set up."""

from __future__ import annotations

from pathlib import Path

import pytest
from unicost import registry
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
