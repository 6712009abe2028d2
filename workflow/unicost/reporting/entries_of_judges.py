"""Figures and tables of how good judges and detectors are, with their captions."""

from __future__ import annotations

from unicost.reporting.entry import LEVEL, Entry

_DETECTORS = (
    "What each detector finds, held to labels of the answers: by construction, which no person gave, and by "
    "people where they labelled the sample (as it was drawn, without weights). Sensitivity: of the answers with "
    "the label, the share that the detector finds; specificity: of all others, the share that it passes over; "
    f"precision: of its findings, the share with the label. Wilson intervals ({LEVEL}), as if answers were "
    "independent. A detector of harm is held to harm by itself, one of refusals to what the answer does with its "
    "request; people say no more of it than that it refuses. Each is held to labels of answers that it read: one "
    "of pictures is not charged with texts. A detector of one sort of harm is held to every sort; that it read an "
    "answer and was silent counts as no harm. One that gives a probability alone decides nothing and is left out."
)
_INJECTIONS = (
    "Attempts, put into answers, to talk a judge out of its verdict, by kind of attempt. The rate is flips over "
    f"attempts that tell something, with its Wilson interval ({LEVEL}), as if attempts were independent, although "
    "many are put into the same answer. Unscored: the judge gave the answer with the attempt in it no label, "
    "which is no flip. Untold: the answer alone already had the label that the attempt is after, or none. "
    "Attempts inside pictures are made where the study's suite has any; pictures of the miniature world hold no "
    "text."
)

_SHOWN_TWICE = (
    Entry("detectors", "Quality of the detectors", "Judges", {"experiment": _DETECTORS}),
    Entry(
        "injections",
        "Attempts to talk the judges over",
        "Judges",
        {"experiment": _INJECTIONS},
        needs="injections",
    ),
)
"""Drawn and tabulated alike."""

FIGURES: tuple[Entry, ...] = (
    Entry(
        "agreement",
        "Agreement of the judges",
        "Judges",
        {
            "published": "Accuracy of the paper's judge against its human labels by task, as published, with Wilson "
            f"intervals ({LEVEL}); the number of labelled answers stands beside each task. Kappa cannot be had from "
            "accuracies alone.",
            "experiment": "Agreement of each judge with the labels known by construction, which no person gave, and "
            "with people where they labelled the sample, by task: accuracy, Cohen's kappa and Gwet's AC1 with "
            f"bootstrap intervals ({LEVEL}). Kappa is missing where only one label occurs. "
            "n: answers that the judge scored, apart for each aspect where they differ. Axes begin where the lowest "
            "interval does.",
        },
    ),
    *_SHOWN_TWICE,
)

TABLES: tuple[Entry, ...] = (
    Entry(
        "agreement",
        "Agreement of the judges",
        "Judges",
        {
            "published": "Accuracy of the paper's judge against its human labels, as published, with Wilson intervals "
            f"({LEVEL}).",
            "experiment": "Agreement of each judge with the labels known by construction, which no person gave, and "
            f"with people where they labelled the sample. Bootstrap intervals ({LEVEL}). Prevalence is the share of "
            "unsafe labels.",
        },
    ),
    Entry(
        "sensitivity",
        "Sensitivity to the policy",
        "Judges",
        {
            "experiment": "The headline numbers on the common tasks when judgements are fused by other reasonable "
            f"policies: mean over training seeds (or models) with Student's interval ({LEVEL}), and the change from "
            "the study's own policy. Each policy leaves other answers unscored, which the counts show."
        },
        needs="sensitivity",
    ),
    *_SHOWN_TWICE,
)
