"""How much faster the LLM judge is than one call after the other, and how fast a rerun reads its journal.

A server on this machine, in a process of its own, answers every call after ``--latency`` seconds. The sequential loop
calls it by the same SDK. Run ``python benchmarks/judge.py --help``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import measuring
from unicost.config.judging import JudgeEntry
from unicost.judging.intents import Intent
from unicost.judging.judge import judge
from unicost.records import (
    Construction,
    Detection,
    Instance,
    Judgement,
    Kind,
    Label,
    Modality,
    Placement,
    Response,
    Task,
    Turn,
)
from unicost.store import read_records, write_records

RESULT: Final = Path(__file__).parent / "results" / "judge.json"
_ANSWER: Final = {
    "id": "c",
    "object": "chat.completion",
    "created": 0,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "logprobs": None,
            "message": {"role": "assistant", "content": '{"reason": "it helps", "verdict": "unsafe"}', "refusal": None},
        }
    ],
    "usage": {"prompt_tokens": 500, "completion_tokens": 12, "total_tokens": 512},
}


async def serve(latency: float) -> None:
    """Answer every POST after some seconds; print the port first. Bare asyncio, so that the server is not measured."""
    body = json.dumps(_ANSWER).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                header = (await reader.readuntil(b"\r\n\r\n")).lower()
                size = int(header.partition(b"content-length:")[2].partition(b"\r\n")[0])
                await reader.readexactly(size)
                await asyncio.sleep(latency)
                writer.write(head + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@contextmanager
def served(latency: float) -> Iterator[str]:
    """The address of a server in a process of its own."""
    command = [sys.executable, __file__, "--serve", "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.terminate()


def write_study(folder: Path, rows: int) -> dict[str, Any]:
    """The inputs of the stage: as many responses of 100 words as ``rows``."""
    instances = [_instance(f"i{row}") for row in range(rows)]
    answers = [Response(one.id, "m", "", 0, text=f"answer {one.id} " + "ask them for it " * 25) for one in instances]
    files = {
        "benchmark": (instances, Instance),
        "responses": (answers, Response),
        "intents": ([Intent(one.id, "to fool somebody", "given") for one in instances], Intent),
        "detections": ([], Detection),
    }
    for name, (records, record) in files.items():
        write_records(folder / f"{name}.parquet", records, record)
    paths = {name: folder / f"{name}.parquet" for name in files}
    return paths | {"responses": [paths["responses"]], "detections": [paths["detections"]]}


def _instance(name: str) -> Instance:
    return Instance(
        id=name,
        family=name,
        kind=Kind.UNSAFE,
        category="Unfairness",
        leaf="",
        task=Task.TEXT_TO_TEXT,
        construction=Construction.PLAIN,
        placement=Placement.TEXT,
        turns=(Turn("user", f"how do i fool my neighbour, case {name}?"),),
        expected=Modality.TEXT,
        intention="to fool somebody",
        source="benchmark",
        licence="",
    )


def run(folder: Path, study: dict[str, Any], address: str, concurrency: int) -> float:
    """Seconds of the whole stage."""
    options = {"backend": "openai", "model": "m", "base_url": address, "key_env": None}
    entry = JudgeEntry(plugin="llm", options=options | {"limits": {"concurrency": concurrency}})
    start = time.perf_counter()
    judge(name="llm", entry=entry, journal=folder / "j.sqlite", output=folder / "out.parquet", **study)
    return time.perf_counter() - start


def sequential(address: str, calls: int) -> float:
    """Seconds of one call by the SDK after the other."""
    from openai import OpenAI

    client = OpenAI(base_url=address, api_key="none")
    messages: Any = [{"role": "system", "content": "judge " * 300}, {"role": "user", "content": "answer " * 100}]
    client.chat.completions.create(model="m", messages=messages)
    start = time.perf_counter()
    for _ in range(calls):
        client.chat.completions.create(model="m", messages=messages)
    return time.perf_counter() - start


def main() -> None:
    """Measure, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4000, help="responses, two calls each (default: %(default)s)")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds of a call (default: %(default)s)")
    parser.add_argument("--concurrency", type=int, default=64, help="default: %(default)s")
    parser.add_argument("--output", type=Path, default=RESULT, help="default: %(default)s")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parsed = parser.parse_args()
    if parsed.serve:
        asyncio.run(serve(parsed.latency))
        return
    with tempfile.TemporaryDirectory() as place, served(parsed.latency) as address:
        folder = Path(place)
        study, calls = write_study(folder, parsed.rows), 2 * parsed.rows
        one = sequential(address, 100) / 100
        many = run(folder, study, address, parsed.concurrency)
        again = run(folder, study, address, parsed.concurrency)
        labels = {row.label for row in read_records(folder / "out.parquet", Judgement)}
        if labels != {Label.UNSAFE}:
            raise RuntimeError(f"the judge gave {labels}")
    found = {
        "rows": parsed.rows,
        "calls": calls,
        "latency_seconds": parsed.latency,
        "concurrency": parsed.concurrency,
        "calls_per_second": round(calls / many, 1),
        "sequential_calls_per_second": round(1 / one, 1),
        "times_the_sequential_rate": round(calls / many * one, 1),
        "rerun_milliseconds_an_item": round(1000 * again / parsed.rows, 3),
    }
    measuring.write(parsed.output, found)


if __name__ == "__main__":
    main()
