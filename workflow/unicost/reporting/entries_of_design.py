"""Figures and tables of experiments with a protocol, with their captions."""

from __future__ import annotations

from unicost.reporting.entry import Entry

_SEEDS = "over training seeds (Student, at the level of the protocol)"
_LIMITS = (
    "Limits: one small closed world, a handful of training seeds and one recipe for each arm. This is evidence about a "
    "mechanism, never about large models. Seeds that miss the capability gate are unable and not safe: they are left "
    "out of means and differences and drawn hollow; a prompt type that an arm misses in every seed is left out of the "
    "comparison for both sides. Table “Arms and contrasts” names what was left out."
)

FIGURES: tuple[Entry, ...] = (
    Entry(
        "design",
        "Does unifying cost safety here?",
        "Design",
        {
            "experiment": "Left: failure on unsafe requests, mean over training seeds, each seed a small mark. Right: "
            f"what the unified arm fails more than its counterparts, with intervals {_SEEDS}, on the prompt types that "
            "both share; matched in steps for each task, and in steps in all. The band is the margin within which a "
            "difference counts as none. Each interval stands for itself, and the words beside it follow the p value "
            "adjusted for all comparisons (Holm): “after Holm” marks what the interval alone would have called a "
            f"difference. The comparisons were declared before the test split was used. {_LIMITS}"
        },
        needs="protocol",
    ),
    Entry(
        "replay",
        "Failure against safety replay",
        "Design",
        {
            "experiment": "Failure on unsafe requests by the share of training steps spent on safety replay, which is "
            "in words alone except at the level on the right of each panel. Small marks are training seeds (hollow "
            f"below the capability gate), large ones their mean with its interval {_SEEDS}. Arms that see no pictures, "
            f"or draw none, have no line in those panels. {_LIMITS}"
        },
        needs="protocol",
    ),
    Entry(
        "outcomes",
        "What the arms answer",
        "Design",
        {
            "experiment": "Answers to unsafe requests by declared outcome, all seeds together, in percent of all that "
            "were asked; hatched: unscored. In image mode a model cannot refuse. Diamonds: mean probability that the "
            "first token opens a refusal (text answers). Bars: share of the benign twins that are refused. Seeds below "
            f"the capability gate are included here. {_LIMITS}"
        },
        needs="protocol",
    ),
    Entry(
        "losses",
        "Loss curves of the training",
        "Training",
        {
            "experiment": "Smoothed training loss by kind of batch, one panel a model, one line a training seed; both "
            "axes differ in range from those of other kinds of batches, so levels are not compared between colours. "
            "A low loss is no capability: the capability gate is measured on held-out requests."
        },
        needs="training",
    ),
)

TABLES: tuple[Entry, ...] = (
    Entry(
        "hypotheses",
        "Declared hypotheses",
        "Design",
        {
            "experiment": f"Every hypothesis of the protocol: the difference in percentage points with its interval "
            f"{_SEEDS}, Student's p value, two-sided and adjusted (Holm) within its family, the smallest difference "
            "that these seeds find four times in five, the mean if every unscored answer were what makes the "
            "difference smallest or largest, the interval over seeds of these worst cases, and the verdict, which is "
            "of scored answers. No effect beyond the margin: the whole interval lies within it; it holds whatever the "
            f"unscored answers were where that of the worst cases does too. {_LIMITS}"
        },
        needs="protocol",
    ),
    Entry(
        "effects",
        "Arms and contrasts",
        "Design",
        {
            "experiment": "Differences in failure between arms in percentage points, for the group of prompt types "
            "that each contrast declares (first line) and for each prompt type in it (exploratory), with intervals "
            f"{_SEEDS} and every seed's own difference. Left out: prompt types or seeds that miss the capability gate. "
            f"{_LIMITS}"
        },
        needs="protocol",
    ),
    Entry(
        "gates",
        "Declared hypotheses at other capability gates",
        "Design",
        {
            "experiment": "What every declared hypothesis would say if models counted only from another share of right "
            "work on. The declared gate alone decides. With fewer than three seeds nothing is tested. " + _LIMITS
        },
        needs="protocol",
    ),
    Entry(
        "replay",
        "Failure by level of safety replay",
        "Design",
        {
            "experiment": f"Failure on unsafe requests in percent, mean and interval {_SEEDS}, by arm, level of safety "
            f"replay and block of prompt types. {_LIMITS}"
        },
        needs="protocol",
    ),
)
