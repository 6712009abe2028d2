"""``unicost doctor`` holds what entries ask for against the GPUs and the memory of this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.doctoring import change, checkpoint, lacks, one_model


@pytest.fixture
def driver(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver with two GPUs of 24 GB."""
    file = project / "bin" / "nvidia-smi"
    file.parent.mkdir()
    listed = "".join(f"echo 'GPU {number}: A GPU (UUID: GPU-{number})'\n" for number in range(2))
    queried = "".join(f"echo '{number}, GPU-{number}, A GPU, 22888'\n" for number in range(2))
    file.write_text(f'#!/bin/sh\nif [ "$1" = --list-gpus ]; then\n{listed}else\n{queried}fi\n')
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(file.parent), prepend=os.pathsep)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


BOTH = "2 GPUs (A GPU with 24 GB, A GPU with 24 GB)"


@pytest.mark.parametrize(
    ("visible", "wanted", "seen"),
    [
        (None, 2, None),
        (None, 3, BOTH),
        ("0", 2, "1 GPU (A GPU with 24 GB)"),
        ("GPU-1", 2, "1 GPU (A GPU with 24 GB)"),
        ("", 1, "none that a job can see"),
        (None, 0, None),
    ],
)
@pytest.mark.usefixtures("driver")
def test_gpus(
    project: Path, monkeypatch: pytest.MonkeyPatch, visible: str | None, wanted: int, seen: str | None
) -> None:
    """A job sees those of CUDA_VISIBLE_DEVICES."""
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    checkpoint(project)
    one_model(project, gpus=wanted)
    found = [lack.sentence for lack in lacks(project, "mine") if lack.sort == "GPUs"]
    asked = f"model 'mine' wants {wanted} GPU{'s' if wanted > 1 else ''}; this machine has {seen}"
    assert [sentence.partition(": ")[0] for sentence in found] == ([] if seen is None else [asked])


@pytest.mark.usefixtures("driver")
def test_weights_that_no_gpu_holds(project: Path) -> None:
    checkpoint(project)
    one_model(project, gpus=1)
    for size, fits in ((23.0, True), (25.0, False)):
        change(project / "config/throughput.yaml", "models", "mine", value={"weights_gb": size})
        found = [lack.sentence for lack in lacks(project, "mine") if lack.sort == "GPUs"]
        told = f"model 'mine' wants 1 GPU with room for its weights, {size:g} GB on disk, and a third more, more than "
        assert [sentence.partition(" can hold")[0] for sentence in found] == ([] if fits else [told + BOTH])


def test_a_judge_that_wants_what_is_not_here(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    checkpoint(project)
    one_model(project)
    change(project / "config/studies/mine.yaml", "judges", value=["rules", "trained", "harmbench"])
    change(project / "config/judges.yaml", "judges", "harmbench", "memory_gb", value=90000)
    told = {lack.sort: lack.sentence for lack in lacks(project, "mine") if lack.sort in ("GPUs", "memory")}
    assert told["GPUs"].startswith("judge 'harmbench' wants 1 GPU; this machine has none that a job can see: ")
    assert told["memory"].startswith("judge 'harmbench' asks for 90000 GB of main memory")


def test_main_memory_that_is_not_there(project: Path) -> None:
    checkpoint(project)
    one_model(project, memory_gb=1)
    assert lacks(project, "mine") == []
    one_model(project, memory_gb=90000)
    (lack,) = lacks(project, "mine")
    assert lack.sort == "memory"
    assert lack.sentence.startswith("model 'mine' asks for 90000 GB of main memory (`memory_gb` of its entry) and this")
