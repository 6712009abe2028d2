"""Folders that ``from_pretrained`` loads, complete but for the trained weights, which are zero.

Making one takes PyTorch and transformers, whose import takes longer than all else that unpacking does; putting weights
into one takes NumPy. So the workflow makes them once for all models of a study.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors import numpy as safetensors

VQ_PREFIX: Final = "model.vqmodel."
"""State keys of the image tokenizer: set by hand, frozen, never stored."""
_WEIGHTS: Final = "model.safetensors"


def write_skeletons(folder: str | Path) -> None:
    """Write ``folder/janus`` and ``folder/llama`` with ``save_pretrained``."""
    from unicost.miniature import architecture
    from unicost.miniature.tokenizer import build_tokenizer

    _write(Path(folder) / "janus", architecture.new_janus(), architecture.build_processor())
    _write(Path(folder) / "llama", architecture.new_llama(), build_tokenizer())


def fill(skeleton: Path, content: bytes, destination: Path) -> None:
    """Copy a skeleton to ``destination``, with the stored weights of the safetensors ``content`` in single precision.

    Raises ``ValueError`` where they are of another architecture.
    """
    state, stored = _read(skeleton), safetensors.load(content)
    wanted = {name for name in state if not name.startswith(VQ_PREFIX)}
    if wanted != set(stored):
        odd = sorted(wanted ^ set(stored))
        raise ValueError(f"the weights are of another architecture: {len(odd)} tensors differ, the first is {odd[0]}")
    wrong = [name for name in sorted(wanted) if state[name].shape != stored[name].shape]
    if wrong:
        raise ValueError(f"the weights are of another architecture: {wrong[0]} has another shape")
    shutil.copytree(skeleton, destination, dirs_exist_ok=True, ignore=shutil.ignore_patterns(_WEIGHTS))
    _save(destination, state | {name: value.astype(np.float32) for name, value in stored.items()})


def _write(folder: Path, model: Any, texts: Any) -> None:
    """A new model and its tokenizer or processor; fresh weights are drawn at random and would differ every time."""
    model.eval().save_pretrained(folder)
    texts.save_pretrained(folder)
    state = _read(folder)
    trained = {name: np.zeros_like(value) for name, value in state.items() if not name.startswith(VQ_PREFIX)}
    _save(folder, state | trained)


def _read(folder: Path) -> dict[str, np.ndarray]:
    return safetensors.load((folder / _WEIGHTS).read_bytes())


def _save(folder: Path, state: dict[str, np.ndarray]) -> None:
    safetensors.save_file(state, folder / _WEIGHTS, metadata={"format": "pt"})
