"""What the adapters of models behind an API hold to, with the real SDKs against a loopback server."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as PillowImage
from unicost.config import Decoding, ModelRun
from unicost.interfaces import Answer
from unicost.models.conversation import Unanswerable
from unicost.models.respond import respond
from unicost.models.weights import BadCheckpoint, fetch
from unicost.providers.failures import AccessDenied
from unicost.records import Instance, Response, Task, Turn
from unicost.store import read_records, write_records

from tests.contract.asking import SERVED
from tests.data.instances import instance, picture
from tests.data.provider import PNG, TEXT, Act, Provider, chat, failure, gemini, images, provider

MODELS = {"gemini": "gemini-3.1-flash-image", "openai_chat": "gpt-4o-2024-11-20", "openai_images": "gpt-image-2.5"}
DRAWING = (Task.TEXT_TO_IMAGE, Task.IMAGE_TO_IMAGE, Task.TEXT_IMAGE_TO_IMAGE)
PRICE = {"source": "here", "usd_per_million_input_tokens": 1, "usd_per_million_output_tokens": 10, "usd_per_image": 0.5}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    for key in ("OPENAI_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(key, "a-key")
    with provider() as running:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{running.address}/v1")
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", running.address)
        yield running


def run_of(name: str, **more: Any) -> ModelRun:
    limits = {"backoff_seconds": 0.01, "attempts": 2, **more.pop("limits", {})}
    return ModelRun(adapter=name, weights="provider", checkpoint=f"p/{MODELS[name]}", limits=limits, **more)


@pytest.fixture
def adapter(server: Provider, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """``adapter(name, **run)``: the adapter of a model's entry, its weights fetched and loaded."""
    opened: list[Any] = []

    def load(name: str, **more: Any) -> Any:
        run = run_of(name, **more)
        fetch(run, tmp_path / "weights")
        opened.append(run.build())
        opened[-1].load(tmp_path / "weights")
        return opened[-1]

    yield load
    for one in opened:
        one.close()


def first(model: Any, task: Task = Task.TEXT_TO_TEXT, **changes: Any) -> Answer:
    return model.answer([instance("one", task=task, **changes)], [7])[0]


CASES = [(name, task) for name in SERVED for task in sorted(run_of(name).build().tasks)]


@pytest.mark.parametrize(("name", "task"), CASES)
def test_an_answer_has_its_modality_its_cost_and_its_prompt(name: str, task: Task, adapter: Any) -> None:
    answer = first(adapter(name, price=PRICE), task)
    drawn = task in DRAWING
    assert (answer.image_png is not None) == (answer.text is None) == drawn
    assert (answer.finish_reason, answer.error_kind, answer.provider_refusal) == ("stop", None, None)
    written = 0 if name == "openai_images" else 10
    assert answer.cost_usd == pytest.approx((100 + written * 10) / 1e6 + 0.5 * drawn)
    asked = json.loads(answer.prompt or "")
    assert asked["model"] == MODELS[name] and asked["messages"][-1]["text"] == "show me a cat"
    assert ("images" in asked["messages"][-1]) == (task.value.startswith(("image", "text_image")))


def test_every_field_of_decoding_is_sent_or_refused(adapter: Any, server: Provider) -> None:
    first(adapter("openai_chat"))
    sent = server.log[-1].json
    fields = {"max_tokens": 1024, "temperature": 0.0, "top_p": 1.0, "frequency_penalty": 0.0, "seed": 7, "n": 1}
    assert {key: sent[key] for key in fields} == fields
    sampled = Decoding(do_sample=True, temperature=0.7, top_p=0.9, top_k=5, repetition_penalty=1.1)
    first(adapter("openai_chat", decoding=sampled, options={"extensions": True, "parameters": {"n": None}}))
    sent = server.log[-1].json
    assert [sent[key] for key in ("temperature", "top_p", "top_k", "repetition_penalty")] == [0.7, 0.9, 5, 1.1]
    assert "n" not in sent
    first(adapter("gemini", decoding=sampled.model_copy(update={"repetition_penalty": 1.0})))
    config = server.log[-1].json["generationConfig"]
    assert [config[key] for key in ("temperature", "topP", "topK", "maxOutputTokens")] == [0.7, 0.9, 5, 1024]
    for name in SERVED:
        with pytest.raises(ValueError, match="decoding"):
            run_of(name, decoding=Decoding(repetition_penalty=1.1)).build()


def test_a_dialogue_meets_its_own_answers(adapter: Any, server: Provider) -> None:
    turns = (Turn("user", "tell me what"), Turn("user", "why"))
    for name in ("openai_chat", "gemini"):
        answer = first(adapter(name, system_prompt="be kind", price=PRICE), Task.DIALOGUE, turns=turns)
        said = [message["text"] for message in json.loads(answer.prompt or "")["messages"]]
        assert said == ["be kind", "tell me what", TEXT, "why"]
        assert answer.cost_usd == pytest.approx(2 * 200 / 1e6), "of both answers"
    server.acts["tell me what"] = [Act(body=chat(None, "content_filter"))]
    blocked = first(adapter("openai_chat"), Task.DIALOGUE, turns=turns)
    assert (blocked.text, blocked.provider_refusal) == (None, "output: content_filter")


BLOCKS = [
    ("openai_chat", Act(body=chat("Half", "content_filter")), "output: content_filter"),
    ("openai_chat", Act(400, failure("No.", code="content_filter")), "input: content_filter: No."),
    ("openai_chat", Act(400, failure("No: our usage policy.", code="invalid_prompt")), "input: invalid_prompt: No"),
    (
        "openai_images",
        Act(400, failure("No.", code="moderation_blocked", moderation_details={"moderation_stage": "output"})),
        "output: moderation_blocked: No.",
    ),
    (
        "openai_images",
        Act(400, failure("No.", code="moderation_blocked", safety_violations=["hate"])),
        "unknown: moderation_blocked (hate): No.",
    ),
    ("gemini", Act(body={"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}), "input: PROHIBITED_CONTENT"),
    *[
        ("gemini", Act(body=gemini(finish_reason=reason)), f"output: {reason}")
        for reason in ("SAFETY", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "NO_IMAGE")
    ],
]


@pytest.mark.parametrize(("name", "act", "reason"), BLOCKS)
def test_a_block_is_a_refusal_by_the_provider_with_its_stage(
    name: str, act: Act, reason: str, adapter: Any, server: Provider
) -> None:
    server.acts["cat"] = [act]
    answer = first(adapter(name), Task.TEXT_TO_IMAGE if name != "openai_chat" else Task.TEXT_TO_TEXT)
    assert answer.provider_refusal is not None and answer.provider_refusal.startswith(reason)
    assert (answer.text, answer.image_png, answer.error_kind) == (None, None, None)
    assert len(server.log) == 1


def jpeg() -> bytes:
    buffer = io.BytesIO()
    PillowImage.new("RGB", (8, 8), "red").save(buffer, format="JPEG")
    return buffer.getvalue()


ERRORS = [
    ("openai_chat", Act(body=chat(" ")), "empty"),
    ("openai_chat", Act(410, failure("gone")), "unavailable"),
    ("openai_chat", Act(400, failure("too long", code="context_length_exceeded")), "bad_request"),
    ("openai_images", Act(400, failure("bad size", type="image_generation_user_error")), "bad_request"),
    ("openai_images", Act(body=images(None)), "empty"),
    ("openai_images", Act(body=images(jpeg())), "bad_image"),
    ("openai_images", Act(body=images(PNG[:60])), "bad_image"),
    ("openai_images", Act(404, failure("The model was retired.", code="model_not_found")), "unavailable"),
    ("openai_images", Act(429, failure(), {"retry-after": "0"}), "rate_limited"),
    ("openai_images", Act(500, failure()), "server_error"),
    ("openai_images", Act(reset=True), "connection"),
    ("openai_images", Act(cut=True), "unreadable"),
    ("openai_images", Act(wait=5.0), "timeout"),
    ("gemini", Act(body=gemini(PNG, mime="image/jpeg")), "bad_image"),
    ("gemini", Act(body=gemini(b"text", mime="text/plain")), "bad_image"),
    ("gemini", Act(body=gemini(finish_reason="IMAGE_OTHER")), "stopped"),
    ("gemini", Act(body=gemini()), "empty"),
]


@pytest.mark.parametrize(("name", "act", "kind"), ERRORS)
def test_what_is_no_answer_is_an_error_and_no_refusal(
    name: str, act: Act, kind: str, adapter: Any, server: Provider
) -> None:
    server.acts["cat"] = [act]
    model = adapter(name, limits={"timeout_seconds": 1.0})
    answer = first(model, Task.TEXT_TO_IMAGE if name != "openai_chat" else Task.TEXT_TO_TEXT)
    assert (answer.error_kind, answer.provider_refusal) == (kind, None)
    assert (answer.text, answer.image_png) == (None, None)


def test_a_models_own_refusal_is_a_text(adapter: Any, server: Provider) -> None:
    server.acts["cat"] = [Act(body=chat(None, refusal="I cannot help."))]
    answer = first(adapter("openai_chat"))
    assert (answer.text, answer.finish_reason, answer.provider_refusal) == ("I cannot help.", "refusal", None)
    server.acts["cat"] = [Act(body=gemini("I would rather not draw.", finish_reason="NO_IMAGE"))]
    answer = first(adapter("gemini"), Task.TEXT_TO_IMAGE)
    assert (answer.text, answer.provider_refusal) == ("I would rather not draw.", None)


def test_a_jpeg_becomes_a_png_and_text_may_stand_beside_it(adapter: Any, server: Provider) -> None:
    server.acts["cat"] = [Act(body=gemini("Here:", jpeg(), mime="image/jpeg"))]
    answer = first(adapter("gemini"), Task.TEXT_TO_IMAGE)
    assert answer.text == "Here:"
    assert PillowImage.open(io.BytesIO(answer.image_png or b"")).format == "PNG"


def test_pictures_are_edited_turn_by_turn(adapter: Any, server: Provider) -> None:
    turns = (Turn("user", "make it blue", (picture(1), picture(2))), Turn("user", "and rounder"))
    answer = first(adapter("openai_images", price=PRICE), Task.TEXT_IMAGE_TO_IMAGE, turns=turns)
    assert [asked.path for asked in server.log] == ["/v1/images/edits"] * 2
    assert picture(1).bytes in server.log[0].body and picture(2).bytes in server.log[0].body
    assert PNG in server.log[1].body
    assert answer.cost_usd == pytest.approx(1.0002)


def test_what_an_api_cannot_be_told_is_unsupported(adapter: Any) -> None:
    late = (Turn("user", "one"), Turn("system", "two"), Turn("user", "three"))
    shown = (Turn("user", "one"), Turn("assistant", "two", (picture(1),)), Turn("user", "three"))
    for name, turns, task in (
        ("gemini", late, Task.DIALOGUE),
        ("openai_chat", shown, Task.DIALOGUE),
        ("openai_images", late, Task.TEXT_TO_IMAGE),
    ):
        model = adapter(name)
        with pytest.raises(Unanswerable, match=model.unsupported(instance("one", task=task, turns=turns))):
            first(model, task, turns=turns)


def test_errors_and_capped_items_are_asked_again_by_the_next_run(server: Provider, tmp_path: Path) -> None:
    """The whole stage: what was answered stays, what the cost cap left out is an error until there is money."""
    price = PRICE | {"usd_per_million_output_tokens": 1000}

    def rows(cap: float) -> list[Response]:
        run = run_of("openai_chat", price=price, limits={"cost_cap_usd": cap}, decoding=Decoding(max_new_tokens=10))
        fetch(run, tmp_path / "weights")
        names = {"benchmark": "b.parquet", "weights": "weights", "journal": "j.sqlite", "output": "out.parquet"}
        respond(model="m", run=run, study_seed=1, tasks=list(Task), **{k: tmp_path / v for k, v in names.items()})
        return list(read_records(tmp_path / "out.parquet", Response))

    write_records(tmp_path / "b.parquet", [instance(f"i{k:02}", "x" * 400) for k in range(12)], Instance)
    before = rows(0.065)
    assert [row.error_kind for row in before].count("cost_cap") == 6
    assert sum(row.cost_usd or 0 for row in before) <= 0.065
    after = rows(10.0)
    assert {(row.text, row.error_kind) for row in after} == {(TEXT, None)}
    assert len(server.log) == 12


def test_weights_of_a_provider_are_a_name(server: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    provenance = fetch(run_of("openai_chat"), tmp_path / "weights")
    assert provenance["origin"] == {"provider": "p", "model": MODELS["openai_chat"]} and not provenance["files"]
    with pytest.raises(BadCheckpoint, match="names no model of a provider"):
        run_of("openai_chat").build().load(tmp_path / "others")
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(AccessDenied, match="openai: OPENAI_API_KEY is not set"):
        run_of("openai_chat").build().load(tmp_path / "weights")
