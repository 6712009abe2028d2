"""How fast the stage is in which models answer, and what it costs over the model alone.

A Llama with random weights is asked through its adapter by the whole stage (``unicost.models.respond``): in batches,
one by one, and for comparison by the library's ``generate`` alone on the same batches. A server on loopback that takes
50 ms for an answer is asked one request at a time and 64 at a time. With ``--gpu``, models of full size with random
weights are asked on a GPU instead (``respond_gpu.py``). Run ``python benchmarks/respond.py --help``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import measuring

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # Tiny checkpoints are those of the tests.

from unicost.config import Decoding, ModelRun  # noqa: E402
from unicost.journal import Journal  # noqa: E402
from unicost.models.plan import Asker, batches, gather, survey  # noqa: E402
from unicost.models.respond import respond  # noqa: E402
from unicost.models.weights import fetch, revision  # noqa: E402
from unicost.records import Instance, Task  # noqa: E402
from unicost.store import write_records  # noqa: E402

from tests.data import language  # noqa: E402
from tests.data.instances import instance  # noqa: E402

RESULT: Final = Path(__file__).parent / "results" / "respond.json"
RESULT_GPU: Final = RESULT.with_stem("respond_gpu")
_MODEL: Final = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 8, "max_position_embeddings": 512}


@dataclass(frozen=True)
class Times:
    """Seconds on the wall, and seconds that the main thread computed, which other work on the machine does not add to.

    The main thread holds the model; what is done beside it in threads is on the wall alone, where cores are too few.
    """

    wall: float
    busy: float


def llama(folder: Path) -> None:
    """A Llama of eight layers, 64 wide, whose tokens are words; all of its answers are equally long: none ends."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**language.settings() | _MODEL))
    model.lm_head.weight.data[model.config.eos_token_id] = 0
    model.save_pretrained(folder)
    language.tokenizer().save_pretrained(folder)


def requests(number: int) -> Iterator[Instance]:
    """Requests of 5 to 40 words, the same in every run."""
    words = language.WORDS.split()
    for place in range(number):
        length = 5 + place * 7 % 36
        text = " ".join(words[(place * 11 + k * 5) % len(words)] for k in range(length))
        yield instance(f"request-{place:06d}", text)


class Bench:
    """A folder with a checkpoint and a benchmark, and the ways of answering it."""

    def __init__(self, folder: Path, number: int, batch_size: int, tokens: int) -> None:
        self._folder, self._batch_size = folder, batch_size
        self._decoding = Decoding(max_new_tokens=tokens)
        self._journals = 0
        llama(folder / "checkpoint")
        fetch(self._local(1), folder / "weights")
        self.benchmark(number)

    def benchmark(self, number: int) -> None:
        """Lay down so many requests."""
        write_records(self._folder / "benchmark.parquet", requests(number), Instance)

    def stage(self, batch_size: int | None = None) -> Times:
        """The whole stage with the local model: survey, loading, asking, journal, rows."""
        return self._respond(self._local(batch_size or self._batch_size), "weights")

    def api(self, concurrency: int) -> Times:
        """The whole stage with a server at ``OPENAI_BASE_URL``."""
        run = ModelRun.model_validate(
            {
                "adapter": "openai_chat",
                "weights": "provider",
                "checkpoint": "openai/made",
                "limits": {"concurrency": concurrency},
                "decoding": self._decoding,
            }
        )
        fetch(run, self._folder / "provider")
        return self._respond(run, "provider")

    def generate(self) -> Times:
        """Loading, and the calls of ``generate`` with the stage's batches and prompts, tokenised before."""
        from transformers import AutoModelForCausalLM, GenerationConfig
        from unicost.checkpoints.loading import load_model, load_tokenizer

        weights = self._folder / "weights"
        tokenizer = load_tokenizer(weights)
        config = GenerationConfig(
            max_new_tokens=self._decoding.max_new_tokens, do_sample=False, pad_token_id=0, eos_token_id=2
        )
        inputs = []
        for _, instances in gather(self._folder / "benchmark.parquet", self._planned()):
            messages = [[{"role": "user", "content": one.turns[0].text}] for one in instances]
            prompts = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
            inputs.append(tokenizer(prompts, padding=True, add_special_tokens=False, return_tensors="pt"))

        def work() -> None:
            model = load_model(AutoModelForCausalLM, weights, "float32", "cpu")
            for one in inputs:
                model.generate(one["input_ids"], attention_mask=one["attention_mask"], generation_config=config)

        return _timed(work)

    def _respond(self, run: ModelRun, weights: str) -> Times:
        self._journals += 1
        return _timed(
            lambda: respond(
                model="model",
                run=run,
                study_seed=0,
                tasks=[Task.TEXT_TO_TEXT],
                benchmark=self._folder / "benchmark.parquet",
                weights=self._folder / weights,
                journal=self._folder / f"{self._journals}.sqlite",
                output=self._folder / "responses.parquet",
            )
        )

    def _local(self, batch_size: int) -> ModelRun:
        return ModelRun(
            adapter="causal_lm",
            weights="folder",
            checkpoint=str(self._folder / "checkpoint"),
            decoding=self._decoding,
            batch_size=batch_size,
        )

    def _planned(self) -> list[list[Any]]:
        with Journal(self._folder / "none.sqlite") as journal:
            asker = Asker("model", "", revision(self._folder / "weights"), 0)
            items, _ = survey(self._folder / "benchmark.parquet", frozenset({Task.TEXT_TO_TEXT}), asker, journal)
        return batches(items, self._batch_size)


def _timed(work: Callable[[], Any]) -> Times:
    wall, busy = time.perf_counter(), time.thread_time()
    work()
    return Times(time.perf_counter() - wall, time.thread_time() - busy)


def local(bench: Bench, number: int, repeats: int) -> dict[str, Any]:
    """Batched against one by one, and the stage against ``generate`` alone; each time all are run in turn."""
    few = max(number // 16, 8)
    bench.stage(), bench.generate()
    rows = []
    for _ in range(repeats):
        bench.benchmark(few)
        alone = bench.stage(batch_size=1)
        bench.benchmark(number)
        rows.append((alone, bench.stage(), bench.generate()))
    measured = ("wall", "busy")
    faster = {
        kind: [getattr(one, kind) / few / (getattr(all_, kind) / number) for one, all_, _ in rows] for kind in measured
    }
    over = {kind: [getattr(all_, kind) / getattr(bare, kind) - 1 for _, all_, bare in rows] for kind in measured}
    more = {
        kind: [(getattr(all_, kind) - getattr(bare, kind)) / number * 1000 for _, all_, bare in rows]
        for kind in measured
    }
    return {
        "requests": number,
        "requests_one_by_one": few,
        "repeats": repeats,
        "items_per_second": round(number / statistics.median(all_.wall for _, all_, _ in rows), 1),
        "batched_times_one_by_one": _medians(faster, 1),
        "overhead_over_generate": _medians(over, 3),
        "overhead_milliseconds_an_item": _medians(more, 2),
    }


def _medians(found: dict[str, list[float]], digits: int) -> dict[str, float]:
    names = {"wall": "on_the_wall", "busy": "cpu_of_the_main_thread"}
    return {names[kind]: round(statistics.median(values), digits) for kind, values in found.items()}


def api(bench: Bench, number: int, latency: float) -> dict[str, Any]:
    """Requests a second, one at a time and 64 at a time, of a server in a process of its own."""
    command = [sys.executable, "-m", "tests.data.provider", str(latency)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        os.environ |= {"OPENAI_BASE_URL": address, "OPENAI_API_KEY": "none"}
        few = max(number // 40, 8)
        bench.benchmark(few)
        bench.api(64)
        sequential = few / bench.api(1).wall
        bench.benchmark(number)
        concurrent = number / bench.api(64).wall
    finally:
        server.kill()
        server.wait()
    return {
        "latency_seconds": latency,
        "requests": number,
        "requests_one_by_one": few,
        "requests_per_second_one_by_one": round(sequential, 1),
        "requests_per_second": round(concurrent, 1),
        "times_as_fast": round(concurrent / sequential, 1),
    }


def main() -> None:
    """Measure on this machine's CPU and against a server on loopback, or on its GPU."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1024, help="requests of the local model (default: %(default)s)")
    parser.add_argument("--tokens", type=int, default=128, help="tokens of an answer at most (default: %(default)s)")
    parser.add_argument("--calls", type=int, default=4000, help="requests of the server (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="of the local model (default: %(default)s)")
    parser.add_argument("--part", choices=("local", "api"), nargs="+", default=["local", "api"], help="default: both")
    parser.add_argument("--gpu", action="store_true", help="ask models of full size on a GPU instead")
    parser.add_argument("--tiny", action="store_true", help="with --gpu: the same on tiny models, on a CPU")
    parser.add_argument("--output", type=Path, help=f"default: {RESULT} or {RESULT_GPU}")
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if parsed.gpu:
            import respond_gpu

            found = {"device": respond_gpu.device(parsed.tiny), **respond_gpu.measure(folder, tiny=parsed.tiny)}
        else:
            bench = Bench(folder, 64, 64, parsed.tokens)
            found = {"device": "CPU", "threads": int(os.environ.get("OMP_NUM_THREADS", "0")) or os.cpu_count()}
            if "local" in parsed.part:
                found["local"] = local(bench, parsed.requests, parsed.repeats)
            if "api" in parsed.part:
                found["api"] = api(bench, parsed.calls, 0.05)
    found["load_average"] = round(os.getloadavg()[0], 1)
    measuring.write(parsed.output or (RESULT_GPU if parsed.gpu else RESULT), found)


if __name__ == "__main__":
    main()
