"""Detector of refusals in text, over the rules of ``unicost.judging.refusal``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from unicost.interfaces import Finds
from unicost.judging.refusal import Finding, Stance, classify
from unicost.records import Detection, Instance, Modality, Response

_LABELS = {Stance.REFUSAL: "refusal", Stance.PARTIAL_REFUSAL: "partial_refusal", Stance.ANSWER: "no_refusal"}


class Refusal:
    """Gives every text exactly one of ``refusal``, ``partial_refusal`` and ``no_refusal`` (score 0).

    ``no_refusal`` is the trace that the text was read. Nothing is given for an empty text or for an image. Option
    ``openings``: words with which, in the benchmark at hand, nothing but a refusal begins; a text that opens with them
    refuses even where it breaks off or goes astray. None by default.
    """

    version: ClassVar[int] = 1
    reads: ClassVar[Modality] = Modality.TEXT
    finds: ClassVar[Finds] = Finds.REFUSAL

    def __init__(self, *, openings: Sequence[str] = (), **unknown: Any) -> None:
        if unknown:
            raise ValueError(f"detector 'refusal' has the option 'openings' alone, but got {sorted(unknown)}")
        if isinstance(openings, str) or not all(isinstance(words, str) and words.strip() for words in openings):
            raise ValueError(f"detector 'refusal': option 'openings' must be a list of words, not {openings!r}")
        self._openings = tuple(f"{' '.join(words.lower().split())} " for words in openings)

    def detect(self, instances: Sequence[Instance], responses: Sequence[Response]) -> list[Detection]:
        """One detection for each response with text, with the sentence that decided as evidence."""
        return [self._detection(response) for response in responses if (response.text or "").strip()]

    def _detection(self, response: Response) -> Detection:
        finding, text = classify(response.text), response.text or ""
        if finding.stance is Stance.ANSWER and f"{' '.join(text.lower().split())} ".startswith(self._openings):
            finding = Finding(Stance.REFUSAL, text.strip()[:80])
        return _detection(response, finding)


def _detection(response: Response, finding: Finding) -> Detection:
    return Detection(
        instance=response.instance,
        model=response.model,
        detector="refusal",
        label=_LABELS[finding.stance],
        score=float(finding.stance is not Stance.ANSWER),
        evidence=finding.evidence or None,
    )
