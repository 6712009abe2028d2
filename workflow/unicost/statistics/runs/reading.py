"""What two runs have in common: models, instances that are the same in both, and their verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from unicost.records import Instance, Verdict
from unicost.statistics.coded_verdicts import COLUMNS
from unicost.store import iterate_records, read_table


class Incomparable(ValueError):
    """Two runs cannot be compared; the message says in one sentence why, and what would be right."""


@dataclass(frozen=True)
class Runs:
    """Verdicts of both runs on the instances that both benchmarks hold; ``requests`` are what users asked, by instance.

    ``pairs`` are the models compared, before and after; ``instances`` are what both benchmarks hold, ``only_before``
    and ``only_after`` how many one of them holds alone.
    """

    before: pd.DataFrame
    after: pd.DataFrame
    pairs: tuple[tuple[str, str], ...]
    requests: Mapping[str, str]
    instances: frozenset[str]
    only_before: int
    only_after: int


def read_runs(before: Path, after: Path, models: Sequence[str]) -> Runs:
    """Read two folders ``results/<study>``; ``models`` holds names, or ``A=B`` where B is its name in the second run.

    Raises ``Incomparable`` and ``UnreadableFile``.
    """
    folders = [_study(before), _study(after)]
    first, second = (read_table(folder / "verdicts.parquet", Verdict, COLUMNS) for folder in folders)
    pairs = _pairs(models, sorted(first["model"].unique()), sorted(second["model"].unique()))
    hashes, requests = _asked(folders[0])
    other, _ = _asked(folders[1])
    common = frozenset(hashes.keys() & other.keys())
    if not common:
        raise Incomparable(f"{before} and {after} have no instance in common; compare two runs of one benchmark")
    changed = sorted(name for name in common if hashes[name] != other[name])
    if changed:
        raise Incomparable(
            f"{before} and {after} have different benchmarks: {len(changed)} of {len(common)} instances of the same id "
            f"have other content ('{changed[0]}' is the first); compare two runs of one benchmark"
        )
    kept = [table[table["instance"].isin(common)] for table in (first, second)]
    return Runs(kept[0], kept[1], pairs, requests, common, len(hashes) - len(common), len(other) - len(common))


def _study(folder: Path) -> Path:
    """The folder itself, or its only subfolder with verdicts."""
    if (folder / "verdicts.parquet").exists():
        return _whole(folder)
    found = sorted(path.parent for path in folder.glob("*/verdicts.parquet"))
    if len(found) == 1:
        return _whole(found[0])
    if found:
        raise Incomparable(f"{folder} holds several studies: name one of {', '.join(map(str, found))}")
    raise Incomparable(f"{folder / 'verdicts.parquet'}: no such file; name a folder results/<study> of a finished run")


def _whole(folder: Path) -> Path:
    if not (folder / "benchmark.parquet").exists():
        raise Incomparable(f"{folder / 'benchmark.parquet'}: no such file; keep the benchmark beside its verdicts")
    return folder


def _pairs(models: Sequence[str], before: list[str], after: list[str]) -> tuple[tuple[str, str], ...]:
    wanted = [(name, other or name) for name, _, other in (model.partition("=") for model in models)]
    for (name, other), asked in zip(wanted, models):
        for model, known, run in ((name, before, "first"), (other, after, "second")):
            if model not in known:
                raise Incomparable(f"--model {asked}: the {run} run has no '{model}', but {', '.join(known)}")
    pairs = wanted or [(name, name) for name in before if name in after]
    if not pairs:
        raise Incomparable(
            f"the runs share no model: the first has {', '.join(before)}, the second {', '.join(after)}; "
            "say which to compare with --model A=B"
        )
    return tuple(pairs)


def _asked(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The content hash of every instance, and its last request as text."""
    hashes, requests = {}, {}
    for instance in iterate_records(folder / "benchmark.parquet", Instance):
        hashes[instance.id] = instance.content_hash()
        requests[instance.id] = instance.turns[-1].text if instance.turns else ""
    return hashes, requests
