"""One figure or table of the report: its name, title, captions, and which studies have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LEVEL = "{level}"
"""Stands for the level of the study's intervals in a caption."""

KINDS = ("published", "experiment")
"""Kinds of study that are reported."""
NEEDS = ("replicates", "protocol", "training", "sensitivity", "injections", "calibration")
"""Models that are replicates of arms; a protocol; models that the project trained; other policies to compare with;
attempts to talk its judges over; judges that state probabilities, and labels to hold them to."""


@dataclass(frozen=True)
class Entry:
    """One figure or table: its file name, title, category in the report, and caption for each kind of study."""

    name: str
    title: str
    category: str
    captions: Mapping[str, str]
    needs: str = ""
    """What a study must have for it (one of ``NEEDS``); every study of the kind has it where this is empty."""

    def caption(self, kind: str, level: str) -> str:
        """The caption for a kind of study whose intervals are at ``level``, as printed (``95 %``)."""
        return self.captions[kind].replace("{level}", level)


def both(text: str) -> dict[str, str]:
    """One caption for both kinds of study."""
    return dict.fromkeys(KINDS, text)
