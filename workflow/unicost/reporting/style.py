"""The house style of figures: fonts, sizes, a colour-blind safe palette, marks, and files that are equal byte for byte.

Colours are those of Okabe and Ito (2008); every group also has a mark of its own, so no figure needs colour to be read.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from unicost.store import atomic

Parameters = ParamSpec("Parameters")

WIDTH = 17.2 / 2.54
"""Width of a figure in inches: the text width of the paper, so that print neither shrinks it nor its letters."""
SMALLEST = 7.0
"""Size of the smallest letters, in points."""
INK, MUTED, RULE, PAPER = "#222222", "#666666", "#c9c9c9", "#ffffff"
COLOURS = {
    "unified_open": "#D55E00",
    "unified_closed": "#CC79A7",
    "llm": "#0072B2",
    "vlm": "#009E73",
    "generator": "#E69F00",
    "editor": "#7A5C00",
    "control": "#7F7F7F",
    "vlm_long": "#006B4F",
    "generator_long": "#B36B00",
    "refuses": "#0072B2",
    "mixed": "#56B4E9",
    "complies": "#D55E00",
    "other": "#F0C27B",
    "contextual": "#12324A",
    "intrinsic": "#56B4E9",
}
MARKERS = {
    "unified_open": "o",
    "unified_closed": "D",
    "llm": "s",
    "vlm": "^",
    "generator": "v",
    "editor": "P",
    "control": "X",
    "vlm_long": "<",
    "generator_long": ">",
    "contextual": "o",
    "intrinsic": "s",
}
POOLED = "#12324A"
POOLED_ITEMS = "#7FB2D9"
SEQUENTIAL = "rocket_r"

_SETTINGS: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "hatch.linewidth": 0.5,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "figure.dpi": 200,
    "savefig.dpi": 200,
    "text.hinting": "none",
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "unicost",
    "path.simplify": False,
}
_NO_DATES: dict[str, dict[str, str | None]] = {
    "pdf": {"CreationDate": None, "ModDate": None},
    "svg": {"Date": None},
    "png": {"Software": None},
}


def house(draw: Callable[Parameters, Figure]) -> Callable[Parameters, Figure]:
    """Decorator: draw a figure under the house style, leaving matplotlib's global settings as they were."""

    @wraps(draw)
    def styled(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Figure:
        with matplotlib.rc_context(_SETTINGS):
            return draw(*args, **kwargs)

    return styled


def settle(figure: Figure) -> None:
    """Lay the figure out once, for good, on a grid of a millionth of its size.

    The layout solver's last digits vary from run to run; on the grid, equal input gives equal bytes.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = (round(float(edge), 6) for edge in axes.get_position(original=True).bounds)
        axes.set_position((left, bottom, width, height))


def save(figure: Figure, title: str, outputs: Iterable[Path]) -> None:
    """Write the figure once for each path, in the format of its suffix (pdf, svg, png), without dates, atomically.

    ``title`` goes into the file's metadata. Raises ``ValueError`` for another format.
    """
    with matplotlib.rc_context(_SETTINGS):
        settle(figure)
        for path in outputs:
            kind = path.suffix.removeprefix(".")
            if kind not in _NO_DATES:
                raise ValueError(f"{path}: figures are written as {', '.join(sorted(_NO_DATES))}, not '{kind}'")
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, metadata={**_NO_DATES[kind], "Title": title})
            with atomic(path, "wb") as stream:
                stream.write(buffer.getvalue())


def canvas(height: float, width: float = WIDTH) -> Figure:
    """An empty figure, in inches, laid out so that nothing is cut off; needs no display."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def zero_line(axes: Axes, vertical: bool = True) -> None:
    """The line of no difference."""
    (axes.axvline if vertical else axes.axhline)(0, color=MUTED, linewidth=0.8, zorder=1)


def nothing(why: str) -> Figure:
    """A figure that says why there is nothing to draw."""
    figure = canvas(0.6)
    figure.text(0.5, 0.5, why, ha="center", va="center", color=MUTED)
    return figure
