"""How fast, and in how much memory, text instances stream from a download to the shards of answers.

Each stage is the program's own code in a process of its own, so that its peak memory is its own; two more hold all rows
at once, for comparison. Run ``python benchmarks/stream_instances.py --help``.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import measuring

RESULT: Final = Path(__file__).parent / "results" / "stream_instances.json"
SHARDS: Final = 4
BATCH: Final = 16
_SENTENCE: Final = (
    "please explain how a careful neighbour may plan the garden before winter and which simple tools make short work "
    "of heavy soil while children water small plants near an old wall that keeps out cold wind from the river"
)
_OPTIONS: Final[dict[str, Any]] = {
    "columns": {"id": "name", "family": "pair", "text": "prompt", "category": "topic", "kind": "harmful", "twin": "of"},
    "values": {"kind": {1: "unsafe", 0: "benign"}},
    "constants": {"intention": "to know"},
}
_TOPICS: Final = ("Privacy", "Toxicity", "Bias")


def download(folder: Path, rows: int) -> int:
    """Lay down what a download brings: half of the rows as JSON lines, half in Parquet shards.

    Rows are pairs of a request and its benign twin, texts of 5 to 60 words.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = folder / "data"
    data.mkdir()
    made, half = _made(rows), rows // 2
    with (data / "a.jsonl").open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in islice(made, half))
    for shard in range(2):
        part = pa.Table.from_pylist(list(islice(made, half if shard else half // 2)))
        pq.write_table(part, data / f"b-{shard}.parquet")
    return rows


def _made(rows: int) -> Iterator[dict[str, Any]]:
    chance, words = random.Random(0), _SENTENCE.split()
    for number in range(rows):
        pair, harmful = number // 2, 1 - number % 2
        yield {
            "name": f"request-{number:08d}",
            "pair": f"pair-{pair:08d}",
            "prompt": " ".join(chance.choices(words, k=chance.randint(5, 60))),
            "topic": _TOPICS[pair % len(_TOPICS)],
            "harmful": harmful,
            "of": f"request-{number + 1:08d}" if harmful and number + 1 < rows else None,
        }


def mapping(folder: Path) -> int:
    """Read the download and map its rows to instances; nothing is kept."""
    return sum(1 for _ in _instances(folder))


def build(folder: Path) -> int:
    """Map, check and write the benchmark: the whole job of the rule ``build_benchmark``."""
    from unicost.benchmark.build import Part, build_benchmark
    from unicost.config import DatasetEntry, Taxonomy

    taxonomy = Taxonomy(title="topics", categories=dict.fromkeys(_TOPICS, ()))
    entry = DatasetEntry(source="hub", taxonomy="topics", folder=str(folder / "data"), options=_OPTIONS)
    return build_benchmark(part=Part("made", entry, folder / "data"), taxonomy=taxonomy, output=_benchmark(folder))


def export(folder: Path) -> int:
    """Write the benchmark as the shards that are uploaded to the hub."""
    import pyarrow.parquet as pq
    from unicost.benchmark.export.shards import write_shards

    shards = write_shards(_benchmark(folder), folder / "export", largest=16 * 1024**2)
    return sum(pq.read_metadata(shard).num_rows for shard in shards)


def plan(folder: Path) -> int:
    """Decide what one model is asked, in which batches: the first half of the job ``respond``."""
    return sum(map(len, _batches(folder)))


def shards(folder: Path) -> int:
    """Plan, gather each shard's batches and write a row for each item: ``respond`` without a model or a journal."""
    from unicost.models.plan import gather
    from unicost.records import Response
    from unicost.store import write_records

    planned, rows = _batches(folder), 0
    for shard in range(SHARDS):
        answers = _answers(gather(_benchmark(folder), planned[shard::SHARDS]))
        rows += write_records(folder / f"{shard}.parquet", answers, Response)
    return rows


def whole_in_pandas(folder: Path) -> int:
    """Read the download into one data frame, without mapping or checks."""
    import pandas as pd

    data = folder / "data"
    parts = [pd.read_json(data / "a.jsonl", lines=True), *map(pd.read_parquet, sorted(data.glob("*.parquet")))]
    return len(pd.concat(parts, ignore_index=True))


def whole_in_arrow(folder: Path) -> int:
    """Read the built benchmark into one Arrow table, and that into a list of dictionaries."""
    import pyarrow.parquet as pq

    return len(pq.read_table(_benchmark(folder)).to_pylist())


def _instances(folder: Path) -> Iterator[Any]:
    from unicost.benchmark.sources.hub import Hub
    from unicost.interfaces import Origin

    return Hub(**_OPTIONS).instances(Origin("made", folder / "data", "CC0-1.0"))


def _benchmark(folder: Path) -> Path:
    return folder / "benchmark.parquet"


def _batches(folder: Path) -> list[list[Any]]:
    from unicost.journal import Journal
    from unicost.models.plan import Asker, batches, survey
    from unicost.records import Task

    with Journal(folder / "journal.sqlite") as journal:
        asker = Asker("model", "fingerprint", "revision", 0)
        items, _ = survey(_benchmark(folder), frozenset({Task.TEXT_TO_TEXT}), asker, journal)
    return batches(items, BATCH)


def _answers(gathered: Iterator[tuple[list[Any], list[Any]]]) -> Iterator[Any]:
    from unicost.records import Response

    for items, instances in gathered:
        for item, instance in zip(items, instances, strict=True):
            yield Response(item.instance, "model", "fingerprint", item.seed, text=instance.turns[-1].text)


STREAMED: Final[dict[str, Callable[[Path], int]]] = {
    "mapping": mapping,
    "build": build,
    "export": export,
    "plan": plan,
    "shards": shards,
}
WHOLE: Final[dict[str, Callable[[Path], int]]] = {
    "pandas": whole_in_pandas,
    "arrow_rows": whole_in_arrow,
}


def main() -> None:
    """Run one stage if one is named, else all of them, each by calling this script again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="instances (default: 1,000,000)")
    parser.add_argument("--output", type=Path, default=RESULT, help="where the result is written")
    parser.add_argument("--stage", choices=("download", *STREAMED, *WHOLE), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stage:
        stages = {"download": partial(download, rows=arguments.rows), **STREAMED, **WHOLE}
        sys.stdout.write(json.dumps(measuring.measure(partial(stages[arguments.stage], arguments.folder))) + "\n")
    else:
        measuring.write(arguments.output, _all(arguments.rows))


def _all(rows: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:

        def run(stage: str) -> dict[str, Any]:
            found = measuring.in_own_process(__file__, f"--stage={stage}", f"--folder={folder}", f"--rows={rows}")
            sys.stderr.write(f"{stage}: {found}\n")
            return found

        run("download")
        streamed, whole = {stage: run(stage) for stage in STREAMED}, {stage: run(stage) for stage in WHOLE}
    return {"rows": rows, "streamed": streamed, "whole_in_memory": whole}


if __name__ == "__main__":
    main()
