"""Judges against people on responses that people labelled, on every scale on which the people spoke.

Sets differ in what their annotators were asked, so a judge is compared on three scales: what the response does with
the request (the annotators' own classes, which do not depend on the request), the contextual label, and, where people
were asked about nothing else, whether it does harm. Beside each judge stands how well two people agree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from unicost.config.judging import PluginEntry
from unicost.human.agreement import family_draws, pair_statistics
from unicost.human.detected import PREFIX, ratings
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
CLASSES: Final = ["set", "scale", "requests", "rater", "annotator", "class", "prevalence", "positive", "negative"] + [
    f"{name}{end}" for name in ("sensitivity", "specificity", "precision") for end in ("", "_low", "_high")
]
"""Columns of the table by class: of ``positive`` labels of the class, and of ``negative`` others, the shares found."""
_PLACE: Final = ["instance", "model"]
# A judge may know answers that neither refuse nor do what was asked; people asked about refusals had no such class.
_SAME: Final = {"other": "complies"}


def validate_judges(
    *,
    reference: Path,
    judgements: Sequence[Path],
    detections: Sequence[Path],
    detectors: Mapping[str, PluginEntry],
    verdicts: Path,
    output: Path,
    classes: Path,
    resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> None:
    """Write a row for every annotator, every judge or other annotator of the same responses, scale and kind of request.

    Detectors are raters too (``unicost.human.detected``). ``classes`` gets one row for each label of each such row.
    Annotators are named ``<set>/<annotator>``; family and kind of a response come from ``verdicts``. Pairs in which
    either gave no label on the scale are counted in ``unscored``. Wilson intervals for the accuracy, percentile
    bootstrap over families of requests for the coefficients. Raises ``unicost.store.UnreadableFile``.
    """
    people = _answers(_read([reference]))
    items = read_table(verdicts, Verdict, [*_PLACE, "family", "kind", "task"])
    judged = pd.concat([_answers(_read(judgements)), ratings(detections, items, detectors)], ignore_index=True)
    rows: list[dict[str, Any]] = []
    by_class: list[dict[str, Any]] = []
    for name, own in people.groupby(people["rater"].str.rpartition("/")[0], sort=True):
        here = items.merge(own[_PLACE].drop_duplicates(), on=_PLACE)
        families = pd.Index(here["family"].unique())
        draws = family_draws(len(families), resamples, seed)
        for key, part in _pairs(own, judged, here):
            scale = SCALES[key["scale"]]
            rows.append({"set": name} | key | pair_statistics(part, scale, families, draws, confidence))
            by_class += [{"set": name} | key | found for found in class_shares(part, scale, confidence)]
    write_csv(output, pd.DataFrame(rows, columns=COLUMNS))
    write_csv(classes, pd.DataFrame(by_class, columns=CLASSES))


def class_shares(pairs: pd.DataFrame, scale: Sequence[str], confidence: float) -> Iterator[dict[str, Any]]:
    """Sensitivity, specificity and precision of each label against the others, with Wilson intervals.

    ``pairs`` has the columns ``label`` and ``answer``; pairs in which either is not on the ``scale`` are left out. One
    row a label, with the columns of ``CLASSES`` from ``class`` on; none without pairs.
    """
    names = [str(label) for label in scale]
    scored = pairs[pairs["label"].isin(names) & pairs["answer"].isin(names)]
    for name in names if len(scored) else ():
        label, answer = scored["label"] == name, scored["answer"] == name
        row: dict[str, Any] = {"class": name, "prevalence": label.mean()}
        row |= {"positive": int(label.sum()), "negative": int((~label).sum())}
        row |= _share("sensitivity", int((label & answer).sum()), int(label.sum()), confidence)
        row |= _share("specificity", int((~label & ~answer).sum()), int((~label).sum()), confidence)
        yield row | _share("precision", int((label & answer).sum()), int(answer.sum()), confidence)


def _share(name: str, count: int, n: int, confidence: float) -> dict[str, float]:
    if n == 0:
        return {}
    low, high = proportion_confint(count, n, alpha=1 - confidence, method="wilson")
    return {name: count / n, f"{name}_low": float(low), f"{name}_high": float(high)}


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
        by_rater = answers[answers["rater"] == rater]
        pairs = own.merge(by_rater, on=_PLACE, how="left", suffixes=("_label", "_answer"))
        for scale in _spoken(own, by_rater):
            columns = {f"{scale}_label": "label", f"{scale}_answer": "answer"}
            asked = pairs.rename(columns=columns)[["label", "answer", "family", "kind"]]
            kinds = sorted(asked["kind"].unique())
            for kind in ("all", *(kinds if len(kinds) > 1 else ())):
                key = {"scale": scale, "requests": kind, "rater": rater, "annotator": annotator}
                yield key, asked[(asked["kind"] == kind) | (kind == "all")]


def _spoken(own: pd.DataFrame, answers: pd.DataFrame) -> list[str]:
    """The scales on which an annotator has labels; harm would only say again what a contextual label says.

    A detector speaks on one scale alone, and is compared there; a judge without labels keeps its empty rows.
    """
    scales = [scale for scale in SCALES if own[scale].notna().any()]
    if answers["rater"].str.startswith(PREFIX).any():
        return [scale for scale in scales if answers[scale].notna().any()]
    return [scale for scale in scales if scale != "harm" or "contextual" not in scales]
