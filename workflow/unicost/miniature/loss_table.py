"""One table of all loss curves of the miniature training, thinned, for the report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pandas as pd

from unicost.store import write_csv

STEPS_BETWEEN_ROWS: Final = 25
_FOLDER: Final = re.compile(r"(?P<arm>.+)-seed(?P<seed>\d+)")
_COLUMNS: Final = ("step", "kind", "smoothed")
_SIGNIFICANT: Final = "{:.4g}"


def collect_losses(folder: str | Path, output: str | Path) -> int:
    """Write ``output`` (columns arm, seed, step, kind, smoothed) from ``folder/<arm>-seed<k>/losses.csv``.

    A curve keeps its first row and its last, and of those between one for each ``STEPS_BETWEEN_ROWS`` steps, so that
    a kind of batch that comes seldom keeps its shape. Returns the number of trainings; raises ``ValueError`` where
    there is none, or where a table is not one of losses.
    """
    curves = []
    for path in sorted(Path(folder).glob("*-seed*/losses.csv")):
        named = _FOLDER.fullmatch(path.parent.name)
        if named is None:
            continue
        frame = pd.read_csv(path)
        missing = [column for column in _COLUMNS if column not in frame.columns]
        if missing:
            raise ValueError(f"{path}: columns {missing} are missing; training writes {list(_COLUMNS)} and loss")
        thinned = frame.groupby("kind", sort=False, group_keys=False)[list(_COLUMNS)].apply(_thinned)
        curves.append(thinned.sort_values("step").assign(arm=named["arm"], seed=int(named["seed"])))
    if not curves:
        raise ValueError(f"{folder}: no <arm>-seed<k>/losses.csv in it; training the miniature arms writes them")
    table = pd.concat(curves).sort_values(["arm", "seed", "step"], kind="stable")
    table["smoothed"] = [float(_SIGNIFICANT.format(value)) for value in table["smoothed"]]
    write_csv(Path(output), table[["arm", "seed", *_COLUMNS]])
    return len(curves)


def _thinned(curve: pd.DataFrame) -> pd.DataFrame:
    """The first row of each stretch of steps, and the last row."""
    stretch = curve["step"] // STEPS_BETWEEN_ROWS
    kept: pd.DataFrame = curve[(stretch != stretch.shift()) | (curve.index == curve.index[-1])]
    return kept
