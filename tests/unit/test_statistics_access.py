"""Open against closed unified models: items few enough to be counted by hand, and the shipped tables."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from unicost.config import ModelEntry
from unicost.statistics.capability import COLUMNS, Gate
from unicost.statistics.item_evidence import ItemEvidence
from unicost.statistics.penalty import penalty
from unicost.statistics.pooled import pooled

from tests.unit.statistics_verdicts import DIALOGUE, TEXT, analysis, frame, verdict
from tests.unit.test_published_results import MODELS, rates, run, table

FAILURES = {"open-1": 12, "open-2": 8, "open-3": 4, "closed-1": 2, "closed-2": 1}
"""Of 20 items on text; on dialogue half as many. The last item of open-3 on text is unscored."""


def pools(names=FAILURES, **settings):
    models = {name: ModelEntry(display_name=name, kind="unified", access=name.split("-")[0]) for name in names}
    rows = [
        verdict(
            *(f"{task}-{place}", name, f"{task}-{place}"),
            None if (name, task, place) == ("open-3", TEXT, 19) else place < FAILURES[name] // share,
            task=task,
        )
        for name in models
        for task, share in ((TEXT, 1), (DIALOGUE, 2))
        for place in range(20)
    ]
    evidence, gate = ItemEvidence(frame(rows), analysis(**settings)), Gate(pd.DataFrame(columns=COLUMNS))
    return pooled(evidence, models, penalty(evidence, models, gate), gate).query("relation == 'closed'")


def test_the_difference_of_open_and_closed_models_is_that_of_their_mean_failure():
    row = pools().query(f"unit == 'model' and task == '{TEXT}'").iloc[0]
    first, second = np.array([12 / 20, 8 / 20, 4 / 19]), np.array([2 / 20, 1 / 20])
    known = stats.ttest_ind(first, second, equal_var=False)
    assert row[["estimate", "p_value"]].tolist() == pytest.approx([first.mean() - second.mean(), known.pvalue])
    assert row[["low", "high"]].tolist() == pytest.approx(list(known.confidence_interval()))
    assert row["permutation_p"] == pytest.approx(1 / 10) and row["note"].endswith("no permutation p is below 0.1")
    assert row[["models", "unscored"]].tolist() == [3, 1]
    bounds = [(12 + 8 + last) / 60 - 3 / 40 for last in (4, 5)]
    assert row[["low_bound", "high_bound"]].tolist() == pytest.approx(bounds)


def test_items_stand_beside_models_and_tasks_are_adjusted_together():
    rows = pools().set_index(["task", "unit"])
    assert rows.index.tolist() == [(task, unit) for task in (DIALOGUE, TEXT, "common") for unit in ("model", "item")]
    assert rows.loc[("common", "model"), "estimate"] == pytest.approx(
        rows.loc[[(TEXT, "model"), (DIALOGUE, "model")], "estimate"].mean()
    )
    by_model = rows.xs("model", level="unit").sort_values("p_value")
    raw = by_model["p_value"].to_numpy() * 3 / np.arange(1, 4)
    assert by_model["p_adjusted"].to_numpy() == pytest.approx(np.minimum.accumulate(raw[::-1])[::-1])


def test_one_closed_model_has_no_interval_over_models():
    row = pools(["open-1", "open-2", "closed-1"]).query("unit == 'model'").iloc[0]
    assert row[["low", "high", "p_value", "permutation_p"]].isna().all() and "1 closed unified model;" in row["note"]


@pytest.mark.parametrize("names", [["open-1", "open-2"], ["closed-1", "closed-2"]], ids=["open", "closed"])
def test_one_kind_alone_is_compared_with_nothing(names):
    assert pools(names).empty


def test_replicates_are_of_one_access():
    assert pools(replicates=True).empty


def test_open_models_fail_more_than_closed_ones_by_one_test_and_not_by_the_other(tmp_path):
    """Welch's test and the permutation by listing, from the shipped table; also the difference of two penalties."""
    run(tmp_path, MODELS)
    pools = table(tmp_path, "pooled").query("task == 'common' and unit == 'model'").set_index(["relation", "subset"])
    row, failure = pools.loc[("closed", "open")], rates(tmp_path, "failure", "common")
    first, second = (
        failure[[name for name, entry in MODELS.items() if (entry.kind, entry.access) == ("unified", access)]]
        for access in ("open", "closed")
    )
    assert (len(first), len(second)) == (9, 2)
    whole, found = np.array([*first, *second]), first.mean() - second.mean()
    splits = [np.isin(np.arange(11), chosen) for chosen in combinations(range(11), 9)]
    at_least = [whole[split].mean() - whole[~split].mean() >= found - 1e-12 for split in splits]
    assert row["estimate"] == pytest.approx(found) == pytest.approx(0.324, abs=5e-4)
    assert row["p_value"] == pytest.approx(stats.ttest_ind(first, second, equal_var=False).pvalue)
    assert row["permutation_p"] == pytest.approx(np.mean(at_least)) and np.mean(at_least) > 0.05 > row["p_adjusted"]
    group = pools.loc["group", "estimate"]
    assert group["open"] - group["closed"] == pytest.approx(found)
    audit = table(tmp_path, "claims").set_index("claim").loc["fails_more_by_stated_range"]
    assert "Open minus closed unified models, model as unit: +32.4 points" in audit["evidence"]
    assert "association" in audit["evidence"]
