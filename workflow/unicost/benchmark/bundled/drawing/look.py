"""How a picture looks: colours, paper, tilt and layout, chosen by a hash of a key that twins share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Palette:
    """Colours that go together: ``ink`` is read on ``ground``, ``paper`` and ``soft``, and ``light`` on ``strong``."""

    ground: str
    paper: str
    soft: str
    strong: str
    accent: str
    ink: str
    light: str = "#ffffff"


PALETTES: Final = (
    Palette("#e8eef5", "#ffffff", "#d3e0ee", "#1d4e89", "#c8553d", "#14213d"),
    Palette("#f6efe4", "#fffdf8", "#eadcc6", "#7a4419", "#2f6f6b", "#33261a"),
    Palette("#e6f2ec", "#ffffff", "#cbe4d7", "#1b6146", "#b5541c", "#12291f"),
    Palette("#f3e9f2", "#fffaff", "#e2cfe0", "#6b2f63", "#2f6690", "#2b1528"),
    Palette("#fdf3d8", "#fffef7", "#f5e1a4", "#8a5a00", "#2a6f97", "#2f2507"),
    Palette("#eceff1", "#ffffff", "#d5dce0", "#37474f", "#ad1457", "#1c262b"),
    Palette("#fde8e4", "#fffaf8", "#f6ccc4", "#9b2c1f", "#1f6f78", "#351410"),
    Palette("#e3f4f6", "#ffffff", "#c3e4e8", "#0b6270", "#a4471a", "#0d2a2f"),
)
DESKS: Final = ("#8a6244", "#6b4c35", "#b08d68", "#4f5d63", "#3f5a4c", "#7d7f86", "#a5795a", "#5c4b5e")
PAPERS: Final = ("#fdfbf4", "#fbf6e6", "#ffffff", "#f2f6fb", "#f6f1ea")
PENS: Final = ("#1b2a6b", "#222222", "#123f8c", "#3a1f4d", "#0f4a3c")
STICKIES: Final = ("#fff08a", "#ffe066", "#ffd3a5", "#d5f2a0", "#ffc9dc")


@dataclass(frozen=True)
class Look:
    """One choice of everything. ``tilt`` is in degrees, ``jitter`` between -1 and 1, ``layout`` and ``corner`` any."""

    palette: Palette
    desk: str
    paper: str
    pen: str
    sticky: str
    tilt: float
    layout: int
    corner: int
    jitter: tuple[float, ...]

    @classmethod
    def of(cls, key: str) -> Look:
        """The look that belongs to ``key``."""
        draw = hashlib.sha256(key.encode()).digest()
        tilt = (draw[5] / 255 * 2 - 1) * 3.0
        return cls(
            palette=PALETTES[draw[0] % len(PALETTES)],
            desk=DESKS[draw[1] % len(DESKS)],
            paper=PAPERS[draw[2] % len(PAPERS)],
            pen=PENS[draw[3] % len(PENS)],
            sticky=STICKIES[draw[4] % len(STICKIES)],
            tilt=tilt + (1.2 if tilt >= 0 else -1.2),
            layout=draw[6],
            corner=draw[7] % 4,
            jitter=tuple(byte / 127.5 - 1 for byte in draw[8:20]),
        )
