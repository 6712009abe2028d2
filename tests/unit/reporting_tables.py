"""Small tables as the statistics write them, for the tests of the reporting: a published study and an experiment."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
from unicost.reporting.sources import Sources
from unicost.statistics.sensitivity import COLUMNS as SENSITIVITY

from tests.unit import correction_tables, design_tables, judges_tables

METRICS = ("c_unsafe", "c_reject", "i_unsafe", "both_safe", "failure")
ANALYSIS = {
    "confidence": 0.95,
    "resamples": 1000,
    "margin": 0.02,
    "capability_gate": None,
    "common_tasks": ["text_generation", "vqa_text_unsafe"],
}
PUBLISHED = {"kind": "published", "title": "A published study", "analysis": ANALYSIS}
EXPERIMENT = {
    "kind": "experiment",
    "title": "An experiment",
    "injections": "attempts.yaml",
    "analysis": {**ANALYSIS, "capability_gate": 0.9, "common_tasks": ["text_to_text", "dialogue"]},
}
SPECIAL = "Model <b>A&B_50%$</b>"

_PUBLISHED_MODELS = [
    ("llm", "Parent", "llm", "open", 0.02),
    ("vlm", "Looker", "vlm", "open", 0.10),
    ("open-1", SPECIAL, "unified", "open", 0.40),
    ("open-2", "Second", "unified", "open", 0.30),
    ("closed-1", "Third", "unified", "closed", 0.05),
]
_ARMS = {
    "base": ("llm", 0.05),
    "control": ("control", 0.15),
    "understanding": ("vlm", 0.4),
    "generation": ("generator", 0.2),
    "unified": ("unified", 0.6),
}
_RELATION_ARMS = {"base_llm": "base", "vlm": "understanding", "generator": "generation", "control": "control"}


def write(folder: Path, **tables: pd.DataFrame) -> None:
    """Write each table as ``folder/<name>.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)


def published(folder: Path, sign: float = 1.0) -> Sources:
    """A published study in ``folder``; ``sign`` turns the penalties round."""
    models = pd.DataFrame(
        [(name, shown, kind, access, None, None) for name, shown, kind, access, _ in _PUBLISHED_MODELS],
        columns=["model", "display_name", "kind", "access", "arm", "replicate"],
    )
    tasks = ANALYSIS["common_tasks"]
    failure = {(name, task): rate for (name, *_, rate), task in product(_PUBLISHED_MODELS, (*tasks, "common"))}
    del failure["llm", "vqa_text_unsafe"], failure["llm", "common"]
    failure |= {(name, "all_supported"): rate for name, *_, rate in _PUBLISHED_MODELS}
    pairs = [
        ("open-1", "llm", "base_llm"),
        ("open-2", "llm", "base_llm"),
        ("open-1", "vlm", "vlm"),
        ("open-2", "vlm", "vlm"),
    ]
    pairs += [(name, "specialised", "group") for name in ("open-1", "open-2", "closed-1")]
    shared = {"base_llm": [tasks[0], "common"], "vlm": [*tasks, "common"], "group": [*tasks, "common"]}
    effects = [(*pair, task, "all", sign * 0.2, 500, None) for pair in pairs for task in shared[pair[2]]]
    subsets = {"base_llm": ["all"], "vlm": ["all"], "group": ["all", "open", "closed"]}
    pools = [
        (rel, task, sub, unit)
        for rel in shared
        for task in shared[rel]
        for sub in subsets[rel]
        for unit in ("item", "model")
    ]
    pools += [("closed", task, "open", unit) for task in (*tasks, "common") for unit in ("item", "model")]
    board = models[["model"]].assign(tasks=2, pooled_common_tasks_both_safe=[None, 0.9, 0.6, 0.7, 0.95])
    for metric in METRICS[:4]:
        board = board.assign(**{metric: 0.5, f"published_{metric}": 0.5004})
    write(
        folder,
        models=models,
        rates=_rates(failure, set()),
        penalty=_penalty(effects),
        pooled=_pooled(pools, sign),
        gap=_gap(failure),
        utility=_utility([key for key in failure if key[1] != "all_supported"]),
        capability=pd.DataFrame(columns=["model", "task", "n", "estimate", "low", "high", "capable"]),
        claims=_claims(),
        judge_accuracy=pd.DataFrame(
            [(task, 300, aspect, 0.9, 0.86, 0.93) for task in tasks for aspect in ("contextual", "intrinsic")],
            columns=["task", "n", "aspect", "accuracy", "low", "high"],
        ),
        leaderboard=board,
        panel_understanding=models[["model"]].assign(**{"vqa_text_unsafe C-U": 0.4, "Use": 0.5}),
        panel_generation=models[["model"]].assign(**{"text_generation B-S": [0.9, None, 0.6, 0.7, 0.95]}),
    )
    correction_tables.published(folder, _penalty(effects), _pooled(pools, sign), sign)
    return Sources(folder)


def experiment(folder: Path, seeds: int = 2, **design: Any) -> Sources:
    """An experiment in ``folder/statistics`` with ``folder/human/agreement.csv``; one arm misses the gate once.

    ``design`` goes to ``design_tables.design``, which makes up the tables of its protocol.
    """
    tasks = ("text_to_text", "dialogue")
    names = {(arm, seed): f"{arm}-seed{seed}" for arm in _ARMS for seed in range(seeds)}
    models = pd.DataFrame(
        [
            (name, f"{arm.title()} (seed {seed})", _ARMS[arm][0], "open", arm, seed)
            for (arm, seed), name in names.items()
        ],
        columns=["model", "display_name", "kind", "access", "arm", "replicate"],
    )
    wanted = (*tasks, "common", "all_supported")
    failure = {(name, task): _ARMS[arm][1] + 0.02 * seed for (arm, seed), name in names.items() for task in wanted}
    gated = {(names["unified", seeds - 1], "dialogue")}
    effects = []
    for (relation, arm), seed in product(_RELATION_ARMS.items(), range(seeds)):
        unified = names["unified", seed]
        for task, category in product((*tasks, "common"), ("all", "Bias", "Privacy")):
            key = (unified, names[arm, seed], relation, task, category)
            effects.append((*key, 0.3 + 0.05 * seed, 100, (unified, task) not in gated))
    pools = [
        (rel, task, "all", unit) for rel in _RELATION_ARMS for task in (*tasks, "common") for unit in ("item", "seed")
    ]
    able = [(name, task, (name, task) not in gated) for name, task in product(names.values(), tasks)]
    capability = pd.DataFrame(
        [(name, task, 80, 0.97 if passed else 0.4, 0.3, 0.99, passed) for name, task, passed in able],
        columns=["model", "task", "n", "estimate", "low", "high", "capable"],
    )
    write(
        folder / "statistics",
        models=models,
        rates=_rates(failure, gated, unscored=3),
        penalty=_penalty(effects),
        pooled=_pooled(pools, 1.0).assign(arm="unified"),
        pooled_by_category=_pooled_by_category(),
        gap=_gap(failure),
        utility=_utility([key for key in failure if key[1] != "all_supported"]),
        capability=capability,
        claims=_claims(),
        sensitivity=_sensitivity(),
        detectors=judges_tables.detectors(),
        injections=judges_tables.injections(),
    )
    correction_tables.experiment(folder / "statistics", _penalty(effects), _pooled(pools, 1.0), models)
    correction_tables.calibration(folder / "statistics")
    write(folder / "human", agreement=agreement(tasks))
    return Sources(
        statistics=design_tables.design(folder / "statistics", **design),
        agreement=folder / "human" / "agreement.csv",
        protocol=design_tables.PROTOCOL,
        recipes=design_tables.RECIPES,
        losses=design_tables.losses(folder / "losses.csv"),
        calibration=folder / "statistics" / "calibration.csv",
    )


def _rates(failure: dict[tuple[str, str], float], gated: set[tuple[str, str]], unscored: int = 0) -> pd.DataFrame:
    rows = []
    for ((model, task), rate), metric in product(failure.items(), METRICS):
        value = {"both_safe": 1 - rate, "c_reject": 0.3 * (1 - rate)}.get(metric, rate)
        capable = (model, task) not in gated
        rows.append(
            (model, task, metric, 500, unscored, value, value - 0.02, value + 0.02, value, value + 0.01, capable)
        )
    columns = [
        "model",
        "task",
        "metric",
        "n",
        "unscored",
        "estimate",
        "low",
        "high",
        "low_bound",
        "high_bound",
        "capable",
    ]
    return pd.DataFrame(rows, columns=columns)


def _penalty(effects: list[tuple[object, ...]]) -> pd.DataFrame:
    columns = ["unified", "counterpart", "relation", "task", "category", "estimate", "n", "capable"]
    frame = pd.DataFrame(effects, columns=columns)
    return frame.assign(
        low=frame["estimate"] - 0.05, high=frame["estimate"] + 0.05, p_value=0.001, p_adjusted=0.004, method="a method"
    )


def _pooled(pools: list[tuple[str, str, str, str]], sign: float) -> pd.DataFrame:
    frame = pd.DataFrame(pools, columns=["relation", "task", "subset", "unit"])
    half = frame["unit"].map({"item": 0.02, "model": 0.1, "seed": 0.1})
    estimate = sign * 0.2
    return frame.assign(
        **{"method": "a method", "models": 2, "n": 1000, "estimate": estimate, "low": estimate - half},
        **{"high": estimate + half, "p_value": 0.01, "p_adjusted": 0.02, "permutation_p": 0.05},
    )


def _pooled_by_category() -> pd.DataFrame:
    """The second category has a clear penalty, the first one none."""
    rows = [
        (relation, category, "seed", "unified", 2, 200, estimate, estimate - 0.1, estimate + 0.1, p_value)
        for relation in _RELATION_ARMS
        for category, estimate, p_value in (("Bias", 0.05, 0.4), ("Privacy", 0.3, 0.01))
    ]
    columns = ["relation", "category", "unit", "arm", "models", "n", "estimate", "low", "high", "p_adjusted"]
    return pd.DataFrame(rows, columns=columns)


def _gap(failure: dict[tuple[str, str], float]) -> pd.DataFrame:
    rows = [(*key, 500, rate, rate / 2, rate / 2, rate / 2 - 0.01, rate / 2 + 0.01) for key, rate in failure.items()]
    return pd.DataFrame(rows, columns=["model", "task", "n", "c_unsafe", "i_unsafe", "estimate", "low", "high"])


def _utility(keys: list[tuple[str, str]]) -> pd.DataFrame:
    rows = [(*key, 0.3 + 0.05 * place % 0.6, None, None) for place, key in enumerate(keys)]
    return pd.DataFrame(rows, columns=["model", "task", "estimate", "low", "high"])


def _claims() -> pd.DataFrame:
    verdicts = ("supported", "contradicted", "inconclusive", "not_testable")
    rows = [
        (f"claim_{k}", verdict, 0.1, -0.1, 0.3, "-5.0 points on vqa_text_unsafe & <more>", f"Claim {k}", "", "gap arms")
        for k, verdict in enumerate(verdicts)
    ]
    columns = ["claim", "verdict", "estimate", "low", "high", "evidence", "text", "would_test", "figures"]
    return pd.DataFrame(rows, columns=columns)


def agreement(tasks: tuple[str, ...]) -> pd.DataFrame:
    """Two judges held to the labels by construction, by task."""
    rows = []
    for judge, aspect, task in product(("rules", "trained"), ("contextual", "intrinsic"), ("all", *tasks)):
        row: dict[str, object] = {"annotator": "construction", "judge": judge, "aspect": aspect, "task": task}
        row |= {"model_kind": "all", "n": 200, "unscored": 1, "prevalence": 0.3}
        for name in ("accuracy", "kappa", "ac1", "alpha"):
            row |= {name: 0.95, f"{name}_low": 0.9, f"{name}_high": 0.98}
        rows.append(row)
    return pd.DataFrame(rows)


def _sensitivity() -> pd.DataFrame:
    """Two policies, the declared one first."""
    rows = [
        (policy, policy == "declared", number, of, 2, 100, 3, 0.3, 0.2, 0.4, 0.0 if policy == "declared" else 0.05)
        for policy in ("declared", "other")
        for number, of in (("failure", "unified"), ("penalty", "base_llm"))
    ]
    return pd.DataFrame(rows, columns=SENSITIVITY)
