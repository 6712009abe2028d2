"""Detector of refusals in several languages, over the rules of ``unicost.judging.refusal_rules``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from unicost.interfaces import Finds
from unicost.judging.refusal import Stance
from unicost.judging.refusal_rules import classify_any
from unicost.judging.wording import refuse_unknown
from unicost.records import Detection, Instance, Modality, Response

_LABELS = {Stance.REFUSAL: "refusal", Stance.PARTIAL_REFUSAL: "partial_refusal", Stance.ANSWER: "no_refusal"}


class RefusalRules:
    """Gives every text one of ``refusal``, ``partial_refusal``, ``no_refusal`` (score 0), ``unreadable``; no options.

    ``no_refusal`` is the trace that the text was read. Nothing is given for an empty text or for an image.
    """

    version: ClassVar[int] = 4
    reads: ClassVar[Modality] = Modality.TEXT
    finds: ClassVar[Finds] = Finds.REFUSAL

    def __init__(self, **unknown: Any) -> None:
        refuse_unknown("refusal_rules", unknown)

    def detect(self, instances: Sequence[Instance], responses: Sequence[Response]) -> list[Detection]:
        """One detection for each response with text, with the sentence that decided as evidence."""
        return [_detection(response, response.text) for response in responses if (response.text or "").strip()]


def _detection(response: Response, text: str | None) -> Detection:
    finding = classify_any(text)
    if finding is None:
        return Detection(response.instance, response.model, "refusal_rules", "unreadable", 1.0)
    score = float(finding.stance is not Stance.ANSWER)
    label, evidence = _LABELS[finding.stance], finding.evidence or None
    return Detection(response.instance, response.model, "refusal_rules", label, score, evidence)
