"""The code and the environment of a worker, with the real git and the real pip."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from unicost.config import WorkerEntry, load_workers
from unicost.models import vendor
from unicost.models.vendor import VendorFailed, build_environment, fetch_code


def git(folder: Path, *arguments: str) -> str:
    author = ["-c", "user.name=someone", "-c", "user.email=someone@example.org"]
    return subprocess.run(
        ["git", *author, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A vendor's repository of two commits."""
    folder = tmp_path / "vendor"
    (folder / "code").mkdir(parents=True)
    git(folder, "init", "--quiet")
    for version in ("first", "second"):
        (folder / "code" / "model.py").write_text(f"VERSION = '{version}'\n")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", version)
    return folder


def entry(source: Path, **changes: Any) -> WorkerEntry:
    """The first commit of the repository in the folder ``source``."""
    values = {"script": "x.py", "tasks": ["text_to_text"], "repository": f"file://{source}", "licence": "MIT"}
    return WorkerEntry(**{**values, "commit": git(source, "rev-parse", "HEAD~1"), **changes})


def test_the_pinned_commit_comes_and_no_other(repository: Path, tmp_path: Path) -> None:
    worker = entry(repository, path="code")
    fetch_code("tiny", worker, tmp_path / "code", tmp_path / "code.json")
    assert (tmp_path / "code" / "code" / "model.py").read_text() == "VERSION = 'first'\n"
    assert git(tmp_path / "code", "rev-list", "--count", "HEAD") == "1"
    origin = {"repository": worker.repository, "commit": worker.commit, "licence": "MIT"}
    assert json.loads((tmp_path / "code.json").read_text()) == origin


def test_fetching_again_undoes_changes(repository: Path, tmp_path: Path) -> None:
    for _ in range(2):
        fetch_code("tiny", entry(repository), tmp_path / "code", tmp_path / "code.json")
        assert "first" in (tmp_path / "code" / "code" / "model.py").read_text()
        (tmp_path / "code" / "code" / "model.py").write_text("VERSION = 'mine'\n")


def test_a_server_that_gives_single_commits_to_nobody_is_asked_for_all(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older protocol of git refuses a commit that no branch points to."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.version")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "0")
    fetch_code("tiny", entry(repository), tmp_path / "code", tmp_path / "code.json")
    assert "first" in (tmp_path / "code" / "code" / "model.py").read_text()


def test_hooks_of_the_user_do_not_run(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (hooks / "post-checkout").chmod(0o755)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.hooksPath")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(hooks))
    fetch_code("tiny", entry(repository), tmp_path / "code", tmp_path / "code.json")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"commit": "0" * 40}, f"tiny.commit: file://.*/vendor has no commit {'0' * 40}"),
        ({"path": "nowhere"}, "tiny.path: the repository has no folder 'nowhere'"),
        ({"repository": "file:///nowhere/at/all"}, "worker 'tiny': its code cannot be had: .*"),
    ],
)
def test_what_cannot_be_had_is_said_in_one_sentence(
    changes: dict[str, str], message: str, repository: Path, tmp_path: Path
) -> None:
    with pytest.raises(VendorFailed, match=message) as error:
        fetch_code("tiny", entry(repository, **changes), tmp_path / "code", tmp_path / "code.json")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "code.json").exists()


def test_a_tag_object_is_no_commit(repository: Path, tmp_path: Path) -> None:
    git(repository, "tag", "--annotate", "--message", "one", "v1", "HEAD~1")
    tag = git(repository, "rev-parse", "v1")
    with pytest.raises(VendorFailed, match=f"'{tag}' is no commit but leads to"):
        fetch_code("tiny", entry(repository, commit=tag), tmp_path / "code", tmp_path / "code.json")


def test_a_missing_git_is_named(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = entry(repository)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(VendorFailed, match="there is no command 'git'; install it"):
        fetch_code("tiny", worker, tmp_path / "code", tmp_path / "code.json")


def own(tmp_path: Path, requirements: str, **changes: Any) -> WorkerEntry:
    (tmp_path / "requirements.txt").write_text(requirements)
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    values = {"script": "x.py", "tasks": ["text_to_text"], "requirements": str(tmp_path / "requirements.txt")}
    return WorkerEntry(**{**values, "python": here, **changes})


def test_an_environment_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is a folder on this machine, so that no index is asked."""
    (tmp_path / "package" / "tiny_vendor").mkdir(parents=True)
    (tmp_path / "package" / "tiny_vendor" / "__init__.py").write_text("ANSWER = 42\n")
    (tmp_path / "package" / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "package" / "backend.py").write_text(BACKEND)
    worker = own(tmp_path, f"{tmp_path / 'package'}\n")
    build_environment("tiny", worker, tmp_path / "results/vendor/tiny/env", tmp_path / "env.json")
    monkeypatch.chdir(tmp_path)
    python = vendor.interpreter("tiny", worker)
    code = "import tiny_vendor, sys; print(tiny_vendor.ANSWER, 'pydantic' in sys.modules)"
    assert subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout == "42 False\n"
    without = subprocess.run([python, "-c", "import pydantic"], capture_output=True)
    assert without.returncode, "the project's own packages are in the worker's environment"
    written = json.loads((tmp_path / "env.json").read_text())
    assert any(package.startswith("tiny-vendor") for package in written["packages"])


@pytest.mark.parametrize(
    ("requirements", "changes", "message"),
    [
        ("/nowhere/at/all\n", {}, "worker 'tiny': its environment: .*requirements.txt cannot be had: "),
        ("", {"python": "3.99"}, "worker 'tiny' needs Python 3.99: install it so that python3.99 is a command"),
    ],
)
def test_an_environment_that_cannot_be_made(
    requirements: str, changes: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(VendorFailed, match=message):
        build_environment("tiny", own(tmp_path, requirements, **changes), tmp_path / "env", tmp_path / "env.json")
    assert not (tmp_path / "env.json").exists()


def test_a_worker_without_requirements_runs_in_this_environment(repository: Path) -> None:
    assert vendor.interpreter("tiny", entry(repository)) == Path(sys.executable)


@pytest.mark.parametrize("name", load_workers(Path(__file__).parents[2] / "config"))
def test_a_shipped_worker_is_pinned_and_says_what_it_is(name: str, root: Path) -> None:
    worker = load_workers(root / "config")[name]
    text = " ".join((root / worker.script).read_text().split())
    assert worker.repository.removeprefix("https://") in text
    assert worker.commit[:12] in text
    assert "NOT TRIED" in text
    assert set(re.findall(r'"(\w+_to_\w+|dialogue)"', text)) == set(worker.tasks)
    assert f"images={worker.images}" in text
    lines = [line for line in (root / worker.requirements).read_text().splitlines() if not line.startswith("#")]
    assert lines
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) or " @ https://" in line for line in lines)


def test_a_repository_without_a_commit_is_refused() -> None:
    with pytest.raises(ValueError, match="a 'repository' needs its 'commit' and the 'licence'"):
        WorkerEntry(script="x.py", tasks=["text_to_text"], repository="https://example.org/x", licence="MIT")


PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""

BACKEND = '''
import zipfile
from pathlib import Path

def build_wheel(folder, config_settings=None, metadata_directory=None):
    """The smallest build backend there is, so that nothing is downloaded to build with."""
    name = "tiny_vendor-1.0-py3-none-any.whl"
    meta = "Metadata-Version: 2.1\\nName: tiny-vendor\\nVersion: 1.0\\n"
    wheel = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    with zipfile.ZipFile(Path(folder) / name, "w") as archive:
        archive.write("tiny_vendor/__init__.py")
        archive.writestr("tiny_vendor-1.0.dist-info/METADATA", meta)
        archive.writestr("tiny_vendor-1.0.dist-info/WHEEL", wheel)
        archive.writestr("tiny_vendor-1.0.dist-info/RECORD", "")
    return name
'''
