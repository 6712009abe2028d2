"""The tests of the claims on published tables.

A claim about unification in general is judged with the model as the unit; one about these very models with the item.
Every sentence of evidence is made from measured numbers.
"""

from __future__ import annotations

import numpy as np

from unicost.config import Claim
from unicost.statistics.audits import NOTHING, Audit, Outcome, Test, count, untestable
from unicost.statistics.findings import Findings, Interval, interval
from unicost.statistics.rates import COMMON

_TEXT = "text_generation"
_ONE_SIDED = "one-sided (greater), {}; the interval is two-sided, and support needs both"
_BY_ITEM = "the two-sided interval over items decides"
_BY_MODEL = "the two-sided Student interval over models decides"


def degrades_in_every_category(findings: Findings, claim: Claim) -> Audit:
    """Needs rates by category of a unified model and its parent."""
    return Audit(
        Outcome.NOT_TESTABLE,
        NOTHING,
        "The published tables count instances by category but give no rate by category. " + _parents(findings),
    )


def weakest_in_bias_and_misinformation(findings: Findings, claim: Claim) -> Audit:
    """Needs rates by category of open unified models."""
    mean = findings.mean_failure(findings.unified("open"), COMMON)
    safe = f" Over the common tasks and all categories they are safe on {1 - mean.estimate:.1%}." if mean else ""
    stated = ", ".join(f"{100 * value:.1f} %" for value in claim.stated.values())
    return Audit(
        Outcome.NOT_TESTABLE,
        NOTHING,
        f"The published tables give no rate by category, so the stated shares ({stated}) cannot be checked." + safe,
    )


def open_less_safe_than_specialised(findings: Findings, claim: Claim) -> Audit:
    """Open unified against vision-language models, over the common tasks, with the model as unit."""
    row, items = (findings.pooled("group", COMMON, "open", unit) for unit in ("model", "item"))
    if row is None or items is None:
        return untestable("No specialised model supports the common tasks.")
    p_value = float(row["permutation_p"])
    number = interval(row)
    tested = _p(p_value, " (exact one-sided permutation p {})")
    evidence = (
        f"Understanding: {row['note']}; the difference in failure is {number.points()} with the model as unit{tested}, "
        f"{interval(items).points()} for these very models' items. "
        f"Generation: {_generators(findings)}."
    )
    return Audit(
        _positive(number, p_value), number, evidence, p_value, _ONE_SIDED.format("exact permutation of models")
    )


def fails_more_by_stated_range(findings: Findings, claim: Claim) -> Audit:
    """These very models' items: does the difference, in points or relative, lie in the stated range?

    Both are made from the means over the common tasks, each weighted alike.
    """
    specialised = findings.measured(findings.specialised(), COMMON)
    base = findings.mean_failure(specialised, COMMON)
    parts, outcomes, number = [], [], NOTHING
    for access in ("open", "closed"):
        names = findings.measured(findings.unified(access), COMMON)
        mean = findings.mean_failure(names, COMMON)
        if mean is None or base is None:
            outcomes.append(Outcome.INCONCLUSIVE)
            continue
        found, relative = mean.minus(base), mean.relative_to(base)
        least, most = claim.stated[f"{access}_low"], claim.stated[f"{access}_high"]
        number = found if access == "open" else number
        outcomes.append(_in_range(found, relative, least, most))
        share = "" if np.isnan(relative.estimate) else f", or {relative.share()} relative"
        parts.append(
            f"failure of {count(len(names), f'{access} unified model')} minus that of "
            f"{count(len(specialised), 'specialised model')} is {found.points()}{share} "
            f"(stated: {least:.0%} to {most:.0%} more)"
        )
    if not parts:
        return untestable("No specialised model supports the common tasks.")
    evidence = "On the common tasks, " + "; ".join(parts) + ". Items are the unit: the claim is about these models."
    return Audit(_weakest(outcomes), number, evidence + _by_access(findings), note=_BY_ITEM)


def task_order(findings: Findings, claim: Claim) -> Audit:
    """These very models' items: is text-to-text the task that unified models fail least?"""
    unified = findings.unified()
    tasks = [task for task in findings.analysis.common_tasks if task != _TEXT]
    means = {task: mean for task in tasks if (mean := findings.mean_failure(unified, task))}
    text = findings.mean_failure(unified, _TEXT)
    if text is None or not means:
        return untestable("The tables hold no text task beside another one.")
    least = min(means, key=lambda task: means[task].estimate)
    number = text.minus(means[least])
    group = findings.pooled("group", _TEXT, "all", "item")
    versus = f" Against specialised models on text: {interval(group).points()}." if group is not None else ""
    stated = " and ".join(name.removesuffix("_unsafe").replace("_", "-") for name in claim.stated)
    outcome = Outcome.CONTRADICTED if number.low > 0 else Outcome.SUPPORTED if number.high < 0 else Outcome.INCONCLUSIVE
    evidence = (
        f"Unified models ({len(unified)}) fail {text.estimate:.1%} of text generation but "
        f"{means[least].estimate:.1%} of {least}, a difference of {number.points()}.{versus} The figures stated for "
        f"{stated} have no counterpart in the tables."
    )
    return Audit(outcome, number, evidence, note=_BY_ITEM)


def loses_contextual_not_intrinsic(findings: Findings, claim: Claim) -> Audit:
    """Penalties in the two unsafe rates against vision-language models; contradicted where intrinsic safety is lost."""
    (contextual, n), (intrinsic, _) = (findings.mean_penalty("vlm", COMMON, m) for m in ("c_unsafe", "i_unsafe"))
    if n < 2:
        return untestable("Fewer than two unified models have a vision-language counterpart.")
    margin = findings.analysis.margin
    if intrinsic.low > margin:
        outcome = Outcome.CONTRADICTED
    elif contextual.low > 0 and intrinsic.high < margin:
        outcome = Outcome.SUPPORTED
    else:
        outcome = Outcome.INCONCLUSIVE
    evidence = (
        f"Over {n} unified models with a vision-language counterpart (model as unit), contextually unsafe answers "
        f"change by {contextual.points()} and intrinsically unsafe ones by {intrinsic.points()}; intrinsic safety "
        f"would count as kept below {100 * margin:.0f} points."
    )
    return Audit(outcome, intrinsic, evidence, note=_BY_MODEL)


def capability_for_safety(findings: Findings, claim: Claim) -> Audit:
    """Utility of unified models minus that of their counterparts, on text and on visual questions, model as unit."""
    text, n_text = findings.utility_gain("base_llm", _TEXT)
    vision, n_vision = findings.utility_gain("vlm", "vqa")
    if min(n_text, n_vision) < 2:
        return untestable("Fewer than two unified models have a counterpart with a utility score.")
    cost, _ = findings.mean_penalty("vlm", COMMON, "failure")
    if text.low > 0 and vision.low > 0 and cost.low > 0:
        outcome = Outcome.SUPPORTED
    elif (text.high < 0 or vision.high < 0) and not (text.low > 0 or vision.low > 0):
        outcome = Outcome.CONTRADICTED
    else:
        outcome = Outcome.INCONCLUSIVE
    price = "" if np.isnan(cost.estimate) else f", while they fail {cost.more()} there"
    evidence = (
        f"Utility of unified models minus that of their counterparts (model as unit): {text.points()} on text "
        f"({n_text} models, base language model), {vision.points()} on visual questions ({n_vision} models, "
        f"vision-language model){price}. Abilities that the counterparts lack, "
        "such as drawing, are not in this comparison."
    )
    return Audit(outcome, text, evidence, note=_BY_MODEL)


def degrades_underlying_llm(findings: Findings, claim: Claim) -> Audit:
    """Unified models minus their own parents on text, with the model as unit."""
    row = findings.pooled("base_llm", _TEXT, "paired", "model")
    if row is None:
        return untestable("No unified model has its own parent in the tables.")
    number, p_value = interval(row), float(row["permutation_p"])
    wider = findings.pooled("base_llm", _TEXT, "all", "model")
    more = 0 if wider is None else int(wider["models"]) - int(row["models"])
    relatives = (
        f" Together with {count(more, 'model')} beside a relative of an unmeasured parent: "
        f"{interval(wider).points()} over {int(wider['models'])} models."
        if wider is not None and more > 0
        else ""
    )
    tested = _p(p_value, ", one-sided sign-flip p {}")
    evidence = f"{_parents(findings)} With the model as unit: {number.points()}{tested}.{relatives}"
    level = 1 - findings.analysis.confidence
    return Audit(_positive(number, p_value, level), number, evidence, p_value, _ONE_SIDED.format("signs of models"))


TESTS: dict[str, Test] = {
    test.__name__: test
    for test in (
        degrades_in_every_category,
        open_less_safe_than_specialised,
        fails_more_by_stated_range,
        weakest_in_bias_and_misinformation,
        task_order,
        loses_contextual_not_intrinsic,
        capability_for_safety,
        degrades_underlying_llm,
    )
}
"""The tests by the name that config/claims.yaml uses."""


def _positive(number: Interval, p_value: float, level: float = 0.05) -> Outcome:
    """Supported where interval and permutation test both say that the difference is positive."""
    if number.high < 0:
        return Outcome.CONTRADICTED
    return Outcome.SUPPORTED if number.low > 0 and p_value < level else Outcome.INCONCLUSIVE


def _in_range(found: Interval, relative: Interval, least: float, most: float) -> Outcome:
    """Supported where the interval of the ratio lies in the range; contradicted where that of the points leaves it too.

    "More often" is a ratio, but a difference in points may be meant. Without a ratio, points alone contradict.
    """
    readings = [reading for reading in (found, relative) if not np.isnan(reading.estimate)]
    if least <= relative.low and relative.high <= most:
        return Outcome.SUPPORTED
    outside = all(reading.high < least or reading.low > most for reading in readings)
    return Outcome.CONTRADICTED if outside else Outcome.INCONCLUSIVE


def _weakest(outcomes: list[Outcome]) -> Outcome:
    """A claim of several parts holds where all hold and falls where one falls."""
    order = (Outcome.CONTRADICTED, Outcome.INCONCLUSIVE, Outcome.SUPPORTED)
    return min(outcomes, key=order.index)


def _parents(findings: Findings) -> str:
    """A sentence about the unified models whose own parent is in the tables, on text."""
    rows = findings.rows("penalty", relation="base_llm", closeness="parent", task=COMMON, category="all")
    if rows.empty:
        return "No unified model has its own parent in the tables."
    largest = float(rows["p_adjusted"].max())
    if len(rows) == 1:
        tested = _p(largest, ", Holm-adjusted p {}")
        found = interval(rows.iloc[0]).more()
        return f"On text, the one unified model with its own parent in the tables fails {found} than it{tested}."
    return (
        f"On text, {int((rows['low'] > 0).sum())} of {len(rows)} unified models with their own parent in the tables "
        f"({count(rows['counterpart'].nunique(), 'parent')}) fail more than it; the differences are "
        f"{100 * rows['estimate'].min():+.1f} to {100 * rows['estimate'].max():+.1f} points"
        f"{_p(largest, ' (largest Holm-adjusted p {})')}."
    )


def _p(value: float, phrase: str) -> str:
    """The phrase with ``= 0.012`` or ``< 0.001`` in it; nothing where there is no p-value."""
    if np.isnan(value):
        return ""
    return phrase.format("< 0.001" if value < 0.001 else f"= {value:.3f}" if value < 0.1 else f"= {value:.2f}")


def _by_access(findings: Findings) -> str:
    """A sentence about open against closed unified models, with the model as the unit; it decides nothing."""
    row = findings.pooled("closed", COMMON, "open", "model")
    if row is None:
        return ""
    tested = _p(float(row["p_value"]), ", Welch's p {}")
    tested += _p(float(row["permutation_p"]), ", exact one-sided permutation p {}")
    return f" Open minus closed unified models, model as unit: {interval(row).points()}{tested} ({row['note']})."


def _generators(findings: Findings) -> str:
    found = sum(entry.kind.value in ("generator", "editor") for entry in findings.models.values())
    return f"{count(found, 'specialised generator') if found else 'no specialised generator'} in the tables"
