"""Random-effects meta-analysis: unified models as a sample of what unification does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from unicost.statistics.intervals import varied

Floats = NDArray[np.float64]
_NAN = float("nan")


@dataclass(frozen=True)
class RandomEffects:
    """The mean of a distribution of effects, its heterogeneity, and where the next effect would fall.

    ``weights`` are the shares of the effects in the mean, all alike where it is empty.
    """

    method: str
    estimate: float
    low: float
    high: float
    p_value: float
    i_squared: float = _NAN
    prediction_low: float = _NAN
    prediction_high: float = _NAN
    weights: tuple[float, ...] = ()


def random_effects(effects: Floats, variances: Floats, confidence: float) -> RandomEffects:
    """Paule and Mandel's between-model variance with the interval of Hartung, Knapp, Sidik and Jonkman.

    The prediction interval is that of Higgins, Thompson and Spiegelhalter (2009), from three models on.
    """
    if len(effects) < 2:
        return RandomEffects("one model: no interval over models", float(effects[0]), _NAN, _NAN, _NAN)
    if not varied(effects):
        return RandomEffects("models do not vary: no interval over models", float(effects.mean()), _NAN, _NAN, _NAN)
    fit = combine_effects(effects, variances, method_re="iterated", use_t=True, alpha=1 - confidence)
    mean, error, freedom = float(fit.mean_effect_re), float(fit.sd_eff_w_re_hksj), len(effects) - 1
    half = stats.t.ppf((1 + confidence) / 2, freedom) * error
    p_value = float(2 * stats.t.sf(abs(mean) / error, freedom))
    prediction = (_NAN, _NAN)
    if len(effects) > 2:
        spread = stats.t.ppf((1 + confidence) / 2, freedom - 1) * np.sqrt(max(fit.tau2, 0.0) + error**2)
        prediction = (max(-1.0, mean - spread), min(1.0, mean + spread))
    return RandomEffects(
        "random effects (Paule-Mandel, Hartung-Knapp)", mean, max(-1.0, mean - half), min(1.0, mean + half), p_value,
        max(0.0, float(fit.i2)), *prediction, tuple(fit.weights_rel_re.tolist()),
    )  # fmt: skip
