"""Figures and tables of judges' errors and calibration, of task-switching and interactions, with their captions."""

from __future__ import annotations

from unicost.reporting.entry import LEVEL, Entry

_CORRECTION = {
    "published": "Only the judge's accuracy by task was published, so it is taken to err alike on all models, and "
    "its errors on failure are taken as the sum of those in both aspects, the most that they can be. Misses: every "
    "error is an unsafe answer that passed. False alarms: as many as the lowest judged rate on the task allows, the "
    "rest misses.",
    "experiment": "Rogan and Gladen: sensitivity and specificity by task on the labelled answers, for all models alike "
    "or for unified and other models by themselves. Prediction-powered: the mean label, with the verdicts on all "
    "answers. Where every answer has a label, by construction, the last is the mean of the labels.",
}
_TIPPING = (
    "Error needed: the smallest share of wrong verdicts, the same on both sides and on every task, that could have "
    "moved the interval to zero if every error lay the worst way (false alarms on one side, misses on the other). An "
    "error that is alike on both sides cannot do that, whatever its size."
)
_UNSCORED = (
    "“If unscored”: the corrected difference if all unscored answers had truly been safe on the one side and unsafe on "
    "the other."
)
_KNOWN = "The known error is that of the judge, the mean over the same tasks (empty where nobody labelled an answer)."

_CALIBRATION = (
    "Answers with a label, in bins by the probability of unsafe that the judge stated: one that many answers share is "
    "a bin of its own, and the rest is cut into bins of about equally many. The share of unsafe labels has Wilson's "
    f"interval at the effective sample size, with families of items as clusters ({LEVEL}). Answers that a judge left "
    "unscored because it was not sure count here, for it stated a probability for them too. Judges that vote without "
    "a probability have no calibration."
)

_UNITS = (
    "With the family of items as the unit, these very models: average marginal effect of being unified, from logistic "
    f"generalised estimating equations with families as clusters ({LEVEL}); p tests whether the effects of all levels "
    "are one (Wald, on the log odds). With the training seed as the unit, where models are replicates: mean over seeds "
    "with Student's interval; p is that of a within-seed analysis of variance corrected by Greenhouse and Geisser, and "
    "p by signs an exact one, which five seeds cannot bring below 5 % whatever they show. p values are adjusted by "
    "Benjamini and Hochberg over all tests with the same unit. What cannot be fitted or tested says so."
)

FIGURES: tuple[Entry, ...] = (
    Entry(
        "corrected",
        "Penalty, judged and corrected",
        "Judges",
        {
            kind: "Difference in failure on the common tasks, unified minus counterpart, pooled over pairs, in "
            f"percentage points with intervals ({LEVEL}; n is in the table of the same name): as judged, and "
            f"corrected for the judge's error. {text}"
            for kind, text in _CORRECTION.items()
        },
    ),
    Entry(
        "tipping",
        "How wrong would the judge have to be?",
        "Judges",
        dict.fromkeys(
            ("published", "experiment"),
            f"Each mark is a comparison on the common tasks whose interval ({LEVEL}) excludes zero. {_TIPPING} Hollow "
            f"marks could be overturned by the known error, if it is as large on both sides and every task. {_KNOWN} n "
            "is in the tables of the penalty.",
        ),
    ),
    Entry(
        "calibration",
        "Do judges know how sure they may be?",
        "Judges",
        {
            "experiment": "Share of unsafe labels against the stated probability, one panel an aspect. On the diagonal "
            "a judge means what it says; below it, it sees more harm than there is. Hollow marks: all answers that the "
            "judge left unscored. Strips: how often each probability was stated, on a scale of square roots. "
            f"{_CALIBRATION}"
        },
        needs="calibration",
    ),
    Entry(
        "interactions",
        "What the penalty depends on",
        "Penalty",
        {
            "experiment": "Penalty (unified minus counterpart, failure) by level of a factor, in percentage points; "
            "light: the family of items is the unit, dark: the training seed (hollow, without an interval, where seeds "
            "agree to the last answer). The adjusted p stands by each factor. "
            f"{_UNITS}"
        },
    ),
    Entry(
        "consistency",
        "Consistency over the tasks of a target",
        "Switching",
        {
            "experiment": "Share of families of requests (one target in several tasks) on which a model fails on both "
            "of two tasks or on neither, mean over the pairs of tasks that it is able to do; a rule parts those with "
            "different pairs, which cannot be compared. Bars are intervals from "
            f"resampled families ({LEVEL}); a grey rule marks what chance alone would give. Where an arm has "
            "replicates, its seeds are small marks, and the large one is their mean with Student's interval."
        },
    ),
)

TABLES: tuple[Entry, ...] = (
    Entry(
        "corrected",
        "Penalties corrected for the judge's error",
        "Judges",
        {
            kind: "Differences on the common tasks in percentage points, judged and corrected, with intervals "
            f"({LEVEL}) and whether both say the same. {_UNSCORED} {text}"
            for kind, text in _CORRECTION.items()
        },
    ),
    Entry(
        "tipping",
        "Tipping points",
        "Judges",
        dict.fromkeys(("published", "experiment"), f"{_TIPPING} {_KNOWN} Estimates in percentage points ({LEVEL})."),
    ),
    Entry(
        "judge_error",
        "Errors of the judge",
        "Judges",
        {
            "published": "Sensitivity and specificity in percent that the published accuracies imply, with intervals "
            f"({LEVEL}). {_CORRECTION['published']} Whether the judge errs alike on all models cannot be tested.",
            "experiment": f"Sensitivity and specificity in percent on the labelled answers, with intervals ({LEVEL}; "
            "families of items are the clusters), and their difference between unified and other models with its p "
            "value: only an error that differs can fake a penalty.",
        },
    ),
    Entry(
        "calibration",
        "Calibration of the judges",
        "Judges",
        {
            "experiment": f"{_CALIBRATION} Excess: mean stated probability minus the share of unsafe labels, in "
            "points. The Brier score is miscalibration minus discrimination plus uncertainty, taken apart by isotonic "
            "regression; its interval and that of the excess resample families. By chance: the miscalibration that an "
            "honest judge would show in such a sample; p tests honesty by random signs of families."
        },
        needs="calibration",
    ),
    Entry(
        "consistency",
        "Consistency over the tasks of a target",
        "Switching",
        {
            "experiment": "Consistency in percent (differences in points) by pair of tasks, with intervals from "
            f"resampled families, or Student's over training seeds ({LEVEL}); the share of families on which a model "
            "fails on the first task alone and on the second alone says which way it switches. “If unscored”: the "
            "consistency if every unscored answer had gone the one way or the other, family by family; means over "
            "pairs of tasks take the worst of each."
        },
    ),
    Entry(
        "interactions",
        "What the penalty depends on",
        "Penalty",
        {
            "experiment": "Penalty (unified minus counterpart, failure) in percentage points by level of a factor. "
            f"{_UNITS} “If unscored”: the penalty if every unscored answer had gone the one way or the other."
        },
    ),
)
