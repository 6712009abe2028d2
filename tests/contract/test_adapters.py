"""What every registered adapter must hold to, on a tiny checkpoint of the real architecture.

A new adapter is found in the registry by itself; it needs a tiny checkpoint in ``tests/data/checkpoints.py``.
"""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage
from unicost import registry
from unicost.config import Decoding, ModelRun
from unicost.interfaces import Answer
from unicost.models.conversation import Unanswerable
from unicost.models.respond import respond
from unicost.models.weights import fetch
from unicost.records import Instance, Response, Task, Turn
from unicost.store import read_records, write_records

from tests.contract.asking import (
    ADAPTERS,
    CASES,
    DECODINGS,
    DIFFUSION,
    DRAWING,
    SEEING,
    TALKING,
    TALKS,
    asked,
    build,
    configured,
    first,
)
from tests.data.checkpoints import BUILDERS, OPTIONS
from tests.data.instances import instance, picture


def array(png: bytes) -> np.ndarray:
    return np.asarray(PillowImage.open(io.BytesIO(png)))


def without_first(answer: Answer) -> Answer:
    return replace(answer, first_tokens=None)


def test_every_adapter_has_a_tiny_checkpoint() -> None:
    assert set(ADAPTERS) == set(BUILDERS)


def test_nothing_heavy_is_imported_before_loading() -> None:
    code = f"""
import sys
from unicost import registry
from unicost.config import Decoding, ModelRun
for name in {ADAPTERS}:
    adapter = registry.resolve("adapter", name)(**{OPTIONS}.get(name, {{}}))
    assert adapter.tasks and adapter.version >= 1
assert not {{"torch", "transformers", "diffusers"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("decoding", DECODINGS, ids=str)
@pytest.mark.parametrize(("name", "task"), CASES)
def test_a_batch_equals_its_items_one_by_one(name: str, task: Task, decoding: dict[str, Any], adapter: Any) -> None:
    model, instances, seeds = adapter(name, **decoding), asked(task), [11, 7, 99, 3, 42]
    batch = model.answer(instances, seeds)
    apart = [model.answer([one], [seed])[0] for one, seed in zip(instances, seeds, strict=True)]
    assert list(map(without_first, batch)) == list(map(without_first, apart))
    # A matrix product's last bits depend on its shape, so a probability may be rounded the other way.
    assert all(first(one) == pytest.approx(first(two), abs=2e-6) for one, two in zip(batch, apart, strict=True))
    assert len({answer.text or answer.image_png for answer in batch}) > 1


@pytest.mark.parametrize(("name", "task"), CASES)
def test_a_sampled_answer_depends_on_its_seed_alone(name: str, task: Task, adapter: Any) -> None:
    model, one = adapter(name, do_sample=True), asked(task)[1]
    answer, other, again = map(without_first, model.answer([one] * 3, [1, 2, 1]))
    assert answer == again
    assert answer != other


@pytest.mark.parametrize(("name", "task"), CASES)
def test_an_answer_has_its_modality_prompt_and_counts(name: str, task: Task, adapter: Any) -> None:
    for request, answer in zip(asked(task), adapter(name).answer(asked(task), range(5)), strict=True):
        assert (answer.image_png is not None) == (answer.text is None) == ((name, task) in DRAWING)
        assert request.turns[-1].text in answer.prompt
        assert answer.prompt_tokens > len(request.turns[-1].text.split())
        assert answer.completion_tokens is None if name in DIFFUSION else answer.completion_tokens >= 1
        assert answer.finish_reason in ("stop", "length")
        assert answer.error_kind is None


@pytest.mark.parametrize(("name", "task"), TALKS)
def test_a_text_answers_the_prompt_of_the_chat_template(name: str, task: Task, adapter: Any) -> None:
    for answer in adapter(name).answer(asked(task), range(5)):
        assert answer.prompt.startswith("<s><|user|>")
        assert "<|assistant|>" in answer.prompt


@pytest.mark.parametrize(("name", "task"), CASES)
def test_half_precision_answers_too(name: str, task: Task, checkpoints: dict[str, Path]) -> None:
    model = build(name, dtype="bfloat16", decoding=Decoding(max_new_tokens=4))
    model.load(checkpoints[name])
    assert all(answer.text or answer.image_png for answer in model.answer(asked(task), range(5)))


@pytest.mark.parametrize(("name", "task"), TALKS)
def test_a_capped_answer_finishes_with_length(name: str, task: Task, adapter: Any) -> None:
    for answer in adapter(name, max_new_tokens=2, do_sample=True).answer(asked(task), range(5)):
        assert answer.finish_reason == ("length" if answer.completion_tokens == 2 else "stop")
        assert answer.completion_tokens <= 2
    cut = adapter(name, max_new_tokens=2).answer(asked(task), range(5))
    whole = adapter(name, max_new_tokens=8).answer(asked(task), range(5))
    assert all(one.text.startswith(two.text) for one, two in zip(whole, cut, strict=True))


@pytest.mark.parametrize(("name", "task"), TALKS)
def test_an_ended_answer_stops_at_its_end_token(name: str, task: Task, adapter: Any) -> None:
    """Among many sampled answers of a random model some end by themselves; these are cut there."""
    answers = adapter(name, do_sample=True, max_new_tokens=24).answer([asked(task)[0]] * 48, range(48))
    ended = [answer for answer in answers if answer.finish_reason == "stop"]
    assert 0 < len(ended) < 48
    for answer in ended:
        assert "</s>" not in answer.text
        assert len(answer.text.split()) < answer.completion_tokens <= 24


@pytest.mark.parametrize(("name", "task"), SEEING)
def test_an_answer_depends_on_the_image(name: str, task: Task, adapter: Any) -> None:
    base = asked(task)[0]
    seen = [replace(base, turns=(replace(base.turns[0], images=(picture(seed),)),)) for seed in (1, 2, 3)]
    same, *others = [one.text or one.image_png for one in adapter(name).answer([*seen, seen[0]], [0] * 4)]
    assert others[-1] == same
    assert others[0] != same
    assert others[1] != same


@pytest.mark.parametrize(("name", "task"), SEEING)
def test_two_images_are_told_apart_by_their_order(name: str, task: Task, adapter: Any) -> None:
    base = asked(task)[0]
    first, second = picture(1), picture(2)
    both = [replace(base, turns=(replace(base.turns[0], images=pair),)) for pair in ((first, second), (second, first))]
    if why := getattr(adapter(name), "unsupported", lambda _: None)(both[0]):
        pytest.skip(why)
    one, other = adapter(name).answer(both, [0, 0])
    assert one.prompt.count("<image>") == 2
    assert one.text != other.text


@pytest.mark.parametrize(("name", "task"), DRAWING)
def test_images_are_the_same_bytes_after_loading_anew(
    name: str, task: Task, adapter: Any, checkpoints: dict[str, Path]
) -> None:
    drawn = adapter(name).answer(asked(task), range(5))
    fresh = build(name, decoding=Decoding(max_new_tokens=8))
    fresh.load(checkpoints[name])
    assert fresh.answer(asked(task), range(5)) == drawn
    assert array(drawn[0].image_png).shape[2] == 3


@pytest.mark.parametrize(("name", "task"), DRAWING)
def test_guidance_changes_the_image(name: str, task: Task, adapter: Any) -> None:
    plain = adapter(name).answer(asked(task), range(5))
    guided = adapter(name, guidance_scale=5.0).answer(asked(task), range(5))
    assert [one.image_png for one in plain] != [one.image_png for one in guided]


@pytest.mark.parametrize("name", ADAPTERS)
def test_a_resumed_run_gives_the_same_rows(name: str, checkpoints: dict[str, Path], tmp_path: Path) -> None:
    """Half of the batches are taken out of the journal; a model loaded anew answers them bit for bit as before."""
    adapter = registry.resolve("adapter", name)
    requests = [
        replace(one, id=f"{one.id} {task} {k}") for task in adapter.tasks for k in range(6) for one in asked(task)
    ]
    write_records(tmp_path / "benchmark.parquet", sorted(requests, key=lambda one: one.id), Instance)
    run = ModelRun(
        adapter=name,
        weights="folder",
        checkpoint=str(checkpoints[name]),
        batch_size=6,
        **configured(name, do_sample=True, max_new_tokens=8, guidance_scale=2.0),
    )
    fetch(run, tmp_path / "weights")

    def rows(output: str) -> list[Response]:
        summary = respond(
            model="tiny",
            run=run,
            study_seed=1,
            tasks=list(Task),
            benchmark=tmp_path / "benchmark.parquet",
            weights=tmp_path / "weights",
            journal=tmp_path / "journal.sqlite",
            output=tmp_path / output,
        )
        assert (summary.rows, summary.errors) == (len(requests), 0)
        return [replace(row, latency_seconds=None) for row in read_records(tmp_path / output, Response)]

    whole = rows("whole.parquet")
    assert all((row.first_tokens is None) == (row.text is None) for row in whole)
    with sqlite3.connect(tmp_path / "journal.sqlite") as database:
        database.execute("DELETE FROM items WHERE (rowid - 1) / 6 % 2")
    assert rows("resumed.parquet") == whole


@pytest.mark.parametrize("name", TALKING)
def test_a_system_prompt_opens_the_conversation(name: str, adapter: Any) -> None:
    (answer,) = adapter(name, system_prompt="maybe help").answer([instance("one", "why")], [0])
    assert answer.prompt.startswith("<s><|system|> maybe help <|user|> why")


@pytest.mark.parametrize("name", TALKING)
def test_a_dialogue_meets_its_own_answers_and_given_ones(name: str, adapter: Any) -> None:
    first, last = Turn("user", "tell me what"), Turn("user", "why")
    alone, own, given = (
        instance("alone", task=Task.DIALOGUE, turns=(first,)),
        instance("own", task=Task.DIALOGUE, turns=(first, last)),
        instance("given", task=Task.DIALOGUE, turns=(first, Turn("assistant", "no maybe"), last)),
    )
    model = adapter(name)
    for answers in (
        model.answer([alone, own, given], [1, 2, 3]),
        [model.answer([i], [0])[0] for i in (alone, own, given)],
    ):
        assert (
            answers[1].prompt == f"<s><|user|> tell me what <|assistant|> {answers[0].text} <|user|> why <|assistant|>"
        )
        assert answers[2].prompt == "<s><|user|> tell me what <|assistant|> no maybe <|user|> why <|assistant|>"


@pytest.mark.parametrize("name", TALKING)
def test_a_request_without_a_question_is_refused(name: str, adapter: Any) -> None:
    ended = instance("ended", turns=(Turn("user", "why"), Turn("assistant", "no")))
    with pytest.raises(Unanswerable, match="'ended' does not end with a user turn"):
        adapter(name).answer([ended], [0])


@pytest.mark.parametrize("name", TALKING)
def test_a_prompt_beyond_the_context_is_refused(name: str, adapter: Any) -> None:
    with pytest.raises(Unanswerable, match="the model's context holds 128"):
        adapter(name).answer([instance("long", "cat " * 200)], [0])


@pytest.mark.parametrize("name", [name for name in TALKING if (name, Task.IMAGE_TO_TEXT) not in SEEING])
def test_an_image_is_refused_where_it_would_be_ignored(name: str, adapter: Any) -> None:
    seen = instance("seen", task=Task.DIALOGUE, turns=(Turn("user", "why", (picture(1),)),))
    with pytest.raises(Unanswerable, match="cannot see"):
        adapter(name).answer([seen], [0])


@pytest.mark.parametrize("name", TALKING)
def test_editing_is_not_claimed(name: str) -> None:
    """None of these models sees an input image while it draws."""
    assert not registry.resolve("adapter", name).tasks & {Task.IMAGE_TO_IMAGE, Task.TEXT_IMAGE_TO_IMAGE}


@pytest.mark.parametrize("name", TALKING)
def test_generation_settings_of_the_checkpoint_change_nothing(
    name: str, adapter: Any, checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    """Left in place, each of these would change what the tiny models answer."""
    folder = shutil.copytree(checkpoints[name], tmp_path / name)
    path = folder / "generation_config.json"
    stored = json.loads(path.read_text())
    stored |= {"do_sample": True, "temperature": 0.5, "repetition_penalty": 2.0, "min_new_tokens": 7, "max_length": 9}
    stored |= {"no_repeat_ngram_size": 1, "suppress_tokens": list(range(20, 40)), "guidance_scale": 7.0}
    path.write_text(json.dumps(stored))
    model = build(name, decoding=adapter(name)._decoding)
    model.load(folder)
    for task in sorted(model.tasks):
        assert model.answer(asked(task), range(5)) == adapter(name).answer(asked(task), range(5))
