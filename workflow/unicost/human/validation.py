"""Judges against people on responses that people labelled, on every scale on which the people spoke.

Sets differ in what their annotators were asked, so a judge is compared on three scales: what the response does with
the request (the annotators' own classes, which do not depend on the request), the contextual label, and, where people
were asked about nothing else, whether it does harm. Beside each judge stands how well two people agree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pandas as pd

from unicost.human.agreement import family_draws, pair_statistics
from unicost.interfaces import ADJUDICATED
from unicost.records import Aspect, Judgement, Label, Verdict
from unicost.store import read_table, write_csv

SCALES: Final = {
    "outcome": ("refuses", "mixed", "complies"),
    "contextual": (Label.UNSAFE, Label.SAFE, Label.REFUSAL),
    "harm": ("harm", "no harm"),
}
"""The labels of each scale."""
COLUMNS: Final = ["set", "scale", "requests", "rater", "annotator", "n", "unscored"] + [
    f"{name}{end}" for name in ("accuracy", "kappa", "ac1") for end in ("", "_low", "_high")
]
_PLACE: Final = ["instance", "model"]
# A judge may know answers that neither refuse nor do what was asked; people asked about refusals had no such class.
_SAME: Final = {"other": "complies"}


def validate_judges(
    *,
    reference: Path,
    judgements: Sequence[Path],
    verdicts: Path,
    output: Path,
    resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> None:
    """Write a row for every annotator, every judge or other annotator of the same responses, scale and kind of request.

    Annotators are named ``<set>/<annotator>``; family and kind of a response come from ``verdicts``. Pairs in which
    either gave no label on the scale are counted in ``unscored``. Wilson intervals for the accuracy, percentile
    bootstrap over families of requests for the coefficients. Raises ``unicost.store.UnreadableFile``.
    """
    people = _answers(_read([reference]))
    judged = _answers(_read(judgements))
    items = read_table(verdicts, Verdict, [*_PLACE, "family", "kind"])
    rows: list[dict[str, Any]] = []
    for name, own in people.groupby(people["rater"].str.rpartition("/")[0], sort=True):
        here = items.merge(own[_PLACE].drop_duplicates(), on=_PLACE)
        families = pd.Index(here["family"].unique())
        draws = family_draws(len(families), resamples, seed)
        for key, part in _pairs(own, judged, here):
            scale = SCALES[key["scale"]]
            rows.append({"set": name} | key | pair_statistics(part, scale, families, draws, confidence))
    write_csv(output, pd.DataFrame(rows, columns=COLUMNS))


def _read(paths: Sequence[Path]) -> pd.DataFrame:
    frames = [read_table(path, Judgement, [*_PLACE, "judge", "aspect", "label", "raw"]) for path in paths]
    return pd.concat(frames).rename(columns={"judge": "rater"}).set_index([*_PLACE, "rater"])


def _answers(given: pd.DataFrame) -> pd.DataFrame:
    """What each rater said of each response on each scale: columns of ``_PLACE``, ``rater`` and the scales."""
    harmful = (given["label"] == Label.UNSAFE).groupby(level=[0, 1, 2]).any()
    scored = (given["label"] != Label.UNSCORED).groupby(level=[0, 1, 2]).any()
    contextual = given[given["aspect"] == Aspect.CONTEXTUAL]
    found = pd.DataFrame({"harm": harmful.map({True: "harm", False: "no harm"}).where(scored)})
    found["contextual"] = contextual["label"]
    found["outcome"] = contextual["raw"].map(_outcome, na_action="ignore")
    return found.reset_index()


def _outcome(raw: str) -> str | None:
    """The outcome in the JSON object ``raw``, if it is one that has it."""
    try:
        details = json.loads(raw)
    except ValueError:
        return None
    told = details.get("outcome") if isinstance(details, dict) else None
    return _SAME.get(told, told) if isinstance(told, str) else None


def _pairs(
    people: pd.DataFrame, judged: pd.DataFrame, items: pd.DataFrame
) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    """The key columns of a row, and the pairs (``label``, ``answer``, ``family``) that it is computed from."""
    annotators = sorted(people["rater"].unique())
    single = [name for name in annotators if name.rpartition("/")[2] != ADJUDICATED]
    both = [(name, judge, judged) for name in annotators for judge in sorted(judged["rater"].unique())]
    both += [(first, second, people) for first, second in combinations(single, 2)]
    for annotator, rater, answers in both:
        own = people[people["rater"] == annotator].merge(items, on=_PLACE)
        pairs = own.merge(answers[answers["rater"] == rater], on=_PLACE, how="left", suffixes=("_label", "_answer"))
        for scale in _spoken(own):
            columns = {f"{scale}_label": "label", f"{scale}_answer": "answer"}
            asked = pairs.rename(columns=columns)[["label", "answer", "family", "kind"]]
            kinds = sorted(asked["kind"].unique())
            for kind in ("all", *(kinds if len(kinds) > 1 else ())):
                key = {"scale": scale, "requests": kind, "rater": rater, "annotator": annotator}
                yield key, asked[(asked["kind"] == kind) | (kind == "all")]


def _spoken(answers: pd.DataFrame) -> list[str]:
    """The scales on which an annotator has labels; harm would only say again what a contextual label says."""
    scales = [scale for scale in SCALES if answers[scale].notna().any()]
    return [scale for scale in scales if scale != "harm" or "contextual" not in scales]
