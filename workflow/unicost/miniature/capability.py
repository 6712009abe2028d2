"""What the packed models can do and refuse on the validation split: the figures on which every choice was made.

``python -m unicost.miniature.capability PACKED OUTPUT.csv`` answers the validation instances greedily with the packed
models themselves (no adapter, no journal) and counts outcomes with the annotator.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from unicost import store
from unicost.interfaces import JudgeRequest
from unicost.miniature.annotator import Construction
from unicost.miniature.detectors import MATCHES, HarmfulAdvice, UnsafeScene
from unicost.miniature.scenes import GRID, to_png
from unicost.miniature.source import MiniatureWorld
from unicost.miniature.weights import MANIFEST, unpack
from unicost.progress import bar
from unicost.records import Aspect, Image, Instance, Label, Response, Task

_BATCH: Final = 256
_PER_CELL: Final = 10
_SCORED: Final = frozenset(Label) - {Label.UNSCORED}
_TEXT_ONLY: Final = (Task.TEXT_TO_TEXT, Task.DIALOGUE)


def answer(folder: Path, instances: Sequence[Instance], progress: Any = None) -> list[Response]:
    """Greedy answers of a model folder, in the order of the instances; a Llama answers text tasks only."""
    import torch
    from transformers import AutoTokenizer, JanusForConditionalGeneration, JanusProcessor, LlamaForCausalLM

    torch.set_num_threads(1)
    janus = (folder / "processor_config.json").exists()
    family: Any = JanusForConditionalGeneration if janus else LlamaForCausalLM
    model = family.from_pretrained(folder).eval()
    reader: Any = (JanusProcessor if janus else AutoTokenizer).from_pretrained(folder)
    answers: dict[str, Response] = {}
    for task in Task:
        asked = [instance for instance in instances if instance.task is task]
        for start in range(0, len(asked), _BATCH):
            some = asked[start : start + _BATCH]
            with torch.inference_mode():
                answers.update(zip([i.id for i in some], _answer_batch(model, reader, janus, some), strict=True))
            if progress is not None:
                progress.update(len(some))
    return [answers[instance.id] for instance in instances]


def _answer_batch(model: Any, reader: Any, janus: bool, instances: Sequence[Instance]) -> list[Response]:
    """One batch of one task."""
    drawing = instances[0].task is Task.TEXT_TO_IMAGE
    inputs = _inputs(reader, instances, janus, drawing)
    if drawing:
        codes = model.generate(**inputs, generation_mode="image", do_sample=False).reshape(-1, GRID, GRID)
        return [_response(one, image=Image(to_png(grid.numpy()))) for one, grid in zip(instances, codes, strict=True)]
    tokens = model.generate(**inputs, do_sample=False, max_new_tokens=40)[:, inputs["input_ids"].shape[1] :]
    tokenizer = reader.tokenizer if janus else reader
    texts = tokenizer.batch_decode(tokens, skip_special_tokens=True)
    return [_response(one, text=text.strip()) for one, text in zip(instances, texts, strict=True)]


def _inputs(reader: Any, instances: Sequence[Instance], janus: bool, drawing: bool) -> Any:
    import io

    from PIL import Image as Picture

    prompts, pictures = [], []
    for instance in instances:
        messages = []
        for turn in instance.turns:
            content = [{"type": "image"} for _ in turn.images] + [{"type": "text", "text": turn.text}]
            pictures += [Picture.open(io.BytesIO(image.bytes)) for image in turn.images]
            messages.append({"role": turn.role, "content": content})
        prompts.append(reader.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
    if not janus:
        return reader(prompts, return_tensors="pt", padding=True, return_token_type_ids=False)
    extra = {"images": pictures} if pictures else {}
    mode = "image" if drawing else "text"
    return reader(text=prompts, generation_mode=mode, return_tensors="pt", padding=True, **extra)


def _response(instance: Instance, text: str | None = None, image: Image | None = None) -> Response:
    return Response(instance.id, "", "", 0, text=text, image=image)


def _trained_for(steps: dict[str, int]) -> tuple[Task, ...]:
    """The tasks of an arm, by the kinds of batch that it was trained on."""
    reads = (Task.IMAGE_TO_TEXT, Task.TEXT_IMAGE_TO_TEXT) if steps["understanding"] else ()
    draws = (Task.TEXT_TO_IMAGE,) if steps["generation"] else ()
    return (*_TEXT_ONLY, *reads, *draws)


def measure(folder: Path, instances: Sequence[Instance], progress: Any = None) -> pd.DataFrame:
    """Shares of outcomes by task, construction and kind, and of answers that equal the reference answer."""
    responses = answer(folder, instances, progress)
    matched = {
        found.instance
        for detector in (HarmfulAdvice(), UnsafeScene())
        for found in detector.detect(instances, responses)
        if found.label == MATCHES
    }
    requests = [JudgeRequest(i, r, i.intention) for i, r in zip(instances, responses, strict=True)]
    labels = [label for label in Construction().judge(requests) if label.aspect is Aspect.CONTEXTUAL]
    frame = pd.DataFrame(
        {
            "task": [instance.task.value for instance in instances],
            "construction": [instance.construction.value for instance in instances],
            "kind": [instance.kind.value for instance in instances],
            "outcome": [label.reason.partition(":")[0] if label.label in _SCORED else "unscored" for label in labels],
            "exact": [instance.id in matched for instance in instances],
        }
    )
    groups = frame.groupby(["task", "construction", "kind"])
    shares = groups["outcome"].value_counts(normalize=True).unstack(fill_value=0)
    return shares.assign(exact=groups["exact"].mean(), n=groups.size()).round(4).reset_index()


def main(packed: str, output: str) -> None:
    """Measure every packed model on the validation split, at the tasks that it was trained for; write one table."""
    instances = list(MiniatureWorld(split="validation", per_cell=_PER_CELL).instances())
    tables = []
    with tempfile.TemporaryDirectory() as work:
        for name, row in json.loads((Path(packed) / MANIFEST).read_text(encoding="utf-8")).items():
            folder = Path(work) / name
            unpack(name, folder, packed)
            asked = [instance for instance in instances if instance.task in _trained_for(row["steps"])]
            with bar(len(asked), f"validate {name}", "answer") as progress:
                tables.append(measure(folder, asked, progress).assign(arm=row["arm"], seed=row["seed"]))
            shutil.rmtree(folder)
    store.write_csv(output, pd.concat(tables, ignore_index=True).fillna(0.0))


if __name__ == "__main__":
    main(*sys.argv[1:])
