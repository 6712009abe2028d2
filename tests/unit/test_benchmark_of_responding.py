"""The benchmark of the stage runs, on little; what it measures is for the benchmark itself to say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def run(root: Path, output: Path, *arguments: str) -> Any:
    command = [sys.executable, str(root / "benchmarks" / "respond.py"), "--output", str(output), *arguments]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-5000:]
    return json.loads(output.read_text())


def test_the_local_part(root: Path, tmp_path: Path) -> None:
    arguments = ["--part", "local", "--requests", "70", "--tokens", "2", "--repeats", "1"]
    found = run(root, tmp_path / "out.json", *arguments)
    assert found["local"]["requests"] == 70
    assert found["local"]["items_per_second"] > 0
    assert set(found["local"]["batched_times_one_by_one"]) == {"on_the_wall", "cpu_of_the_main_thread"}


def test_the_part_for_gpus_on_tiny_models(root: Path, tmp_path: Path) -> None:
    found = run(root, tmp_path / "out.json", "--gpu", "--tiny")
    assert found["device"] == "CPU, tiny shapes"
    assert found["Qwen2.5-7B"]["text_to_text"]["tokens_per_second"] > 0
    assert found["Janus-Pro-7B"]["image_to_text"]["tokens_per_second"] > 0
    assert found["SDXL"]["text_to_image"]["images_per_second"] > 0
    recovery = found["Qwen2.5-7B"]["out_of_memory"]
    assert recovery == {"batch": 64, "tried": [64, 32, 16, 16, 16, 16], "remembered": 16, "answers": 64}


@pytest.mark.parametrize(("name", "billions"), [("qwen", 7.6), ("janus", 7.0), ("sdxl", 3.5)])
def test_full_sizes_are_those_of_the_models(root: Path, name: str, billions: float) -> None:
    """Built without memory; the papers' counts, but that this Janus ties its word embeddings."""
    code = f"""
import sys
sys.path[:0] = ["benchmarks", "."]
import respond_gpu
import torch
with torch.device("meta"):
    model = respond_gpu.{name}()[0]
parts = [model] if isinstance(model, torch.nn.Module) else model.components.values()
parts = [part for part in parts if isinstance(part, torch.nn.Module)]
print(sum(weight.numel() for part in parts for weight in part.parameters()))
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-3000:]
    assert round(int(result.stdout.splitlines()[-1]) / 1e9, 1) == billions
