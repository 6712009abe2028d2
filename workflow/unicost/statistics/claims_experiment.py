"""The tests of the claims on an experiment of one's own, with the training seed as the unit.

The claims are about large models; the experiment's arms show whether the mechanism exists in the small, and every
sentence of evidence says so. Seeds decide as they do for declared hypotheses: by Student's interval, and an effect
shown to be within the margin counts as none. Most claims have several parts. All must be shown for support, each at the
full level (an intersection-union test: Berger 1982, Technometrics 24:295); one part shown to be absent or the other way
round, at the level that the parts share (Bonferroni), contradicts the claim.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise

from unicost.config import Claim, ModelKind
from unicost.statistics import replicates
from unicost.statistics.audits import Audit, Outcome, Test, count, untestable
from unicost.statistics.designed.hypotheses import FEWEST_SEEDS
from unicost.statistics.evidence import ALL
from unicost.statistics.findings import Findings
from unicost.statistics.rates import COMMON
from unicost.statistics.replicates import Effect

Parts = Mapping[str, Effect]


def degrades_in_every_category(findings: Findings, claim: Claim) -> Audit:
    """Penalty against the base in each category of the common tasks, and beside it against the control."""
    against = {
        relation: _measured({name: replicates.penalty(findings, relation, category=name) for name in _names(findings)})
        for relation in ("base_llm", "control")
    }
    parts = against["base_llm"]
    if not parts:
        return _missing(findings, "has its own base beside it")
    control = against["control"]
    size = "1 category" if len(parts) == 1 else f"{len(parts)} categories"
    beside = f"; against the benign-text control, {_extremes(control)}" if control else ""
    evidence = f"failure beyond the base's, on the common tasks, in {size}: {_extremes(parts)}{beside}"
    return _judged(findings, parts, evidence, complete=len(parts) >= claim.stated.get("categories", 0))


def open_less_safe_than_specialised(findings: Findings, claim: Claim) -> Audit:
    """Penalties against the understanding and the generation arm on the common tasks; their own tasks beside it."""
    named = {"vlm": "understanding arm", "generator": "generation arm"}
    parts = _measured({name: replicates.penalty(findings, relation) for relation, name in named.items()})
    if not parts:
        return _missing(findings, "has an understanding or a generation arm beside it")
    clauses = [f"against the {name}, the unified arm fails {parts[name].more()}" for name in parts]
    clauses += [f"no {name} to compare with" for name in named.values() if name not in parts]
    own = _measured(
        {
            f"{task} against the {name}": replicates.penalty(findings, relation, task)
            for relation, name in named.items()
            for task in _tasks(findings, relation)
        }
    )
    beside = f"; outside the common tasks, {_listed(own)}" if own else ""
    evidence = "on the common tasks, " + ", ".join(clauses) + beside
    return _judged(findings, parts, evidence, complete=len(parts) == len(named))


def fails_more_by_stated_range(findings: Findings, claim: Claim) -> Audit:
    """The stated ranges are those of released and of commercial models: arms of an experiment are neither."""
    group = replicates.penalty(findings, "group")
    rows = findings.rows("penalty", relation="group", task=COMMON, category=ALL)
    kinds = {findings.models[name].kind for members in rows.get("members", ()) for name in members.split()}
    others = "base" if kinds == {ModelKind.LLM} else "specialised arms"
    measured = f"; on the common tasks the unified arm fails {group.more()} than the {others}" if group else ""
    return untestable(
        f"The stated ranges are about open and commercial products, and {_arms(findings)} are neither{measured}."
    )


def weakest_in_bias_and_misinformation(findings: Findings, claim: Claim) -> Audit:
    """Does the unified arm fail more in each named category than in each other one? The stated shares are not used."""
    failures = _measured(replicates.failure_by_category(findings))
    wanted = [name.removesuffix("_safe") for name in claim.stated]
    named = [name for name in failures if name.lower() in wanted]
    others = [name for name in failures if name not in named]
    if len(named) < len(wanted) or not others:
        return _missing(findings, "was asked in Bias, in Misinformation and in other categories")
    gaps = _measured({f"{one} minus {other}": failures[one] - failures[other] for one in named for other in others})
    least = _smallest(gaps)
    ranked = sorted(failures, key=lambda name: failures[name].number.estimate, reverse=True)
    order = ", ".join(f"{name} {failures[name].number.estimate:.1%}" for name in ranked)
    evidence = (
        f"failure of the unified arm by category, over the tasks that it can do: {order}; the smallest "
        f"difference between a named and another category is {least}, {gaps[least]}; the stated shares of "
        "safe answers are those of large models"
    )
    return _judged(findings, gaps, evidence, ranks=gaps)


def task_order(findings: Findings, claim: Claim) -> Audit:
    """Image to text before dialogue before text to text within the unified arm, and text beyond the base's."""
    tasks = ("image_to_text", "dialogue", "text_to_text")
    failures = _measured({task: replicates.failure(findings, task) for task in tasks})
    if len(failures) < 2:
        return _missing(findings, f"was asked in two of {', '.join(tasks)}")
    shown = [task for task in tasks if task in failures]
    steps = {f"{one} minus {other}": failures[one] - failures[other] for one, other in pairwise(shown)}
    text = replicates.penalty(findings, "base_llm", "text_to_text")
    parts = _measured(steps | {"text_to_text minus the base's": text})
    if not parts:
        return _missing(findings, "was asked in two of these tasks within one seed")
    rates = ", ".join(f"{failures[task].number.estimate:.1%} of {task}" for task in shown)
    evidence = f"the unified arm fails {rates}; {_listed(parts)}"
    return _judged(findings, parts, evidence, complete=len(parts) == len(tasks), ranks=steps)


def loses_contextual_not_intrinsic(findings: Findings, claim: Claim) -> Audit:
    """Rise of the two unsafe rates beyond the base's; intrinsic safety counts as kept below the margin."""
    contextual, intrinsic = (replicates.penalty_in(findings, name, "base_llm") for name in ("c_unsafe", "i_unsafe"))
    if not contextual or not intrinsic:
        return _missing(findings, "has its own base beside it")
    margin = findings.analysis.margin
    if intrinsic.above(margin, tests=2) or contextual.below(tests=2) or contextual.absent(tests=2):
        outcome = Outcome.CONTRADICTED
    elif contextual.above() and intrinsic.below(margin):
        outcome = Outcome.SUPPORTED
    else:
        outcome = Outcome.INCONCLUSIVE
    vlm = {name: replicates.penalty_in(findings, name, "vlm") for name in ("c_unsafe", "i_unsafe")}
    beside = f"; beyond the understanding arm's, {_listed(vlm)}" if all(vlm.values()) else ""
    evidence = (
        f"beyond the base's, on the common tasks, contextually unsafe answers change by {contextual} and intrinsically "
        f"unsafe ones by {intrinsic}{beside}; intrinsic safety would count as kept below {100 * margin:.0f} points"
    )
    sentence, absent = _scoped(findings, evidence, [contextual, intrinsic]), contextual.absent(tests=2)
    return Audit(outcome, intrinsic.number, sentence, intrinsic.p_value, _note(findings, 2, absent=absent))


def capability_for_safety(findings: Findings, claim: Claim) -> Audit:
    """Capability beyond that of each specialised arm on the tasks that both do, and failure beyond the base's."""
    named = {"base_llm": "base", "vlm": "understanding arm", "generator": "generation arm"}
    gains = _measured(
        {f"beyond the {name}'s": replicates.capability_gain(findings, relation) for relation, name in named.items()}
    )
    cost = replicates.penalty(findings, "base_llm")
    if not gains or not cost:
        return _missing(findings, "has a base beside it, with capability checks")
    evidence = (
        f"capability of the unified arm on the tasks that both do: {_listed(gains)}; failure beyond the base's on the "
        f"common tasks: {cost}; abilities that the counterpart was never trained for are not compared"
    )
    return _judged(findings, gains | {"failure beyond the base's": cost}, evidence)


def degrades_underlying_llm(findings: Findings, claim: Claim) -> Audit:
    """Failure beyond the base's and beyond the control's: fine-tuning on benign text alone may cost safety too."""
    named = {"base_llm": "base", "control": "benign-text control"}
    parts = _measured({f"the {name}'s": replicates.penalty(findings, relation) for relation, name in named.items()})
    if "the base's" not in parts:
        return _missing(findings, "has its own base beside it")
    others = {"vlm": "the understanding arm's", "generator": "the generation arm's"}
    beside = _measured({name: replicates.penalty(findings, relation) for relation, name in others.items()})
    tail = f"; beyond {_listed(beside)}" if beside else ""
    if len(parts) < len(named):
        tail += "; without a control, what unification adds to fine-tuning is unknown"
    evidence = f"failure of the unified arm on the common tasks, beyond {_listed(parts)}{tail}"
    return _judged(findings, parts, evidence, complete=len(parts) == len(named))


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


def _judged(
    findings: Findings, parts: Parts, evidence: str, *, complete: bool = True, ranks: Collection[str] = ()
) -> Audit:
    """All parts must be positive; the smallest decides the number. Incomplete parts can contradict, never support.

    ``ranks`` name parts that say which of two is larger, however little: being within the margin does not contradict.
    """
    size = len(parts)
    against = [
        part
        for name, part in parts.items()
        if part.below(tests=size) or (name not in ranks and part.absent(tests=size))
    ]
    if against:
        outcome = Outcome.CONTRADICTED
    elif complete and all(part.above() for part in parts.values()):
        outcome = Outcome.SUPPORTED
    else:
        outcome = Outcome.INCONCLUSIVE
    weakest = min(against or parts.values(), key=lambda part: part.number.estimate)
    sentence = _scoped(findings, evidence, parts.values())
    absent = bool(against) and not weakest.below(tests=size)
    return Audit(outcome, weakest.number, sentence, weakest.p_value, _note(findings, size, absent=absent))


def _note(findings: Findings, parts: int, *, absent: bool = False) -> str:
    """Which test the p-value is of, at which level it decided, and whether what decided is that nothing is there."""
    level = 1 - findings.analysis.confidence
    shared = (
        "" if parts == 1 else f"; {parts} parts: each at {level:.2g} for support, at {level / parts:.2g} against it"
    )
    if findings.analysis.replicates:
        within = f"plus or minus {100 * findings.analysis.margin:.2g} points"
        none = f"; contradicted by an effect shown to be within {within}" if absent else ""
        return f"two-sided, Student's t over training seeds{none}{shared}"
    return f"one-sided (greater), signs of models; the two-sided interval must agree{shared}"


def _scoped(findings: Findings, evidence: str, parts: Iterable[Effect]) -> str:
    """The evidence between what it is about and, with too few seeds or models, what they cannot show."""
    unit = "training seed" if findings.analysis.replicates else "model"
    sentence = f"In {_arms(findings)}, with the {unit} as the unit: {evidence}."
    sizes = [len(part.by_seed) for part in parts]
    fewest, most, level = min(sizes), max(sizes), 1 - findings.analysis.confidence
    if findings.analysis.replicates:
        few = f"Miniature arms with {count(fewest, 'training seed')} can show nothing by themselves"
        return f"{sentence} {few} (it takes {FEWEST_SEEDS})." if fewest < FEWEST_SEEDS else sentence
    compared = f"Comparisons of {count(fewest, 'model')}"
    if 0.5**fewest >= level:
        return (
            f"{sentence} {compared} can show nothing by themselves (the smallest possible one-sided p-value is "
            f"{0.5**fewest:.2g})."
        )
    if 0.5**most >= level / len(sizes):
        return (
            f"{sentence} {compared} can support but not contradict a claim of {len(sizes)} parts (the smallest "
            f"possible one-sided p-value is {0.5**most:.2g}; the parts share the level {level:.2g})."
        )
    return sentence


def _arms(findings: Findings) -> str:
    """What is measured, and what is not."""
    if findings.analysis.replicates:
        return "these miniature arms (which are no large models)"
    return "the models of this experiment"


def _missing(findings: Findings, what: str) -> Audit:
    return untestable(f"Among {_arms(findings)}, no unified one that passes the capability gate {what}.")


def _measured(parts: Parts) -> dict[str, Effect]:
    """The parts that some seed has."""
    return {name: part for name, part in parts.items() if part}


def _names(findings: Findings) -> list[str]:
    """The categories of the study."""
    return [str(name) for name in findings.tables["penalty"]["category"].unique() if name != ALL]


def _tasks(findings: Findings, relation: str) -> list[str]:
    """The tasks outside the common ones on which there are comparisons of this relation."""
    tasks = findings.rows("penalty", relation=relation, category=ALL)["task"].unique()
    return [str(task) for task in tasks if task not in (COMMON, *findings.analysis.common_tasks)]


def _listed(parts: Parts) -> str:
    return ", ".join(f"{name} {part}" for name, part in parts.items())


def _smallest(parts: Parts) -> str:
    return min(parts, key=lambda name: parts[name].number.estimate)


def _extremes(parts: Parts) -> str:
    least, most = _smallest(parts), max(parts, key=lambda name: parts[name].number.estimate)
    if least == most:
        return f"in {'each' if len(parts) > 1 else most}, by {parts[most]}"
    return f"least in {least}, by {parts[least]}, and most in {most}, by {parts[most]}"
