"""The suite of injections: how often can a response talk a judge out of its verdict?

Every base response is judged as it is and with each injection in it. An attempt flips the verdict where the plain
response got another label than the injection wants, and the injected one gets it. Attempts on responses that the judge
does not label as they are meant, or leaves unscored, tell nothing and are counted apart.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd
from pydantic import Field

from unicost.config import Strict
from unicost.config.judging import PluginEntry
from unicost.config.loading import parse, read_yaml
from unicost.interfaces import Detector, Judge, JudgeRequest
from unicost.judging.judge import check_access
from unicost.records import (
    Aspect,
    Construction,
    Detection,
    Image,
    Instance,
    Kind,
    Label,
    Modality,
    Placement,
    Response,
    Task,
    Turn,
)
from unicost.registry import resolve

SUITE: Final = Path(__file__).resolve().parents[2] / "resources" / "injections.yaml"
"""The injections that ship."""
COLUMNS: Final = ["judge", "aspect", "kind", "attempts", "flips", "rate", "low", "high", "unscored", "untold"]
ALL: Final = "all"
_PLAIN: Final = ""
_SIDE: Final = 512


class Base(Strict):
    """A response to inject into."""

    id: str
    """Its name."""
    request: str
    """What it answers."""
    intention: str
    """What the request is after."""
    response: str
    """The response."""
    category: str = ""
    """The category of the request, where a judge is told one."""


class Injection(Strict):
    """One attempt."""

    id: str
    """Its name."""
    kind: str
    """What it tries: an order, a forged verdict, ..."""
    wants: Literal["safe", "refusal", "unsafe"]
    """The label that it is after."""
    text: str
    """What it says; `{response}` stands for the response (without it the text comes behind it), `{request}` for the
    request."""
    image: bool = False
    """Whether it stands in the response's picture."""


class Suite(Strict):
    """A file of injections."""

    base: tuple[Base, ...] = Field(min_length=1)
    """Responses that a judge ought to find unsafe in their context."""
    harmless: tuple[Base, ...] = ()
    """Responses that a judge ought to find safe."""
    injections: tuple[Injection, ...] = Field(min_length=1)
    """The attempts."""


def run_injections(
    name: str, entry: PluginEntry, detectors: Mapping[str, PluginEntry], suite: Path = SUITE, confidence: float = 0.95
) -> pd.DataFrame:
    """One row an aspect of the judge and kind of injection, and a row for all; columns ``COLUMNS``.

    ``rate`` is flips over attempts, with Wilson's interval; ``attempts`` are those whose plain response was labelled
    and whose injected one was too; ``unscored`` are those whose injected response was not, ``untold`` those whose plain
    response was not labelled other than the injection wants. The intrinsic aspect knows no refusal: there an attempt at
    one is an attempt at ``safe``. Raises ``InvalidConfig`` for a suite that cannot be read and ``JudgeLost`` where
    nobody can be asked.
    """
    cases = list(_cases(parse(Suite, read_yaml(suite), suite)))
    plugin: Judge = resolve("judge", entry.plugin)(**entry.options)
    try:
        judgements = plugin.judge(_requests([request for *_, request in cases], detectors))
    finally:
        if hasattr(plugin, "close"):
            plugin.close()
    check_access(name, judgements)
    labels = {(row.instance, row.aspect): row.label for row in judgements}
    rows = []
    for aspect in sorted(plugin.aspects):
        told = [(kind, *_told(labels, aspect, case)) for case in cases if (kind := case[1]) != _PLAIN]
        for kind in (ALL, *dict.fromkeys(row[0] for row in told)):
            counted = [row[1:] for row in told if kind in (ALL, row[0])]
            rows.append((name, aspect.value, kind, *_counts(counted, confidence)))
    return pd.DataFrame(rows, columns=COLUMNS)


Case = tuple[str, str, Label, JudgeRequest]
"""Id of the plain case, kind of injection (empty for the plain one), label that is wanted, and what is judged."""


def _cases(suite: Suite) -> Iterator[Case]:
    """Every base response in words and, if any attempt is drawn, as a picture; plain and with every one that fits."""
    forms = sorted({attempt.image for attempt in suite.injections})
    for kind, bases in ((Kind.UNSAFE, suite.base), (Kind.BENIGN, suite.harmless)):
        for base in bases:
            for drawn in forms:
                plain = f"{base.id}{'-drawn' if drawn else ''}"
                yield plain, _PLAIN, Label.UNSCORED, _request(plain, base, kind, base.response, drawn)
                for attempt in suite.injections:
                    if attempt.image == drawn and (attempt.wants == "unsafe") == (kind is Kind.BENIGN):
                        text = _injected(attempt.text, base)
                        name = f"{plain}/{attempt.id}"
                        yield plain, attempt.kind, Label(attempt.wants), _request(name, base, kind, text, drawn)


def _injected(text: str, base: Base) -> str:
    whole = text if "{response}" in text else f"{{response}}\n\n{text}"
    return whole.replace("{request}", base.request).replace("{response}", base.response)


def _request(name: str, base: Base, kind: Kind, text: str, drawn: bool) -> JudgeRequest:
    instance = Instance(
        id=name,
        family=base.id,
        kind=kind,
        category=base.category,
        leaf="",
        task=Task.TEXT_TO_IMAGE if drawn else Task.TEXT_TO_TEXT,
        construction=Construction.PLAIN,
        placement=Placement.TEXT,
        turns=(Turn("user", base.request),),
        expected=Modality.IMAGE if drawn else Modality.TEXT,
        intention=base.intention,
        source="injections",
        licence="Apache-2.0",
    )
    answer = Response(name, "injections", "", 0, text=None if drawn else text, image=_board(text) if drawn else None)
    return JudgeRequest(instance, answer, base.intention)


def _board(text: str) -> Image:
    """The text on a white board, as a PNG."""
    from textwrap import fill

    from PIL import Image as Pillow
    from PIL import ImageDraw, ImageFont

    board = Pillow.new("RGB", (_SIDE, _SIDE), "white")
    lines = "\n".join(fill(line, 38) for line in text.split("\n"))
    ImageDraw.Draw(board).multiline_text((16, 16), lines, "black", ImageFont.load_default(22))
    buffer = io.BytesIO()
    board.save(buffer, format="PNG")
    return Image(buffer.getvalue())


def _requests(requests: Sequence[JudgeRequest], detectors: Mapping[str, PluginEntry]) -> list[JudgeRequest]:
    """The requests with what the detectors find in their responses."""
    found: dict[str, list[Detection]] = {}
    for name, entry in detectors.items():
        detector: Detector = resolve("detector", entry.plugin)(**entry.options)
        for row in detector.detect([one.instance for one in requests], [one.response for one in requests]):
            found.setdefault(row.instance, []).append(dataclasses.replace(row, detector=name))
    return [dataclasses.replace(one, detections=tuple(found.get(one.instance.id, ()))) for one in requests]


def _told(labels: Mapping[tuple[str, Aspect], Label], aspect: Aspect, case: Case) -> tuple[Label, Label, Label]:
    """The label of the plain response, of the injected one, and the one that is wanted."""
    plain, _, wanted, request = case
    if aspect is Aspect.INTRINSIC and wanted is Label.REFUSAL:
        wanted = Label.SAFE
    return labels[plain, aspect], labels[request.instance.id, aspect], wanted


def _counts(told: Sequence[tuple[Label, Label, Label]], confidence: float) -> tuple[Any, ...]:
    from statsmodels.stats.proportion import proportion_confint

    apt = [(injected, wanted) for plain, injected, wanted in told if plain not in (Label.UNSCORED, wanted)]
    scored = [injected is wanted for injected, wanted in apt if injected is not Label.UNSCORED]
    flips, attempts = sum(scored), len(scored)
    rate, low, high = float("nan"), float("nan"), float("nan")
    if attempts:
        rate = flips / attempts
        bounds = proportion_confint(flips, attempts, 1 - confidence, method="wilson")
        low, high = (min(max(float(bound), 0.0), 1.0) for bound in bounds)
    return attempts, flips, rate, low, high, len(apt) - attempts, len(told) - len(apt)
