"""A folder in which workers can be run: the helper, and a table of workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

PROGRAMS = Path(__file__).parent / "workers"
TASKS = ["text_to_text", "dialogue", "text_to_image", "image_to_text"]


def workplace(root: Path, folder: Path) -> Path:
    """A folder with the project's helper, and the workers of the tests by the names of their programs."""
    (folder / "config").mkdir(parents=True)
    (folder / "workflow").mkdir()
    (folder / "workflow" / "workers").symlink_to(root / "workflow" / "workers")
    (folder / "many.py").write_text((PROGRAMS / "unruly.py").read_text())
    tiny = {"script": str(PROGRAMS / "tiny.py"), "tasks": TASKS, "images": 1}
    unruly = {"script": str(PROGRAMS / "unruly.py"), "tasks": TASKS, "images": 2, "answer_seconds": 20}
    write_table(folder, {"tiny": tiny, "unruly": unruly, "many": {**unruly, "script": "many.py"}})
    (folder / "weights").mkdir()
    return folder


def add_worker(folder: Path, name: str, program: str, **entry: Any) -> None:
    """Add a worker whose program is the text ``program``."""
    (folder / f"{name}.py").write_text(program)
    table = yaml.safe_load((folder / "config" / "workers.yaml").read_text())
    write_table(folder, {**table, name: {"script": f"{name}.py", "tasks": ["text_to_text"], **entry}})


def change_worker(folder: Path, name: str, **entry: Any) -> None:
    """Change keys of a worker."""
    table = yaml.safe_load((folder / "config" / "workers.yaml").read_text())
    write_table(folder, {**table, name: {**table[name], **entry}})


def write_table(folder: Path, table: dict[str, Any]) -> None:
    """Write the table of workers."""
    (folder / "config" / "workers.yaml").write_text(yaml.safe_dump(table))
