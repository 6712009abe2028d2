"""What the penalty depends on: logistic regression by generalised estimating equations, families as clusters.

For each relation and factor: failure ~ unified x factor. Every level has its own average marginal effect of being
unified (a risk difference), and one Wald test asks whether the effects are one. The unit is the family of items, so
the answer is about these very models; interactions.csv.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.genmod.cov_struct import Independence
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_estimating_equations import GEE
from statsmodels.tools.sm_exceptions import ConvergenceWarning

from unicost.config import Analysis, ModelEntry, Relation
from unicost.statistics.capability import Gate
from unicost.statistics.comparisons import comparisons
from unicost.statistics.evidence import FAILURE
from unicost.statistics.outcomes import outcome

FACTORS = ("category", "task", "construction", "access")
COLUMNS = [
    *["relation", "factor", "level", "models", "families", "n", "estimate", "low", "high", "interaction_p"],
    *["interaction_p_adjusted", "converged", "unit", "note"],
]
_UNIT = "family of items: these models"


def interactions(
    verdicts: pd.DataFrame, models: Mapping[str, ModelEntry], gate: Gate, analysis: Analysis
) -> pd.DataFrame:
    """Rows for each relation, factor and level; one row without numbers where a fit is impossible, with its reason."""
    rows = verdicts[verdicts["kind"] == "unsafe"]
    table = rows[["model", "family", "category", "task", "construction"]].assign(failed=outcome(rows, FAILURE))
    table = table.dropna(subset="failed")
    found: list[dict[str, object]] = []
    for relation, data in _by_relation(table, models, gate):
        for factor in FACTORS:
            found += [{"relation": relation, "factor": factor, **row} for row in _fit(data, factor, analysis)]
    result = pd.DataFrame(found).reindex(columns=COLUMNS)
    tests = result.dropna(subset="interaction_p").drop_duplicates(["relation", "factor"])
    adjusted = stats.false_discovery_control(tests["interaction_p"].to_numpy(float)) if len(tests) else []
    by_test = dict(zip(zip(tests["relation"], tests["factor"]), adjusted))
    result["interaction_p_adjusted"] = [by_test.get(key, np.nan) for key in zip(result["relation"], result["factor"])]
    return result


def _by_relation(
    table: pd.DataFrame, models: Mapping[str, ModelEntry], gate: Gate
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Answers of unified models and of their counterparts on the tasks that both are able to do."""
    tasks = table.groupby("model")["task"].unique()
    parts: dict[str, list[pd.DataFrame]] = {}
    for pair in comparisons(models):
        if pair.relation is Relation.GROUP or pair.unified not in tasks or pair.members[0] not in tasks:
            continue
        other = pair.members[0]
        shared = [
            task
            for task in tasks[pair.unified]
            if task in tasks[other] and gate.capable([pair.unified, other], [task]) is not False
        ]
        for name, side in ((pair.unified, 1.0), (other, 0.0)):
            rows = table[(table["model"] == name) & table["task"].isin(shared)]
            rows = rows.assign(unified=side, access=models[pair.unified].access)
            parts.setdefault(pair.relation.value, []).append(rows)
    for relation, sides in parts.items():
        whole = pd.concat(sides, ignore_index=True)
        if len(whole):
            yield relation, whole


def _fit(data: pd.DataFrame, factor: str, analysis: Analysis) -> list[dict[str, object]]:
    """Average marginal effects by level, or one row that says why there are none."""
    by_cell = data.groupby([factor, "unified"])["failed"].agg(["mean", "size"]).unstack("unified")
    levels = list(by_cell.dropna().index)
    kept = data[data[factor].isin(levels)]
    about = {"models": kept["model"].nunique(), "families": kept["family"].nunique(), "unit": _UNIT}
    if len(levels) < 2:
        return [{"n": len(kept), **about, "converged": None, "note": "one level: no interaction"}]
    extreme = [str(level) for level in levels if set(by_cell.loc[level, "mean"]) & {0.0, 1.0}]
    if extreme:  # a coefficient would be infinite
        reason = f"no fit: all answers or none fail on one side in {', '.join(extreme)}"
        return [{"n": len(kept), **about, "converged": False, "note": reason}]
    counts = kept.groupby(["family", factor, "unified", "failed"]).size().rename("weight").reset_index()
    level = pd.Categorical(counts[factor], categories=levels).codes
    dummies = (level[:, None] == np.arange(len(levels))).astype(float)
    design = np.hstack([dummies, dummies * counts[["unified"]].to_numpy()])
    order = np.argsort(counts["family"].to_numpy(), kind="stable")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = GEE(
            counts["failed"].to_numpy()[order],
            design[order],
            groups=counts["family"].to_numpy()[order],
            weights=counts["weight"].to_numpy(float)[order],
            family=Binomial(),
            cov_struct=Independence(),
        )
        fit = model.fit(maxiter=100)
    failed = [str(one.message) for one in caught if issubclass(one.category, ConvergenceWarning)]
    if failed or not fit.converged or not np.isfinite(fit.cov_params()).all():
        reason = failed[0] if failed else "no finite covariance"
        return [{"n": len(kept), **about, "converged": False, "note": f"no convergence: {reason}"}]
    joint = {"interaction_p": _interaction(fit.params, fit.cov_params(), len(levels)), "converged": True, **about}
    sizes = kept.groupby(factor).size()
    return [
        {"level": str(name), "n": int(sizes[name]), **effect, **joint, "note": ""}
        for name, effect in zip(levels, _effects(fit.params, fit.cov_params(), len(levels), analysis.confidence))
    ]


def _effects(
    coefficients: NDArray[np.float64], covariance: NDArray[np.float64], levels: int, confidence: float
) -> Iterator[dict[str, object]]:
    """Risk of a unified model minus that of another one in each level, by the delta method."""
    z = float(stats.norm.ppf((1 + confidence) / 2))
    for place in range(levels):
        base, shift = coefficients[place], coefficients[levels + place]
        risks = 1 / (1 + np.exp(-np.array([base + shift, base])))
        slopes = risks * (1 - risks)
        gradient = np.zeros(2 * levels)
        gradient[place], gradient[levels + place] = slopes[0] - slopes[1], slopes[0]
        half = z * float(np.sqrt(gradient @ covariance @ gradient))
        effect = float(risks[0] - risks[1])
        yield {"estimate": effect, "low": effect - half, "high": effect + half}


def _interaction(coefficients: NDArray[np.float64], covariance: NDArray[np.float64], levels: int) -> float:
    """Wald test that the log odds ratios of all levels are equal."""
    contrast = np.zeros((levels - 1, 2 * levels))
    contrast[:, levels], contrast[:, levels + 1 :] = -1, np.eye(levels - 1)
    apart = contrast @ coefficients
    spread = contrast @ covariance @ contrast.T
    return float(stats.chi2.sf(float(apart @ np.linalg.solve(spread, apart)), levels - 1))
