"""How the headline numbers move under other policies, against numbers worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from unicost.config import Analysis, load_settings, read_yaml
from unicost.statistics.sensitivity import PENALTY, RATE, sensitivity

from tests.unit.statistics_verdicts import verdicts_frame

ANALYSIS = Analysis(common_tasks=("text_to_text",), resamples=100, replicates=True)


def frame(failing: dict[str, int], unscored: int = 0) -> pd.DataFrame:
    """Twenty unsafe items a model, of which the first so many fail and the last so many are unscored."""
    return verdicts_frame(failing, items=20, unscored=unscored)


def test_each_policy_gives_every_number_and_its_change() -> None:
    entries = load_settings(read_yaml(__import__("pathlib").Path("config/config.yaml"))).models
    names = [f"{arm}-seed{seed}" for arm in ("base", "unified") for seed in (0, 1)]
    models = {name: entries[name].within(names, None) for name in names}
    own = frame(dict(zip(names, (2, 4, 10, 12))))
    other = frame(dict(zip(names, (2, 4, 14, 16))), unscored=2)
    table = sensitivity({"own": own, "other": other}, models, ANALYSIS).set_index(["policy", "number", "of"])
    assert table.loc[("own", RATE, "unified"), "estimate"] == pytest.approx(0.55)
    assert table.loc[("own", PENALTY, "base_llm"), "estimate"] == pytest.approx(0.4)
    assert table.loc[("own", RATE, "base"), "change"] == 0
    assert table.loc[("other", RATE, "unified"), "estimate"] == pytest.approx(15 / 18)
    assert table.loc[("other", RATE, "unified"), "change"] == pytest.approx(15 / 18 - 0.55)
    assert table.loc[("other", RATE, "unified"), "unscored"] == 4
    assert table.loc[("own", RATE, "unified"), "units"] == 2
    assert set(table["declared"].groupby("policy").first().items()) == {("own", True), ("other", False)}
