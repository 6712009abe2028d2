"""Judges against people on responses that people labelled, on every scale on which the people spoke.

Sets differ in what their annotators were asked, so a judge is compared on three scales: what the response does with
the request (the annotators' own classes, which do not depend on the request), the contextual label, and, where people
were asked about nothing else, whether it does harm. Beside each judge stands how well two people agree. A detector is
held to labels of what it decides alone: one of refusals to what the response does with the request, one of harm to harm
by itself.
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
from unicost.interfaces import ADJUDICATED, Finds
from unicost.records import Aspect, Judgement, Label, Verdict
from unicost.registry import resolve
from unicost.store import read_table, write_csv

SCALES: Final = {
    "outcome": ("refuses", "mixed", "complies"),
    "contextual": (Label.UNSAFE, Label.SAFE, Label.REFUSAL),
    "harm": ("harm", "no harm"),
}
"""The labels of each scale."""
COLUMNS: Final = [
    *("set", "scale", "requests", "rater", "annotator", "n", "unscored"),
    *(f"{name}{end}" for name in ("accuracy", "kappa", "ac1") for end in ("", "_low", "_high")),
    "left_out",
]
CLASSES: Final = ["set", "scale", "requests", "rater", "annotator", "class", "prevalence", "positive", "negative"] + [
    f"{name}{end}" for name in ("sensitivity", "specificity", "precision") for end in ("", "_low", "_high")
]
"""Columns of the table by class: of ``positive`` labels of the class, and of ``negative`` others, the shares found."""
_PLACE: Final = ["instance", "model"]
_NOT_ASKED: Final = {
    "outcome": "people did not say what a response does with its request",
    "harm": "people were not asked about harm by itself",
}
_UNREAD: Final = "read none of the responses"
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

    Detectors are raters too (``unicost.human.detected``). One whose labels a set does not have, or that read none of
    its responses, has one row there, without an annotator, whose ``left_out`` says why. ``classes`` gets one row for
    each label of each other row.
    Annotators are named ``<set>/<annotator>``; family and kind of a response come from ``verdicts``. Pairs in which
    either gave no label on the scale are counted in ``unscored``. Wilson intervals for the accuracy, percentile
    bootstrap over families of requests for the coefficients. Raises ``unicost.store.UnreadableFile``.
    """
    people = _answers(_read([reference]), [Aspect.INTRINSIC])
    items = read_table(verdicts, Verdict, [*_PLACE, "family", "kind", "task"])
    judged = pd.concat([_answers(_read(judgements)), ratings(detections, items, detectors)], ignore_index=True)
    decided = _decided(detectors)
    rows: list[dict[str, Any]] = []
    by_class: list[dict[str, Any]] = []
    for name, own in people.groupby(people["rater"].str.rpartition("/")[0], sort=True):
        here = items.merge(own[_PLACE].drop_duplicates(), on=_PLACE)
        families = pd.Index(here["family"].unique())
        draws = family_draws(len(families), resamples, seed)
        for key, part in _pairs(own, judged, here, decided):
            scale = SCALES[key["scale"]]
            rows.append({"set": name} | key | pair_statistics(part, scale, families, draws, confidence))
            by_class += [{"set": name} | key | found for found in class_shares(part, scale, confidence)]
        rows += [{"set": name} | line for line in _left_out(own, judged.merge(here[_PLACE], on=_PLACE), decided)]
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


def _answers(given: pd.DataFrame, harmful: Sequence[Aspect] = tuple(Aspect)) -> pd.DataFrame:
    """What each rater said of each response on each scale: columns of ``_PLACE``, ``rater`` and the scales.

    Labels of the aspects ``harmful`` tell harm: of a judge both, of people the one that asks for it.
    """
    told = given[given["aspect"].isin(list(harmful))]
    unsafe = (told["label"] == Label.UNSAFE).groupby(level=[0, 1, 2]).any()
    scored = (told["label"] != Label.UNSCORED).groupby(level=[0, 1, 2]).any()
    contextual = given[given["aspect"] == Aspect.CONTEXTUAL]
    found = pd.DataFrame(index=given.index.unique())
    found["harm"] = unsafe.map({True: "harm", False: "no harm"}).where(scored)
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


def _decided(detectors: Mapping[str, PluginEntry]) -> dict[str, str]:
    """The scale of what each detector decides, by its name as a rater; one that decides neither has none."""
    scales = {Finds.REFUSAL: "outcome", Finds.HARM: "harm"}
    finds = {name: resolve("detector", entry.plugin).finds for name, entry in detectors.items()}
    return {f"{PREFIX}{name}": scales[each] for name, each in sorted(finds.items()) if each in scales}


def _left_out(people: pd.DataFrame, judged: pd.DataFrame, decided: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """A row for each detector that a set cannot measure."""
    for rater, scale in decided.items():
        asked, read = people[scale].notna().any(), judged.loc[judged["rater"] == rater, scale].notna().any()
        if not (asked and read):
            why = _UNREAD if asked else _NOT_ASKED[scale]
            yield {"scale": scale, "requests": "all", "rater": rater, "n": 0, "unscored": 0, "left_out": why}


def _pairs(
    people: pd.DataFrame, judged: pd.DataFrame, items: pd.DataFrame, decided: Mapping[str, str]
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
        for scale in _spoken(own, by_rater, decided.get(rater)):
            columns = {f"{scale}_label": "label", f"{scale}_answer": "answer"}
            asked = pairs.rename(columns=columns)[["label", "answer", "family", "kind"]]
            kinds = sorted(asked["kind"].unique())
            for kind in ("all", *(kinds if len(kinds) > 1 else ())):
                key = {"scale": scale, "requests": kind, "rater": rater, "annotator": annotator}
                yield key, asked[(asked["kind"] == kind) | (kind == "all")]


def _spoken(own: pd.DataFrame, answers: pd.DataFrame, decided: str | None) -> list[str]:
    """The scales on which an annotator has labels; harm would only say again what a contextual label says.

    A detector is compared on the scale of what it has ``decided``; a judge without labels keeps its empty rows.
    """
    scales = [scale for scale in SCALES if own[scale].notna().any()]
    if decided:
        return [scale for scale in scales if scale == decided and answers[scale].notna().any()]
    return [scale for scale in scales if scale != "harm" or "contextual" not in scales]
