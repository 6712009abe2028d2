"""Places labels beside points so that none covers another label or a point.

A greedy search: points are taken in a fixed order and each label goes to the first free place on growing rings around
its point; a thin line ties it to the point where it had to move away. The result depends on the input alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox

from unicost.reporting.style import INK, MUTED, PAPER, SMALLEST

_RINGS = (6.0, 9.0, 13.0, 18.0, 24.0, 31.0, 39.0, 48.0, 58.0, 70.0, 84.0, 100.0)
_ANGLES = (0, 180, 90, 270, 30, 330, 150, 210, 60, 300, 120, 240)
_LINE_FROM = 9.0
_MARK = 3.5


def place_labels(axes: Axes, points: Sequence[tuple[float, float]], texts: Sequence[str]) -> None:
    """Annotate ``points`` (data coordinates) with ``texts`` of the smallest size; rings are in typographic points."""
    figure = axes.figure
    scale = figure.dpi / 72
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    limits = axes.get_window_extent(renderer)
    centres = [tuple(axes.transData.transform(point)) for point in points]
    taken = [_around(x, y, _MARK * scale) for x, y in centres]
    ties: list[Path] = []
    for index in _most_crowded_first(centres, 60 * scale):
        width, height = _extent(axes, texts[index], renderer)
        box, ring = _free_place(centres[index], (width, height), taken, ties, limits=limits, scale=scale)
        taken.append(box)
        ties.append(_tie_of(centres[index], box))
        corner = ((box.x0 - centres[index][0]) / scale, (box.y0 - centres[index][1]) / scale)
        axes.annotate(
            texts[index],
            points[index],
            corner,
            textcoords="offset points",
            fontsize=SMALLEST,
            color=INK,
            va="bottom",
            ha="left",
            zorder=5,
            annotation_clip=False,
            path_effects=[withStroke(linewidth=1.5, foreground=PAPER)],
        ).set_in_layout(False)
        if ring >= _LINE_FROM:
            _tie(axes, centres[index], box)


def _extent(axes: Axes, text: str, renderer: object) -> tuple[float, float]:
    probe = axes.text(0, 0, text, fontsize=SMALLEST)
    box = probe.get_window_extent(renderer)  # type: ignore[arg-type]
    probe.remove()
    return box.width, box.height


def _most_crowded_first(centres: Sequence[tuple[float, float]], reach: float) -> list[int]:
    """Points with many neighbours choose first; ties go from top to bottom and left to right."""
    crowd = [sum(math.dist(centre, other) < reach for other in centres) for centre in centres]
    return sorted(range(len(centres)), key=lambda i: (-crowd[i], -centres[i][1], centres[i][0]))


def _free_place(
    centre: tuple[float, float],
    extent: tuple[float, float],
    taken: list[Bbox],
    ties: list[Path],
    *,
    limits: Bbox,
    scale: float,
) -> tuple[Bbox, float]:
    """The first candidate that touches nothing; where none is free, the one that covers least."""
    best: tuple[float, Bbox, float] | None = None
    for ring in _RINGS:
        for angle in _ANGLES:
            box = _candidate(centre, extent, ring * scale, math.radians(angle))
            cost = sum(4 * _overlap(box, other) for other in taken) + _outside(box, limits)
            cost += _crossings(centre, box, taken, ties) * extent[0] * extent[1]
            if cost == 0:
                return box, ring
            if best is None or cost < best[0]:
                best = (cost, box, ring)
    assert best is not None
    return best[1], best[2]


def _candidate(centre: tuple[float, float], extent: tuple[float, float], radius: float, angle: float) -> Bbox:
    """A box beside the point: its near edge, not its centre, lies on the ring."""
    x = centre[0] + radius * math.cos(angle)
    y = centre[1] + radius * math.sin(angle)
    left = x - extent[0] * (0.5 - 0.5 * round(math.cos(angle)))
    bottom = y - extent[1] * (0.5 - 0.5 * math.sin(angle))
    return Bbox.from_bounds(left, bottom, extent[0], extent[1])


def _around(x: float, y: float, radius: float) -> Bbox:
    return Bbox.from_extents(x - radius, y - radius, x + radius, y + radius)


def _overlap(first: Bbox, second: Bbox) -> float:
    width = min(first.x1, second.x1) - max(first.x0, second.x0)
    height = min(first.y1, second.y1) - max(first.y0, second.y0)
    return width * height if width > 0 and height > 0 else 0.0


def _outside(box: Bbox, limits: Bbox) -> float:
    inside = _overlap(box, limits)
    return 3 * (box.width * box.height - inside) if inside < box.width * box.height * 0.999 else 0.0


def _crossings(centre: tuple[float, float], box: Bbox, taken: list[Bbox], ties: list[Path]) -> int:
    """How many labels the tie to this box runs through, and how many ties run through the box."""
    tie = _tie_of(centre, box)
    own = _around(*centre, 1.0)
    through = sum(tie.intersects_bbox(other, filled=True) for other in taken if _overlap(own, other) == 0)
    return through + sum(other.intersects_bbox(box, filled=True) or other.intersects_path(tie) for other in ties)


def _tie_of(centre: tuple[float, float], box: Bbox) -> Path:
    """The segment from the point to the nearest edge of its label."""
    return Path([centre, (min(max(centre[0], box.x0), box.x1), min(max(centre[1], box.y0), box.y1))])


def _tie(axes: Axes, centre: tuple[float, float], box: Bbox) -> None:
    start, end = axes.transData.inverted().transform(_tie_of(centre, box).vertices)
    axes.plot([start[0], end[0]], [start[1], end[1]], color=MUTED, linewidth=0.4, zorder=2, scalex=False, scaley=False)
