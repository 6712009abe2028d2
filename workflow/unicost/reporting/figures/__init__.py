"""Figures, one file each; ``render`` draws one by its name in the catalogue and writes it in every format asked for."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from matplotlib.figure import Figure

from unicost.reporting import catalogue, style


def draw(name: str, statistics: Path, agreement: Path | None = None) -> Figure:
    """Draw a figure by its name; ``agreement`` is the agreement table of an experiment, used by that figure alone."""
    catalogue.figure(name)
    module = import_module(f"{__name__}.{name}")
    figure: Figure = module.draw(statistics, agreement) if name == "agreement" else module.draw(statistics)
    return figure


def render(
    name: str, study_title: str, statistics: Path, outputs: Iterable[Path], agreement: Path | None = None
) -> None:
    """Draw a figure and write it to ``outputs`` (.pdf, .svg, .png), its title and its study's in the files' metadata.

    The same tables give the same bytes. Raises ``ValueError`` for an unknown figure, format or table.
    """
    figure = draw(name, statistics, agreement)
    style.save(figure, f"{study_title}: {catalogue.figure(name).title}", outputs)
