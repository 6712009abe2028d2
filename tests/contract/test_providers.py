"""How providers are called, with the real SDKs against a loopback server that misbehaves as providers do."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from unicost.providers.chat import Chat, ChatRequest, Completion, Message, build_chat
from unicost.providers.failures import AccessDenied, ProviderLost
from unicost.registry import UnknownName

from tests.data.provider import PNG, TEXT, Act, Provider, anthropic, chat, failure, gemini, provider

MODELS = {"openai": "gpt-4o-2024-11-20", "gemini": "gemini-3.1-flash-image", "anthropic": "claude"}
KEYS = {"openai": "OPENAI_API_KEY", "gemini": "GEMINI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
ADDRESSES = {"openai": "OPENAI_BASE_URL", "gemini": "GOOGLE_GEMINI_BASE_URL", "anthropic": "ANTHROPIC_BASE_URL"}
PRICE = {"source": "here", "usd_per_million_input_tokens": 1000, "usd_per_million_output_tokens": 10000}
SECRET = "the-secret-key-of-nobody"

pytestmark = pytest.mark.parametrize("name", list(MODELS))
Build = Callable[..., Chat]


@pytest.fixture
def server() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture
def build(name: str, server: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """``build(limits=..., **options)``: a chat with the provider of the test, whose waits are short."""
    monkeypatch.setenv(KEYS[name], SECRET)
    monkeypatch.setenv(ADDRESSES[name], server.address + ("/v1" if name == "openai" else ""))
    built: list[Chat] = []

    def start(limits: dict[str, Any] | None = None, **options: Any) -> Chat:
        waits = {"backoff_seconds": 0.01, **(limits or {})}
        built.append(build_chat(name, **{"model": MODELS[name], "limits": waits, **options}))
        return built[-1]

    yield start
    for one in built:
        one.close()


def ask(text: str = "hello", *images: bytes, **more: Any) -> ChatRequest:
    return ChatRequest((Message("user", text, images),), **{"max_tokens": 10, **more})


def one(chat: Chat, *requests: ChatRequest) -> Completion:
    """The completion of the only request, `hello` by default."""
    ((_, completion),) = chat.complete(requests or [ask()])
    return completion


def usual(name: str, **more: Any) -> Any:
    """The body of a good answer."""
    return {"openai": chat, "gemini": gemini, "anthropic": anthropic}[name](TEXT, model=MODELS[name], **more)


def test_a_conversation_with_images_arrives_whole(name: str, build: Build, server: Provider) -> None:
    talk = (Message("system", "be brief"), Message("user", "see", (PNG, PNG)), Message("assistant", "so"))
    request = ChatRequest((*talk, Message("user", "and now?")), max_tokens=7, seed=5, schema={"type": "object"})
    done = one(build(price=PRICE), request)
    assert (done.text, done.finish_reason, done.refusal, done.error_kind) == (TEXT, "stop", None, None)
    assert (done.prompt_tokens, done.completion_tokens, done.cost_usd) == (100, 10, pytest.approx(0.2))
    sent = server.log[0].body.decode()
    assert sent.count("iVBORw0KGgo") == 2
    assert [word in sent for word in ("be brief", "see", "so", "and now?", '"object"')] == [True] * 5
    assert ('"seed":5' in sent.replace(" ", "")) == (name != "anthropic")
    assert "iVBOR" not in done.prompt and '"max' in done.prompt and "be brief" in done.prompt


def test_answers_come_as_they_complete_and_each_once(name: str, build: Build, server: Provider) -> None:
    server.acts["slow"] = [Act(wait=0.5)]
    order = [index for index, _ in build().complete([ask("slow"), *[ask(f"quick {k}") for k in range(20)]])]
    assert sorted(order) == list(range(21))
    assert order[-1] == 0


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (Act(429, failure()), "rate_limited"),
        (Act(500, failure()), "server_error"),
        (Act(503, b"<html>overloaded</html>", {"content-type": "text/html"}), "server_error"),
        (Act(reset=True), "connection"),
        (Act(cut=True), "unreadable"),
        (Act(body={"nothing": "known"}), "unreadable"),
        (Act(wait=5.0), "timeout"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_passing_failure_is_tried_again_and_a_lasting_one_is_an_error(
    name: str, act: Act, kind: str, build: Build, server: Provider
) -> None:
    server.acts |= {"passing": [act, act, Act()], "lasting": [act]}
    chat = build({"attempts": 3, "timeout_seconds": 1.0})
    done = dict(chat.complete([ask("passing"), ask("lasting")]))
    assert (done[0].text, done[0].error_kind) == (TEXT, None)
    assert (done[1].text, done[1].refusal, done[1].error_kind) == (None, None, kind)
    assert len(server.log) == 6, "no layer but ours repeats a call"


def test_retry_after_is_honoured_by_all_calls(name: str, build: Build, server: Provider) -> None:
    server.acts["busy"] = [Act(429, failure(), {"retry-after": "1"}), Act()]
    chat = build()
    assert one(chat, ask("busy")).text == TEXT
    assert server.log[1].seconds - server.log[0].seconds >= 1.0
    server.acts["later"] = [Act(429, failure(), {"retry-after": "3600"})]
    start = time.monotonic()
    assert one(build(), ask("later")).error_kind == "rate_limited"
    assert time.monotonic() - start < 5, "an hour is more than the patience of a run"


def test_the_number_of_calls_grows_and_halves_on_overload(name: str, build: Build, server: Provider) -> None:
    server.latency = 0.1
    chat: Any = build({"concurrency": 32})
    assert all(done.text for _, done in chat.complete([ask()] * 100))
    assert server.log[0].under_way == 1
    assert 8 < max(asked.under_way for asked in server.log) <= chat.concurrency == 32, "it began with 8"
    server.acts["busy"] = [Act(429, failure()), Act()]
    assert one(chat, ask("busy")).text == TEXT
    assert 16 <= chat.concurrency < 18, "halved, and one call at a time since"


def test_a_budget_spreads_the_calls_over_the_minute(name: str, build: Build, server: Provider) -> None:
    start = time.monotonic()
    assert len(list(build({"requests_per_minute": 600}).complete([ask()] * 70))) == 70
    # A tenth at once, the rest at nine tenths of the rate.
    assert 0.9 < time.monotonic() - start < 6


def test_the_cost_cap_stops_what_is_left(name: str, build: Build, server: Provider) -> None:
    chat = build({"cost_cap_usd": 1.0, "concurrency": 8}, price=PRICE)
    # Each answer costs 0.20, for which 0.23 are set aside.
    done = [completion for _, completion in chat.complete([ask("x" * 400)] * 20)]
    kinds = [completion.error_kind for completion in done]
    spent = sum(completion.cost_usd or 0.0 for completion in done)
    assert kinds.count(None) == len(server.log) == 4 and set(kinds) == {None, "cost_cap"}
    assert spent == pytest.approx(0.8)
    assert "cost_cap_usd is 1.00; not asked" in next(one.error_message for one in done if one.error_kind)
    with pytest.raises(ValueError, match="cost_cap_usd needs the model's price"):
        build({"cost_cap_usd": 1.0})


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (Act(401, failure("Incorrect API key provided: " + SECRET)), "the key is not accepted; check {key}"),
        (Act(403, failure("no")), "the key has no access to this; check {key}"),
        (Act(404, failure("Not Found")), "there is no such service at that address; check {address}"),
    ],
    ids=["401", "403", "404"],
)
def test_a_run_without_access_ends_at_once(name: str, act: Act, sentence: str, build: Build, server: Provider) -> None:
    server.acts["hello"] = [act]
    if name == "gemini" and act.status == 404:
        server.acts["hello"] = [Act(404, b"<html>nothing here</html>", {"content-type": "text/html"})]
    with pytest.raises(AccessDenied) as raised:
        list(build({"concurrency": 4}).complete([ask()] * 50))
    assert str(raised.value) == f"{name}: " + sentence.format(key=KEYS[name], address=ADDRESSES[name])
    assert len(server.log) <= 4


def test_a_key_that_is_not_set_is_named(name: str, build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEYS[name])
    with pytest.raises(AccessDenied, match=f"{KEYS[name]} is not set; set it to the key of your account"):
        one(build())
    monkeypatch.setenv("MY_KEY", SECRET)
    assert one(build(key_env="MY_KEY")).text == TEXT


def test_a_provider_that_is_not_there_ends_the_run(name: str, build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADDRESSES[name], "http://127.0.0.1:9")
    with pytest.raises(ProviderLost, match="20 items in a row had no answer"):
        list(build({"attempts": 2}).complete([ask()] * 100))


WITHDRAWN = {
    "openai": failure("The model `gpt` does not exist or you do not have access to it.", code="model_not_found"),
    "gemini": failure("models/gemini is not found for API version v1beta.", code=404, status="NOT_FOUND"),
    "anthropic": {"type": "error", **failure("model: claude", type="not_found_error")},
}


def test_a_withdrawn_model_is_unavailable_and_asked_no_more(name: str, build: Build, server: Provider) -> None:
    server.acts["hello"] = [Act(404, WITHDRAWN[name])]
    done = [completion for _, completion in build({"concurrency": 2}).complete([ask()] * 30)]
    assert {(one.text, one.refusal, one.error_kind) for one in done} == {(None, None, "unavailable")}
    assert len(server.log) <= 2


def test_an_answer_by_another_model_is_unavailable(name: str, build: Build, server: Provider) -> None:
    server.acts["hello"] = [Act(body=usual(name) | {"model": "successor", "modelVersion": "successor"})]
    done = one(build())
    assert done.error_kind == "unavailable" and "'successor' answered in place of" in done.error_message
    assert one(build(strict_name=False)).text == TEXT


EMPTY = {"openai": chat(""), "gemini": gemini(), "anthropic": anthropic("")}


def test_an_empty_answer_is_an_error(name: str, build: Build, server: Provider) -> None:
    server.acts["hello"] = [Act(body=EMPTY[name] | {"model": MODELS[name]})]
    done = one(build({"attempts": 3}))
    assert (done.text, done.refusal, done.error_kind) == (None, None, "empty")
    assert len(server.log) == 1


CUT = {
    "openai": chat("Here", "length"),
    "gemini": gemini("Here", finish_reason="MAX_TOKENS"),
    "anthropic": anthropic("Here", "max_tokens"),
}


def test_a_capped_answer_says_so(name: str, build: Build, server: Provider) -> None:
    server.acts["hello"] = [Act(body=CUT[name])]
    done = one(build())
    assert (done.text, done.finish_reason, done.error_kind) == ("Here", "length", None)


def test_the_key_is_in_no_log_and_no_message(
    name: str, build: Build, server: Provider, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    told = failure(f"something about {SECRET} went wrong")
    server.acts |= {"bad": [Act(400, told)], "worse": [Act(500, told)], "denied": [Act(401, told)]}
    done = dict(build({"attempts": 2}).complete([ask("good"), ask("bad"), ask("worse")]))
    assert any(SECRET in value for value in server.log[0].headers.values())
    assert "something about *** went wrong" in done[1].error_message
    with pytest.raises(AccessDenied) as raised:
        one(build(), ask("denied"))
    shown = [repr(done), str(raised.value), repr(raised.value.__cause__), caplog.text, *capfd.readouterr()]
    assert not [text for text in shown if SECRET in text]


def test_options_are_checked_before_anything_is_opened(name: str) -> None:
    with pytest.raises(UnknownName, match=f"did you mean '{name}'"):
        build_chat(name[:-1], model="m")
    with pytest.raises(ValueError, match="unknown option 'tempo': known: base_url"):
        build_chat(name, model="m", tempo=1)
    with pytest.raises(ValueError, match="unknown key 'concurency': did you mean 'concurrency'"):
        build_chat(name, model="m", limits={"concurency": 3})
