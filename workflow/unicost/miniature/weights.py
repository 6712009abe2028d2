"""Storing the miniature models small, and rebuilding the folders that ordinary adapters load.

``pack`` writes half-precision safetensors without the image tokenizer (it is set by hand, see ``palette_vq``) and lists
them in ``manifest.json``. ``unpack`` checks them against the manifest and writes a folder that plain
``from_pretrained`` calls load: model, tokenizer with chat template, generation config and, for Janus, the processor.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from unicost import store
from unicost.miniature.skeletons import fill, write_skeletons
from unicost.registry import did_you_mean

if TYPE_CHECKING:
    from unicost.miniature.recipes import Recipes

SHIPPED: Final = Path(__file__).resolve().parents[2] / "resources" / "miniature" / "weights"
"""Folder of the weights that ship."""
MANIFEST: Final = "manifest.json"


class BadWeights(ValueError):
    """Weights that are missing, damaged or of another architecture; the message names the file."""


def pack(recipes: Recipes, name: str, seed: int, trained: str | Path, destination: str | Path) -> dict[str, Any]:
    """Store the trained weights of one model as ``<name>-seed<k>.safetensors``; returns its row of the manifest."""
    import torch
    from safetensors import safe_open
    from safetensors.torch import save

    with safe_open(trained, framework="pt") as file:
        header = file.metadata() or {}
        state = {key: file.get_tensor(key).to(torch.float16) for key in file.keys()}  # noqa: SIM118 - not a mapping
    fingerprint = recipes.fingerprint(name)
    if header.get("fingerprint") != fingerprint:
        raise BadWeights(
            f"{trained}: trained by recipe {header.get('fingerprint')}, but '{name}' now has recipe {fingerprint}; "
            "train it again"
        )
    path = Path(destination) / f"{name}-seed{seed}.safetensors"
    content = save(state, metadata={"fingerprint": fingerprint})
    with store.atomic(path, "wb") as stream:
        stream.write(content)
    steps = recipes.base.steps if name == "base" else recipes.arm(name).steps
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "architecture": "janus" if name != "base" and recipes.arm(name).janus else "llama",
        "recipe": fingerprint,
        "arm": name,
        "seed": seed,
        "steps": steps.model_dump(),
    }


def pack_all(
    recipes: Recipes, trained: str | Path, destination: str | Path, checkpoints: Collection[str] | None = None
) -> None:
    """Pack models from ``trained/<name>-seed<k>/weights.safetensors`` and write the manifest.

    ``checkpoints`` are the names ``<name>-seed<k>`` of those wanted, all models of all seeds by default. Files of
    models that are not wanted any more are removed from ``destination``.
    """
    rows = {
        f"{name}-seed{seed}": pack(
            recipes, name, seed, Path(trained) / f"{name}-seed{seed}" / "weights.safetensors", destination
        )
        for seed in recipes.seeds
        for name in recipes.names()
        if checkpoints is None or f"{name}-seed{seed}" in checkpoints
    }
    for path in Path(destination).glob("*-seed*.safetensors"):
        if path.stem not in rows:
            path.unlink()
    store.write_json(Path(destination) / MANIFEST, rows)


def unpack(
    checkpoint: str, destination: str | Path, packed: str | Path = SHIPPED, skeletons: str | Path | None = None
) -> dict[str, Any]:
    """Rebuild the ``save_pretrained`` folder of a packed model; returns its row of the manifest, plus its name.

    ``packed`` is the folder with the manifest: the shipped one by default, or one that was packed from fresh training.
    ``skeletons`` is a folder that ``write_skeletons`` made; without it they are made anew, which takes seconds. Raises
    ``BadWeights`` where a file is missing, truncated or altered. The folder appears whole or not at all.
    """
    row, content = verified(checkpoint, Path(packed))
    destination = Path(destination)
    destination.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=destination.parent, prefix=f".{destination.name}."))
    try:
        if skeletons is None:
            skeletons = work / "skeletons"
            write_skeletons(skeletons)
        try:
            fill(Path(skeletons) / row["architecture"], content, work / "filled")
        except ValueError as error:
            raise BadWeights(f"{Path(packed) / checkpoint}.safetensors: {error}") from None
        shutil.rmtree(destination, ignore_errors=True)
        (work / "filled").rename(destination)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return {"checkpoint": checkpoint, **row}


def verified(checkpoint: str, packed: Path) -> tuple[dict[str, Any], bytes]:
    """The manifest's row of a checkpoint and the content of its file, once its hash was found right."""
    manifest = packed / MANIFEST
    try:
        rows = json.loads(manifest.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadWeights(f"{manifest}: no such file; restore it or pack the weights again") from None
    except json.JSONDecodeError as error:
        raise BadWeights(f"{manifest}: not JSON ({error}); restore it or pack the weights again") from None
    if checkpoint not in rows:
        raise BadWeights(f"{manifest}: no checkpoint '{checkpoint}': {did_you_mean(checkpoint, list(rows))}")
    row: dict[str, Any] = rows[checkpoint]
    path = packed / f"{checkpoint}.safetensors"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise BadWeights(f"{path}: no such file, though {MANIFEST} lists it; restore it or train it again") from None
    if len(content) != row["bytes"]:
        raise BadWeights(f"{path}: {len(content)} bytes where {MANIFEST} says {row['bytes']}; restore the file")
    if hashlib.sha256(content).hexdigest() != row["sha256"]:
        raise BadWeights(f"{path}: its SHA-256 is not the one in {MANIFEST}; restore the file")
    return row, content
