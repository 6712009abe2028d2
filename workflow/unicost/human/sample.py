"""Which responses people are asked to label: a stratified random sample with known inclusion probabilities.

Strata are model kind x task x category x verdict x whether the judges differ. Rare verdicts are what judges get wrong
unnoticed, and where judges differ at least one is wrong, so places are dealt out to the strata one by one until they
are spent or a stratum is exhausted; the inclusion probability of every item is kept, and its inverse, the weight, gives
estimates for all responses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from unicost.records import Instance, Judgement, Label, Response, Verdict
from unicost.store import iterate_records, read_table, write_csv

STRATUM = ["model_kind", "task", "category", "contextual", "intrinsic", "judges_differ"]
COLUMNS = ["item", "instance", "model", "response", *STRATUM, "stratum_size", "probability", "weight"]
"""Columns of the sample.

``item`` is the name that annotators see: it tells neither model nor verdict. ``response`` is the beginning of the
SHA-256 of the response that they see, so that labels of another response are not taken for labels of this one.
"""
_GIVEN = ["task", "category", "contextual", "intrinsic"]  # what the verdicts know of a stratum


class NothingToSample(ValueError):
    """No response that a person could look at."""


def sample_for_humans(
    *,
    verdicts: Path,
    responses: Sequence[Path],
    judgements: Sequence[Path],
    benchmark: Path,
    model_kinds: Mapping[str, str],
    size: int,
    seed: int,
    output: Path,
) -> None:
    """Draw ``size`` responses (all where there are fewer) and write them to a CSV with the columns ``COLUMNS``.

    ``judgements`` are files of all judges: an item on which two of them differ in an aspect that both scored is in
    another stratum than one on which they agree. Only responses with a text or an image can be labelled. The draw
    depends on the rows and the seed alone. ``model_kinds`` gives each model's kind; raises ``NothingToSample``,
    ``unicost.store.UnreadableFile``, and ``ValueError`` for a model or an instance that is not known.
    """
    frame = _labelable(verdicts, responses, benchmark, model_kinds)
    differing = _differing(judgements)
    frame["judges_differ"] = [place in differing for place in zip(frame["instance"], frame["model"])]
    generator = np.random.default_rng(seed)
    strata = [rows for _, rows in frame.groupby(STRATUM, sort=True)]
    counts, chance = _allocate([len(rows) for rows in strata], size, generator)
    drawn = [
        rows.iloc[np.sort(generator.choice(len(rows), count, replace=False))].assign(
            stratum_size=len(rows), probability=share, weight=1 / share
        )
        for rows, count, share in zip(strata, counts, chance)
    ]
    table = pd.concat(drawn)
    table = table.iloc[generator.permutation(len(table))]
    table.insert(0, "item", [f"item-{number:04d}" for number in range(1, len(table) + 1)])
    shown = _digests(responses, set(zip(table["instance"], table["model"])))
    table["response"] = [shown[place] for place in zip(table["instance"], table["model"])]
    write_csv(output, table[COLUMNS])


def _labelable(
    verdicts: Path, responses: Sequence[Path], benchmark: Path, model_kinds: Mapping[str, str]
) -> pd.DataFrame:
    frame = read_table(verdicts, Verdict, ["instance", "model", *_GIVEN])
    shown = {
        (response.instance, response.model)
        for path in responses
        for response in iterate_records(path, Response)
        if (response.text or "").strip() or response.image is not None
    }
    frame = frame[[place in shown for place in zip(frame["instance"], frame["model"])]]
    if frame.empty:
        raise NothingToSample(f"{verdicts}: none of its responses has a text or an image that a person could label")
    unknown = set(frame["model"]) - set(model_kinds)
    if unknown:
        raise ValueError(f"{verdicts}: the kind of model '{min(unknown)}' is not known; add the model to the study")
    strangers = set(frame["instance"]) - set(read_table(benchmark, Instance, ["id"])["id"])
    if strangers:
        raise ValueError(f"{verdicts}: instance '{min(strangers)}' is not in the benchmark {benchmark}; build it again")
    frame = frame.assign(model_kind=frame["model"].map(model_kinds))
    return frame.sort_values(["instance", "model"], ignore_index=True)


def _digests(responses: Sequence[Path], places: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The digest of each response at ``places``, (instance, model)."""
    return {
        (response.instance, response.model): _digest(response)
        for path in responses
        for response in iterate_records(path, Response)
        if (response.instance, response.model) in places
    }


def _digest(response: Response) -> str:
    image = response.image.bytes if response.image is not None else b""
    return hashlib.sha256(f"{len(image)} {response.text or ''}".encode() + image).hexdigest()[:12]


def _differing(judgements: Sequence[Path]) -> set[tuple[str, str]]:
    """Instance and model of the responses on which two judges scored an aspect differently."""
    places = ["instance", "model"]
    found: set[tuple[str, str]] = set()
    frames = [read_table(path, Judgement, [*places, "aspect", "label"]) for path in judgements]
    if frames:
        rows = pd.concat(frames)
        labels = rows[rows["label"] != Label.UNSCORED].groupby([*places, "aspect"])["label"].nunique()
        found = {(instance, model) for instance, model, _ in labels[labels > 1].index}
    return found


def _allocate(sizes: Sequence[int], places: int, generator: np.random.Generator) -> tuple[list[int], list[float]]:
    """How many of each stratum are drawn, and the probability with which each of its items is.

    Places are dealt evenly among the strata that have items left. Those of the last, incomplete round fall to strata
    chosen at random, so that the probability of an item is (full rounds + share of the strata chosen) / stratum size.
    """
    counts = np.zeros(len(sizes), dtype=int)
    expected = np.zeros(len(sizes))
    left = min(places, sum(sizes))
    while left > 0:
        open_strata = np.flatnonzero(counts < np.asarray(sizes))
        if left < len(open_strata):
            counts[generator.choice(open_strata, left, replace=False)] += 1
            expected[open_strata] += left / len(open_strata)
            left = 0
        else:
            counts[open_strata] += 1
            expected[open_strata] += 1
            left -= len(open_strata)
    return counts.tolist(), (expected / np.asarray(sizes)).tolist()
