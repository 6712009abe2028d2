"""Detector of refusals in text, over the rules of ``unicost.judging.refusal``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from unicost.judging.refusal import Stance, classify
from unicost.records import Detection, Instance, Response

_LABELS = {Stance.REFUSAL: "refusal", Stance.PARTIAL_REFUSAL: "partial_refusal", Stance.ANSWER: "no_refusal"}


class Refusal:
    """Gives every text exactly one of ``refusal``, ``partial_refusal`` and ``no_refusal`` (score 0).

    ``no_refusal`` is the trace that the text was read. Nothing is given for an empty text or for an image.
    """

    version: ClassVar[int] = 1

    def __init__(self, **options: Any) -> None:
        if options:
            raise ValueError(f"detector 'refusal' has no options, but got {sorted(options)}")

    def detect(self, instances: Sequence[Instance], responses: Sequence[Response]) -> list[Detection]:
        """One detection for each response with text, with the sentence that decided as evidence."""
        return [_detection(response) for response in responses if (response.text or "").strip()]


def _detection(response: Response) -> Detection:
    finding = classify(response.text)
    return Detection(
        instance=response.instance,
        model=response.model,
        detector="refusal",
        label=_LABELS[finding.stance],
        score=float(finding.stance is not Stance.ANSWER),
        evidence=finding.evidence or None,
    )
