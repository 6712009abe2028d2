"""Tables as CSV, LaTeX and HTML; ``render`` builds one by its name in the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from unicost.reporting import catalogue, formatting
from unicost.reporting.sources import Sources
from unicost.reporting.tables import calibration, correction, design, experiments, inference, judges, safety
from unicost.reporting.tables.writing import Table, write

_BUILDERS: dict[str, Callable[[Sources], Table]] = {
    "rates": lambda sources: safety.rates(sources.statistics, experiment=sources.agreement is not None),
    "leaderboard": lambda sources: safety.leaderboard(sources.statistics),
    "panel_generation": lambda sources: safety.panel(sources.statistics, "panel_generation"),
    "panel_understanding": lambda sources: safety.panel(sources.statistics, "panel_understanding"),
    "penalty": lambda sources: inference.penalty(sources.statistics),
    "pooled": lambda sources: inference.pooled(sources.statistics),
    "gap_penalty": lambda sources: inference.gap_penalty(sources.statistics),
    "claims": lambda sources: inference.claims(sources.statistics, sources.kind),
    "agreement": lambda sources: judges.agreement(sources.statistics, sources.agreement),
    "capability": lambda sources: experiments.capability(sources.statistics),
    "arms": lambda sources: experiments.arms(sources.statistics),
    "sensitivity": lambda sources: judges.sensitivity(sources.statistics),
    "detectors": lambda sources: judges.detectors(sources.statistics),
    "injections": lambda sources: judges.injections(sources.statistics),
    "corrected": lambda sources: correction.corrected(sources.statistics),
    "tipping": lambda sources: correction.tipping(sources.statistics),
    "calibration": lambda sources: calibration.table_of(sources.statistics),
    "judge_error": lambda sources: correction.judge_error(sources.statistics),
    "consistency": lambda sources: correction.consistency(sources.statistics),
    "interactions": lambda sources: correction.interactions(sources.statistics),
    "hypotheses": design.hypotheses,
    "effects": design.effects,
    "gates": design.gates,
    "replay": design.replay,
}


def build(name: str, sources: Sources) -> Table:
    """Build a table by its name."""
    catalogue.table(name)
    return _BUILDERS[name](sources)


def render(name: str, study_title: str, sources: Sources, outputs: Iterable[Path]) -> None:
    """Build a table and write it to ``outputs`` (.csv, .tex, .html) with its title and caption.

    Raises ``ValueError`` for an unknown table, format or input.
    """
    entry = catalogue.table(name)
    kind = sources.kind if sources.kind in entry.captions else "experiment"
    write(
        build(name, sources),
        f"{study_title}: {entry.title[0].lower()}{entry.title[1:]}",
        entry.caption(kind, formatting.whole_percent(sources.confidence)),
        outputs,
    )
