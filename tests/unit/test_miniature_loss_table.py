"""The table of loss curves is thinned, complete in its ends, and refuses what is no table of losses."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from unicost.miniature.loss_table import STEPS_BETWEEN_ROWS, collect_losses


def _training(folder: Path, name: str, kinds: list[str], steps: int = 200) -> None:
    rows = [(step, kinds[step % len(kinds)], 1.0, 1 / step) for step in range(1, steps + 1)]
    (folder / name).mkdir(parents=True)
    pd.DataFrame(rows, columns=["step", "kind", "loss", "smoothed"]).to_csv(folder / name / "losses.csv", index=False)


def test_curves_keep_their_ends_and_a_row_a_stretch(tmp_path: Path) -> None:
    _training(tmp_path / "runs", "unified_replay_10-seed3", ["text", "safety"])
    _training(tmp_path / "runs", "base-seed0", ["safety"])
    assert collect_losses(tmp_path / "runs", tmp_path / "losses.csv") == 2
    table = pd.read_csv(tmp_path / "losses.csv")
    assert list(table.columns) == ["arm", "seed", "step", "kind", "smoothed"]
    arm = table[(table["arm"] == "unified_replay_10") & (table["seed"] == 3)]
    assert set(arm["kind"]) == {"text", "safety"}
    for kind, ends in (("safety", (1, 199)), ("text", (2, 200))):
        steps = arm.loc[arm["kind"] == kind, "step"]
        assert (steps.min(), steps.max()) == ends
        assert len(steps) <= 2 + 200 // STEPS_BETWEEN_ROWS
    assert table.loc[table["step"] == 199, "smoothed"].iloc[0] == pytest.approx(1 / 199, rel=1e-3)


def test_a_folder_without_trainings_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no <arm>-seed<k>/losses\.csv in it"):
        collect_losses(tmp_path, tmp_path / "losses.csv")


def test_another_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "base-seed0").mkdir()
    (tmp_path / "base-seed0" / "losses.csv").write_text("step,loss\n1,0.5\n")
    with pytest.raises(ValueError, match=r"losses\.csv: columns \['kind', 'smoothed'\] are missing"):
        collect_losses(tmp_path, tmp_path / "losses.csv")
