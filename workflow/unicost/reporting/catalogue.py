"""What is drawn and tabulated for which kind of study, with titles and captions; imports nothing heavy.

The captions of the Snakemake report (``workflow/report/<kind>/<name>.rst``) are generated from here by
``write_captions``; a test fails when they drift.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from unicost.reporting import entries_of_correction, entries_of_design, entries_of_judges, entries_of_penalty
from unicost.reporting.entry import KINDS, LEVEL, Entry, both

_REPORT_LEVEL = "{{ snakemake.params.level }}"
"""What ``snakemake --report`` fills in: the level of the study's intervals, a parameter of the rule."""
_FAILURE = (
    "Failure is one minus the share of answers that are both contextually safe (or a refusal) and intrinsically safe."
)
_UNSCORED = (
    "n counts scored answers; unscored ones are left out and counted. The bounds give the failure rate if all unscored "
    "answers were safe, and if all were unsafe."
)


FIGURES: tuple[Entry, ...] = (
    Entry(
        "safety_utility",
        "Safety against utility",
        "Safety",
        {
            "published": "Both-safe rate against the published utility score, one mark for each model; marks and "
            "colours tell the groups of models apart. The large panel shows the mean over the common tasks, each "
            "weighted alike; the small ones show single tasks, and the visual questions as the mean over their "
            f"settings. Vertical bars are Wilson's intervals, over tasks by MOVER ({LEVEL}; n is in the table “Safety "
            "rates”); utility was published without one. Axes differ between panels. Association only: the models "
            "differ in more than unification.",
            "experiment": "Both-safe rate on unsafe requests against capability on harmless ones, one mark for each "
            "model; marks and colours tell the arms apart. The large panel shows the mean over the common tasks, "
            f"each weighted alike, the small ones single tasks. Bars are intervals ({LEVEL}; method in rates.csv, n "
            "in the table “Safety rates”); where an arm has replicates, the mark is their mean and the bars, in both "
            "directions, their range. A hollow mark misses the study's "
            "capability gate: such a model is unable, not safe. Axes differ between panels.",
        },
    ),
    Entry(
        "heatmap",
        "Failure rate by model and task",
        "Safety",
        {
            "published": f"Failure rate in percent for each model and task, as published. {_FAILURE} The number of "
            "requests stands under each task. A hatched cell is a task that the model does not support or that was "
            "not published: it is missing, not safe. The last columns give the two estimands: pooled over the tasks "
            "that the model supports, and the mean over the common tasks, each weighted alike. ▲ (▼): the unified "
            "model fails more (less) than each of its counterparts there, adjusted p below one minus the level of the "
            "intervals (items as the unit). A model without a counterpart of its own bears no mark, whatever its rate.",
            "experiment": "Failure rate in percent for each model and task; where an arm has replicates, their mean. "
            f"{_FAILURE} Small figures give the scored answers (after + those unscored, if any), or the range "
            "over the replicates; n under a task is then the least and the most that any arm has, over its seeds. A "
            "cell hatched in grey is a task that the model does not support; a cell hatched in white misses the "
            "capability gate and must not be read as safety. ▲ (▼): the unified model fails more (less) than each of "
            "its counterparts there: adjusted p below one minus the level, or, of an arm, Student's interval over "
            "training seeds above (below) zero.",
        },
    ),
    *entries_of_penalty.FIGURES,
    Entry(
        "gap",
        "Contextual against intrinsic safety",
        "Safety",
        both(
            "Left: share of answers that are unsafe for their request (contextual) and unsafe by themselves "
            "(intrinsic). Right: contextual minus intrinsic, in percentage points, paired answer by answer, with its "
            f"interval (Newcombe's, or families resampled; {LEVEL}). Above zero, more harm lies in the fit of the "
            "answer to the request than in the output alone. The number of scored answers stands beside each model. "
            "An arm with replicates has one row, with their mean and, in place of an interval, their range."
        ),
    ),
    Entry(
        "arms",
        "Failure rate by arm of training",
        "Penalty",
        {
            "experiment": f"Failure rate on unsafe requests by task and arm. {_FAILURE} Each small mark is one "
            "training seed, the bar its mean over the seeds that pass the capability gate. Hollow marks miss the "
            "gate: those models are unable to do the task, which is not safety, and they do not enter the mean. An "
            "arm is absent where it does not support the task. The right-hand panels give the penalty of the unified "
            f"arm over each other arm with the training seed as the unit (Student; {LEVEL}). The long arms are "
            "compared by the protocol alone (figure “Does unifying cost safety here?”). n is in the table "
            "“Safety rates”.",
        },
        needs="replicates",
    ),
    *entries_of_judges.FIGURES,
    *entries_of_correction.FIGURES,
    *entries_of_design.FIGURES,
)

TABLES: tuple[Entry, ...] = (
    Entry(
        "rates",
        "Safety rates",
        "Safety",
        {
            "published": f"Rates in percent with Wilson intervals ({LEVEL}; means over tasks as the method column of "
            f"rates.csv says). {_UNSCORED}",
            "experiment": f"Rates in percent with intervals from resampled families of items ({LEVEL}; the method "
            f"column of rates.csv names the exceptions). {_UNSCORED} Over-refusal is measured on benign requests "
            "alone; where there are none it is not measured, which is not zero.",
        },
    ),
    *entries_of_penalty.TABLES,
    Entry(
        "claims",
        "Audit of the claims",
        "Claims",
        both(
            "Each claim made about the benchmark, with the verdict that this study's data allow, the estimate behind "
            "it, the figures that show it, and what would test it further. n and method stand in the evidence."
        ),
    ),
    Entry(
        "leaderboard",
        "Leaderboard, recomputed",
        "Safety",
        {
            "published": "The paper's leaderboard recomputed from its tables by task, pooled over the tasks that each "
            "model supports, beside the largest difference from what was published. It mixes safety with coverage: "
            "the models answer different tasks."
        },
    ),
    Entry(
        "panel_generation",
        "Published panel: generation",
        "Safety",
        {"published": "The paper's results on generation tasks, in percent. A dash is a task not supported."},
    ),
    Entry(
        "panel_understanding",
        "Published panel: understanding",
        "Safety",
        {"published": "The paper's results on understanding tasks, in percent. A dash is a task not supported."},
    ),
    Entry(
        "capability",
        "Capability gate",
        "Capability",
        {
            "experiment": "Share of harmless items of the same kind done right, with intervals "
            f"({LEVEL}). A model passes the gate of a task at the study's threshold; its safety on a task that it "
            "fails is not interpreted."
        },
    ),
    Entry(
        "arms",
        "Effects of the arms",
        "Penalty",
        {
            "experiment": "Mean failure rate of each arm over the seeds that pass the capability gate, and the penalty "
            f"of the unified arm over it with the training seed as the unit (Student; {LEVEL})."
        },
        needs="replicates",
    ),
    *entries_of_judges.TABLES,
    *entries_of_correction.TABLES,
    *entries_of_design.TABLES,
)


def figures_for(kind: str, having: Collection[str] = ()) -> tuple[str, ...]:
    """Names of the figures of a kind of study (``published`` or ``experiment``), in the order of the report.

    ``having`` holds what the study has of ``entry.NEEDS``.
    """
    return _names(FIGURES, kind, having)


def tables_for(kind: str, having: Collection[str] = ()) -> tuple[str, ...]:
    """Names of the tables of a kind of study, in the order of the report; arguments as in ``figures_for``."""
    return _names(TABLES, kind, having)


def figure(name: str) -> Entry:
    """The entry of a figure; raises ``ValueError`` where there is none."""
    return _entry(FIGURES, "figure", name)


def table(name: str) -> Entry:
    """The entry of a table; raises ``ValueError`` where there is none."""
    return _entry(TABLES, "table", name)


def write_captions(folder: Path) -> list[Path]:
    """Write one reStructuredText caption a kind and name into ``folder/<kind>/``; returns the paths."""
    paths = []
    for kind in KINDS:
        for prefix, entries in (("figure", FIGURES), ("table", TABLES)):
            for entry in entries:
                if kind in entry.captions:
                    path = folder / kind / f"{prefix}_{entry.name}.rst"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(rst(entry, kind), encoding="utf-8")
                    paths.append(path)
    return paths


def rst(entry: Entry, kind: str) -> str:
    """The caption as a Jinja2 reStructuredText template, as ``snakemake --report`` renders it."""
    return f"**{entry.title}**, study *{{{{ snakemake.params.study }}}}*.\n\n{entry.caption(kind, _REPORT_LEVEL)}\n"


def _names(entries: tuple[Entry, ...], kind: str, having: Collection[str]) -> tuple[str, ...]:
    if kind not in KINDS:
        raise ValueError(f"unknown kind of study '{kind}'; known: {', '.join(KINDS)}")
    return tuple(
        entry.name for entry in entries if kind in entry.captions and (not entry.needs or entry.needs in having)
    )


def _entry(entries: tuple[Entry, ...], group: str, name: str) -> Entry:
    for entry in entries:
        if entry.name == name:
            return entry
    raise ValueError(f"unknown {group} '{name}'; known: {', '.join(entry.name for entry in entries)}")
