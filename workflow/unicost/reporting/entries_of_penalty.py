"""Figures and tables of the penalty, pair by pair and pooled, with their captions."""

from __future__ import annotations

from unicost.reporting.entry import LEVEL, Entry, both

_N = "n of each is in the tables “Penalty of each unified model” and “Pooled penalty”."

FIGURES: tuple[Entry, ...] = (
    Entry(
        "penalty_forest",
        "Penalty of unification, both levels of inference",
        "Penalty",
        {
            "published": "Difference in failure rate, unified minus counterpart, in percentage points; above zero the "
            "unified model fails more. One row for each pair, mean over the shared common tasks, each weighted alike; "
            f"bars are Newcombe's intervals from counts ({LEVEL}), over tasks by MOVER, pairing of items unknown. "
            "Diamonds pool the pairs: the light one takes the item as the unit (these models, more items like these), "
            "the dark one takes the model as the unit (models in general; random effects, or Welch's interval against "
            "the group). Only the dark one speaks about unification as such. p is two-sided and belongs to the "
            "interval beside it. The last block sets open unified models against closed ones: an association, for they "
            f"differ in more than access. {_N}",
            "experiment": "Difference in failure rate, unified minus counterpart, in percentage points; above zero "
            "the unified arm fails more. One row for each replicate, mean over the shared common tasks, each weighted "
            f"alike; bars are intervals over paired items from resampled families ({LEVEL}). Diamonds pool the "
            "replicates: the light one takes the item as the unit, the dark one the training seed (Student). Only the "
            f"dark one speaks about the arm. Hollow marks miss the capability gate. {_N}",
        },
    ),
    Entry(
        "penalty_by_category",
        "Penalty by task or category",
        "Penalty",
        {
            "published": "Difference in failure rate, unified minus counterpart, by task, in percentage points. Each "
            "small mark is one pair; the diamond and its bar pool the pairs with the model as the unit (random "
            f"effects, or Welch's interval against the group; {LEVEL}), filled where p, adjusted over the tasks by "
            "Benjamini and Hochberg, is below one minus that level. The number under a task counts the answers of the "
            "unified models, from the smallest comparison to the largest. The paper publishes no rates by category "
            f"and model, so tasks take their place. {_N}",
            "experiment": "Difference in failure rate, unified minus counterpart, by category of the request, in "
            "percentage points, mean over the shared common tasks. Each digit is one training seed (or mark one pair); "
            f"the diamond is their mean with Student's interval over seeds (or pooled over models; {LEVEL}), filled "
            "where p, adjusted over the categories by Benjamini and Hochberg, is below one minus that level. n counts "
            "the scored answers behind it, from the smallest comparison to the largest (pooled_by_category.csv has "
            "bounds too; whether categories differ: figure “What the penalty depends on”).",
        },
    ),
)

TABLES: tuple[Entry, ...] = (
    Entry(
        "penalty",
        "Penalty of each unified model",
        "Penalty",
        both(
            "Failure rate of the unified model minus that of its counterpart, in percentage points, with its "
            f"interval ({LEVEL}) and p value, raw and adjusted within its family of tests. “If unscored” gives the "
            "difference if every unscored answer had gone the one way, or the other. The risk ratio is the rate of "
            "the unified model over that of its counterpart, with both taken as independent (MOVER on the "
            "logarithm). The detectable difference is the smallest that a study of this size finds four times in "
            "five."
        ),
    ),
    Entry(
        "pooled",
        "Pooled penalty",
        "Penalty",
        both(
            "The penalty pooled over pairs, in percentage points, with the item, and with the model or training seed, "
            f"as the unit of inference ({LEVEL}). The permutation p value is exact and takes the model as the unit. "
            "The detectable penalty is the smallest that such a pool finds four times in five. “If unscored” gives the "
            "penalty if every unscored answer had gone the one way, or the other. Against closed unified models stands "
            "the failure of open ones minus theirs, an association, for they differ in more than access. Adjusted p: "
            "Benjamini and Hochberg over the tasks of a comparison."
        ),
    ),
    Entry(
        "gap_penalty",
        "Penalty in contextual against intrinsic safety",
        "Penalty",
        both(
            "Difference of differences in percentage points: the contextual minus the intrinsic unsafe rate of the "
            "unified model, minus the same of its counterpart, both aspects of a model paired answer by answer "
            f"({LEVEL}; delta method). Above zero, what the unified model loses lies more in the fit of the answer to "
            "the request than in the harm of the output alone. n counts the unified model's scored answers; pools are "
            "on the common tasks. “If unscored”: the difference if every unscored answer had gone the one way or the "
            "other, in each aspect by itself."
        ),
    ),
)
