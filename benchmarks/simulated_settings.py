"""Which method is simulated at which setting, for ``simulation.py``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from simulated import (
    Found,
    Rng,
    bootstrap,
    difference_at_effective_n,
    equivalence,
    holm,
    interaction,
    mantel_haenszel,
    newcombe,
    over_models,
    over_seeds,
    paired,
    permutation,
    rate_at_effective_n,
    signs,
    welch,
    wilson,
)
from simulated_calibration import calibration
from simulated_pools import (
    corrected_by_errors,
    corrected_by_labels,
    differences_of_differences,
    marginal_effects,
    rare_differences,
    risk_ratios,
    shared_counterparts,
)

SETTINGS: Final[tuple[tuple[str, str, Callable[[Rng, int], Found]], ...]] = (
    ("Wilson", "120 items", partial(wilson, n=120)),
    ("Wilson", "2,939 items", partial(wilson, n=2939)),
    ("Newcombe independent, Fisher", "120 items a side", partial(newcombe, n=120)),
    ("Newcombe independent, Fisher", "2,939 items a side", partial(newcombe, n=2939)),
    ("Newcombe paired, McNemar mid-p", "120 pairs", partial(paired, n=120)),
    ("Newcombe paired, McNemar mid-p", "420 pairs", partial(paired, n=420)),
    ("Newcombe paired, McNemar mid-p", "2,939 pairs", partial(paired, n=2939)),
    ("Equivalence (two one-sided tests)", "2,939 pairs, 2 points", partial(equivalence, n=2939)),
    ("Holm", "9 tests of 420 pairs", partial(holm, n=420)),
    ("Wilson at effective n", "30 families of 4", partial(rate_at_effective_n, families=30, size=4)),
    ("Wilson at effective n", "312 families of 10", partial(rate_at_effective_n, families=312, size=10)),
    (
        "Newcombe paired at effective n, signs by family",
        "30 families of 4",
        partial(difference_at_effective_n, families=30, size=4),
    ),
    (
        "Newcombe paired at effective n, signs by family",
        "312 families of 10",
        partial(difference_at_effective_n, families=312, size=10),
    ),
    ("Bootstrap by family", "30 families, 2 tasks of 2", partial(bootstrap, families=30, size=4, tasks=2)),
    ("Bootstrap by family", "312 families, 5 tasks of 2", partial(bootstrap, families=312, size=10, tasks=5)),
    ("Mantel-Haenszel, Cochran-Mantel-Haenszel", "9 strata of 420 a side", partial(mantel_haenszel, strata=9, n=420)),
    ("Mantel-Haenszel, Cochran-Mantel-Haenszel", "60 strata of 20 a side", partial(mantel_haenszel, strata=60, n=20)),
    ("Random effects (Paule-Mandel, Hartung-Knapp)", "9 models", partial(over_models, models=9)),
    ("Random effects (Paule-Mandel, Hartung-Knapp)", "3 models", partial(over_models, models=3)),
    ("Permutation of models", "9 against 3", partial(permutation, models=9, others=3)),
    ("Signs of models", "9 models", partial(signs, models=9)),
    ("Welch between models", "9 against 3", partial(welch, models=9, others=3)),
    ("Welch between models", "9 against 7", partial(welch, models=9, others=7)),
    ("Student over seeds", "5 seeds, 120 items", partial(over_seeds, seeds=5, n=120)),
    (
        "Within-seed analysis of variance (Greenhouse-Geisser)",
        "5 seeds, 6 levels of 120 items",
        partial(interaction, seeds=5, levels=6, n=120),
    ),
    (
        "Within-seed analysis of variance (Greenhouse-Geisser)",
        "5 seeds, 3 levels of 240 items",
        partial(interaction, seeds=5, levels=3, n=240),
    ),
    ("Brier score by family, honesty by signs", "40 families of 5", partial(calibration, families=40, size=5)),
    ("Brier score by family, honesty by signs", "219 families of 10", partial(calibration, families=219, size=10)),
    (
        "Mean over seeds of rare differences",
        "120 families, 5 seeds, 20 to 45 differ",
        partial(rare_differences, families=120, seeds=5, differing=(0.2, 0.42)),
    ),
    (
        "Mean over seeds of rare differences",
        "120 families, 5 seeds, 2 to 15 differ",
        partial(rare_differences, families=120, seeds=5, differing=(0.03, 0.12)),
    ),
    (
        "Mean over pairs and tasks (MOVER)",
        "7 models, 2 shared counterparts, 5 tasks of 420",
        partial(shared_counterparts, pairs=7, others=2, tasks=5, n=420),
    ),
    (
        "Mean over pairs and tasks (MOVER)",
        "7 models, a counterpart each, 5 tasks of 420",
        partial(shared_counterparts, pairs=7, others=7, tasks=5, n=420),
    ),
    ("Risk ratio (MOVER)", "420 items a side", partial(risk_ratios, n=420)),
    (
        "Difference of differences (delta method)",
        "120 families of 4",
        partial(differences_of_differences, families=120, size=4),
    ),
    (
        "Marginal effects and their interaction (GEE)",
        "120 families, 3 levels of 4",
        partial(marginal_effects, families=120, levels=3, size=4),
    ),
    (
        "Rogan-Gladen, accuracy from labels",
        "120 families of 10, 30 % labelled",
        partial(corrected_by_errors, families=120, size=10, labelled=0.3),
    ),
    (
        "Prediction-powered inference",
        "120 families of 10, 30 % labelled",
        partial(corrected_by_labels, families=120, size=10, labelled=0.3),
    ),
)
"""Method, setting, and what simulates it."""
