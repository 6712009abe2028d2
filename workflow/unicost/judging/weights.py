"""The checkpoints of judges on this machine: which one a judge needs, and bringing it into the results."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from unicost import registry
from unicost.checkpoints.loading import BadCheckpoint, model_type
from unicost.config import digest
from unicost.config.judging import PluginEntry
from unicost.judging.local import weights_revision
from unicost.store import write_json


class Wanted(NamedTuple):
    """A checkpoint: a folder or ``owner/name`` on the hub, and there its revision, a commit or ``main``."""

    checkpoint: str
    revision: str | None


def wanted_by(entry: PluginEntry) -> Wanted | None:
    """The checkpoint that a judge loads here; None for judges that load none."""
    plugin = registry.resolve("judge", entry.plugin)
    if not hasattr(plugin, "local_checkpoint"):
        return None
    name, revision = plugin.local_checkpoint(**entry.options)
    return Wanted(name, revision) if name else None


def fetch(entry: PluginEntry, destination: Path) -> None:
    """Link a judge's checkpoint in the folder ``destination``, and write its provenance beside it, with ``.json``.

    Raises ``BadCheckpoint`` for a folder that is none, and ``checkpoints.hub.HubFailed``.
    """
    from unicost.checkpoints.hub import download

    wanted = wanted_by(entry)
    if wanted is None:
        raise BadCheckpoint(f"judge '{entry.plugin}' loads no checkpoint")
    destination.mkdir(parents=True, exist_ok=True)
    folder = Path(wanted.checkpoint).expanduser()
    origin: Mapping[str, Any]
    if folder.is_dir():
        model_type(folder)
        for path in folder.resolve().rglob("*"):
            if path.is_file():
                link = destination / path.relative_to(folder.resolve())
                link.parent.mkdir(parents=True, exist_ok=True)
                link.unlink(missing_ok=True)
                link.symlink_to(path)
        origin, revision = {"folder": wanted.checkpoint}, weights_revision(folder)
    else:
        origin = download(wanted.checkpoint, destination, revision=wanted.revision or "main")
        revision = digest(origin["repository"], origin["commit"])
    write_json(destination.with_name(f"{destination.name}.json"), {"origin": origin, "revision": revision})
