"""How fast the stage is in which models answer, and what it costs over the model alone.

A Llama with random weights is asked through its adapter by the whole stage (``unicost.models.respond``): in batches, one
by one, and for comparison by the library's ``generate`` alone on the same batches. A server on loopback that takes 50 ms
for an answer is asked one request at a time and 64 at a time. With ``--gpu``, models of full size with random weights
are asked on a GPU instead (``respond_gpu.py``). Run ``python benchmarks/respond.py --help``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import measuring

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # Tiny checkpoints are those of the tests.

from tests.data import language  # noqa: E402
from tests.data.instances import instance  # noqa: E402

from unicost.config import Decoding, ModelRun  # noqa: E402
from unicost.journal import Journal  # noqa: E402
from unicost.models.plan import Asker, batches, gather, survey  # noqa: E402
from unicost.models.respond import respond  # noqa: E402
from unicost.models.weights import fetch, revision  # noqa: E402
from unicost.records import Instance, Task  # noqa: E402
from unicost.store import write_records  # noqa: E402

RESULT: Final = Path(__file__).parent / "results" / "respond.json"
_MODEL: Final = {"hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 4, "max_position_embeddings": 512}


def llama(folder: Path) -> None:
    """A Llama of four layers, 128 wide, whose tokens are words."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(**language.settings() | _MODEL)).save_pretrained(folder)
    language.tokenizer().save_pretrained(folder)


def requests(number: int) -> Iterator[Instance]:
    """Requests of 5 to 40 words, the same in every run."""
    words = language.WORDS.split()
    for place in range(number):
        length = 5 + place * 7 % 36
        text = " ".join(words[(place * 11 + k * 5) % len(words)] for k in range(length))
        yield instance(f"request-{place:06d}", text)


class Bench:
    """A folder with a checkpoint and a benchmark, and the ways of answering it. Each returns (seconds, CPU seconds)."""

    def __init__(self, folder: Path, number: int, batch_size: int, tokens: int) -> None:
        self._folder, self._batch_size = folder, batch_size
        self._decoding = Decoding(max_new_tokens=tokens)
        self._journals = 0
        llama(folder / "checkpoint")
        fetch(self._run(1), folder / "weights")
        self.benchmark(number)

    def benchmark(self, number: int) -> None:
        """Lay down so many requests."""
        write_records(self._folder / "benchmark.parquet", requests(number), Instance)

    def stage(self, batch_size: int | None = None) -> tuple[float, float]:
        """The whole stage: survey, loading, asking, journal, rows."""
        self._journals += 1
        return _timed(
            lambda: respond(
                model="llama",
                run=self._run(batch_size or self._batch_size),
                study_seed=0,
                tasks=[Task.TEXT_TO_TEXT],
                benchmark=self._folder / "benchmark.parquet",
                weights=self._folder / "weights",
                journal=self._folder / f"{self._journals}.sqlite",
                output=self._folder / "responses.parquet",
            )
        )

    def generate(self) -> tuple[float, float]:
        """The calls of ``generate`` alone, with the stage's batches and prompts, tokenised before."""
        from transformers import AutoModelForCausalLM, GenerationConfig
        from unicost.models.checkpoint import load_model, load_tokenizer

        weights = self._folder / "weights"
        tokenizer, model = load_tokenizer(weights), load_model(AutoModelForCausalLM, weights, "float32", "cpu")
        config = GenerationConfig(
            max_new_tokens=self._decoding.max_new_tokens, do_sample=False, pad_token_id=0, eos_token_id=2
        )
        inputs = []
        for _, instances in gather(self._folder / "benchmark.parquet", self._planned()):
            messages = [[{"role": "user", "content": one.turns[0].text}] for one in instances]
            prompts = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
            inputs.append(tokenizer(prompts, padding=True, add_special_tokens=False, return_tensors="pt"))
        return _timed(
            lambda: [
                model.generate(input_ids=one["input_ids"], attention_mask=one["attention_mask"], generation_config=config)
                for one in inputs
            ]
        )

    def _run(self, batch_size: int) -> ModelRun:
        return ModelRun(
            adapter="causal_lm",
            weights="folder",
            checkpoint=str(self._folder / "checkpoint"),
            decoding=self._decoding,
            batch_size=batch_size,
        )

    def _planned(self) -> list[list[Any]]:
        with Journal(self._folder / "none.sqlite") as journal:
            asker = Asker("llama", "", revision(self._folder / "weights"), 0)
            items, _ = survey(self._folder / "benchmark.parquet", frozenset({Task.TEXT_TO_TEXT}), asker, journal)
        return batches(items, self._batch_size)


def _timed(work: Callable[[], Any]) -> tuple[float, float]:
    start, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - busy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1024)
    parser.add_argument("--tokens", type=int, default=64)
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), 64, 64, parsed.tokens)
        bench.stage()
        bench.generate()
        bench.benchmark(parsed.requests)
        for _ in range(3):
            print(bench.stage(), bench.generate())


if __name__ == "__main__":
    main()
