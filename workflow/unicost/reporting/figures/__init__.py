"""Figures, one file each; ``render`` draws one by its name in the catalogue and writes it in every format asked for."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from matplotlib.figure import Figure

from unicost.reporting import catalogue, style
from unicost.reporting.sources import Sources


def draw(name: str, sources: Sources) -> Figure:
    """Draw a figure by its name."""
    catalogue.figure(name)
    figure: Figure = import_module(f"{__name__}.{name}").draw(sources)
    return figure


def render(name: str, study_title: str, sources: Sources, outputs: Iterable[Path]) -> None:
    """Draw a figure and write it to ``outputs`` (.pdf, .svg, .png), its title and its study's in the files' metadata.

    The same tables give the same bytes. Raises ``ValueError`` for an unknown figure, format or table.
    """
    style.save(draw(name, sources), f"{study_title}: {catalogue.figure(name).title}", outputs)
