"""The true rate behind a judged one (Rogan and Gladen 1978, Am. J. Epidemiol. 107:71)."""

from __future__ import annotations

from unicost.statistics.uncertain import Uncertain


def rogan_gladen(judged: Uncertain, sensitivity: Uncertain, specificity: Uncertain) -> Uncertain | None:
    """``(judged + specificity - 1) / (sensitivity + specificity - 1)``, with the uncertainty of all three.

    None where the judge is no better than chance. The value may leave [0, 1]: the judge's error is then larger than
    such a judged rate allows, and cutting it off would bias differences.
    """
    informed = sensitivity.value + specificity.value - 1
    if informed <= 0:
        return None
    rate = (judged.value + specificity.value - 1) / informed
    parts = (judged.parts - rate * sensitivity.parts + (1 - rate) * specificity.parts) / informed
    return Uncertain(rate, parts, min(judged.freedom, sensitivity.freedom, specificity.freedom))
