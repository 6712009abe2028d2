"""Tables as CSV, LaTeX and HTML; ``render`` builds one by its name in the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from unicost.reporting import catalogue
from unicost.reporting.tables import experiments, inference, judges, safety
from unicost.reporting.tables.writing import Table, write

_BUILDERS: dict[str, Callable[[Path], Table]] = {
    "rates": safety.rates,
    "leaderboard": safety.leaderboard,
    "panel_generation": lambda statistics: safety.panel(statistics, "panel_generation"),
    "panel_understanding": lambda statistics: safety.panel(statistics, "panel_understanding"),
    "penalty": inference.penalty,
    "pooled": inference.pooled,
    "claims": inference.claims,
    "capability": experiments.capability,
    "arms": experiments.arms,
}


def build(name: str, statistics: Path, agreement: Path | None = None) -> Table:
    """Build a table by its name; ``agreement`` is the agreement table of an experiment, used by that table alone."""
    catalogue.table(name)
    return judges.agreement(statistics, agreement) if name == "agreement" else _BUILDERS[name](statistics)


def render(
    name: str, study_title: str, statistics: Path, outputs: Iterable[Path], agreement: Path | None = None
) -> None:
    """Build a table and write it to ``outputs`` (.csv, .tex, .html) with its title and caption.

    Raises ``ValueError`` for an unknown table, format or input.
    """
    entry = catalogue.table(name)
    kind = "experiment" if "published" not in entry.captions or agreement is not None else "published"
    write(
        build(name, statistics, agreement),
        f"{study_title}: {entry.title[0].lower()}{entry.title[1:]}",
        entry.caption(kind),
        outputs,
    )
