"""A copy of the configuration that the doctor looks at, with a study of one model."""

from __future__ import annotations

from pathlib import Path

import yaml
from unicost.config import Settings, load_settings
from unicost.doctor.lacks import Lack
from unicost.doctor.report import examine


def change(file: Path, *keys: str, value: object) -> None:
    """Set one key of a YAML file."""
    data = yaml.safe_load(file.read_text())
    section = data
    for key in keys[:-1]:
        section = section[key]
    section[keys[-1]] = value
    file.write_text(yaml.safe_dump(data, sort_keys=False))


def settings(project: Path) -> Settings:
    return load_settings(yaml.safe_load((project / "config/config.yaml").read_text()))


def lacks(project: Path, study: str) -> list[Lack]:
    return examine(settings(project), [study])[study]


def one_model(project: Path, **run: object) -> None:
    """A study `mine` of one model that is run as told."""
    decided = {"adapter": "causal_lm", "weights": "folder", "checkpoint": "weights"} | run
    model = {"display_name": "Mine", "kind": "llm", "run": decided}
    (project / "config/models/mine.yaml").write_text(yaml.safe_dump({"models": {"mine": model}}))
    study = yaml.safe_load((project / "config/studies/miniature.yaml").read_text())
    study |= {"models": ["mine"], "protocol": None, "tasks": ["text_to_text"]}
    study["analysis"] = {"common_tasks": ["text_to_text"]}
    (project / "config/studies/mine.yaml").write_text(yaml.safe_dump(study))


def checkpoint(project: Path) -> None:
    folder = project / "weights"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "model.safetensors").write_bytes(b"")
