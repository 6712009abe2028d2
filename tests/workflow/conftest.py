"""A project of its own for each test: the repository's files, a small benchmark, and the real Snakemake."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ARMS = ("base", "control", "understanding", "generation", "unified")
MODELS = [f"{arm}-seed{seed}" for arm in ARMS for seed in (0, 1)]
PARTS = ["Snakefile", "config", "workflow", "paper", "profiles", "envs", "CITATION.cff"]


@dataclass
class Project:
    """A checkout in which Snakemake can be run."""

    folder: Path

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]

    def environment(self) -> dict[str, str]:
        """The package is imported from this checkout, so that a test may change its files."""
        return {**os.environ, "PYTHONPATH": str(self.folder / "workflow"), "OMP_NUM_THREADS": "1"}

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Snakemake to its end; standard output and standard error are one text."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def planned(self, *targets: str) -> list[tuple[str, str]]:
        """The jobs that a run would do: (rule, wildcards) of each."""
        result = self.snakemake("--dry-run", *targets)
        assert result.returncode == 0, result.stdout
        jobs, rule = [], ""
        for line in result.stdout.splitlines():
            if line.strip().startswith(("rule ", "localrule ")):  # indented in a group of jobs
                rule = line.split()[1].rstrip(":")
                jobs.append((rule, ""))
            elif line.strip().startswith("wildcards:"):
                jobs[-1] = (rule, line.split(":", 1)[1].strip())
        return jobs

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text()
        assert old in text, f"{file} does not contain {old!r}"
        path.write_text(text.replace(old, new, 1))

    def update(self, file: str, *keys: str, value: object) -> None:
        """Set one key of a YAML file."""
        path = self.folder / file
        data = yaml.safe_load(path.read_text())
        section = data
        for key in keys[:-1]:
            section = section[key]
        section[keys[-1]] = value
        path.write_text(yaml.safe_dump(data, sort_keys=False))


def new_project(root: Path, folder: Path, models: Sequence[str] | None = None, studies: Sequence[str] = ()) -> Project:
    """Copy the repository's files to ``folder``, with small benchmarks, and two seeds of the arms unless told."""
    folder.mkdir(parents=True)
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for part in PARTS:
        source = root / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=ignore)
        else:
            shutil.copy2(source, folder / part)
    project = Project(folder)
    project.update("config/datasets.yaml", "miniature_world", "options", value={"per_cell": 2})
    project.update("config/datasets.yaml", "bundled", "options", value={"categories": ["Bias"], "resolution": 224})
    project.update("config/studies/miniature.yaml", "models", value=list(models or MODELS))
    if studies:
        project.update("config/config.yaml", "studies", value=list(studies))
    return project


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Project:
    """A fresh project in which nothing has run."""
    return new_project(root, tmp_path / "project")
