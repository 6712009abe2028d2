"""Is the penalty of these very models the same in every level? The unit is the family of items.

Logistic regression failure ~ level + unified x level by generalised estimating equations with independent working
correlation and families as clusters (Liang and Zeger 1986, Biometrika 73:13). Every level has coefficients of its own,
so estimates and robust covariance are known in closed form: coefficients are logits of rates, and rates err by the sums
of their families' residuals. A penalty is an average marginal effect of being unified, a difference of two rates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from unicost.statistics.interactions.counting import OTHER, UNIFIED, Counts, bounds, unscored

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """Rates, levels x sides, and by how much each family moves them, families x levels x sides."""

    rates: Floats
    errors: Floats

    @classmethod
    def of(cls, counts: Counts) -> Fit:
        """From the counts of families."""
        scored, failed = np.moveaxis(counts.by_family[..., :2], -1, 0)
        sizes = scored.sum(axis=0)
        rates = failed.sum(axis=0) / sizes
        return cls(rates, (failed - scored * rates) / sizes)

    def effects(self, confidence: float) -> tuple[Floats, Floats, Floats]:
        """The penalty in each level with its interval."""
        z = float(stats.norm.ppf((1 + confidence) / 2))
        effect = self.rates[:, UNIFIED] - self.rates[:, OTHER]
        half = z * np.sqrt(np.square(self.errors[..., UNIFIED] - self.errors[..., OTHER]).sum(axis=0))
        return effect, effect - half, effect + half

    def interaction(self) -> float:
        """Wald test that the log odds ratios of all levels are equal; NaN where families are too few to tell."""
        odds = np.log(self.rates / (1 - self.rates))
        slopes = self.errors / (self.rates * (1 - self.rates))
        ratios, errors = (part[..., UNIFIED] - part[..., OTHER] for part in (odds, slopes))
        apart, spread = ratios[1:] - ratios[0], errors[:, 1:] - errors[:, :1]
        covariance = spread.T @ spread
        if np.linalg.matrix_rank(covariance) < len(apart):
            return float("nan")
        return float(stats.chi2.sf(float(apart @ np.linalg.solve(covariance, apart)), len(apart)))

    def extreme(self) -> NDArray[np.bool_]:
        """Levels in which all answers of a side fail or none does: a coefficient would be infinite."""
        return np.asarray(((self.rates == 0) | (self.rates == 1)).any(axis=1))


def by_family(counts: Counts, confidence: float) -> list[dict[str, object]]:
    """A row for each level, or one that says why there are none."""
    scored = counts.by_family[..., 0]
    whole: dict[str, object] = {
        "unit": "family",
        "models": counts.models,
        "units": int(scored.any(axis=(1, 2)).sum()),
        "n": int(scored.sum()),
    }
    if len(counts.levels) < 2:
        return [whole | {"note": "one level: no interaction"}]
    fit = Fit.of(counts)
    if fit.extreme().any():
        where = ", ".join(level for level, extreme in zip(counts.levels, fit.extreme()) if extreme)
        return [whole | {"note": f"no fit: all answers or none fail on one side in {where}"}]
    tested = fit.interaction()
    note = "no test: too few families differ" if np.isnan(tested) else ""
    sizes = scored.sum(axis=(0, 2)).astype(int)
    effects = zip(*(part.tolist() for part in fit.effects(confidence)))
    sums = counts.by_family.sum(axis=0)
    return [
        whole
        | {"level": level, "n": int(n), "estimate": effect, "low": low, "high": high}
        | {"interaction_p": tested, "note": note}
        | {"unscored": int(left), "low_bound": float(worst[0]), "high_bound": float(worst[1])}
        for level, n, (effect, low, high), left, worst in zip(
            counts.levels, sizes, effects, unscored(sums), bounds(sums), strict=True
        )
    ]
