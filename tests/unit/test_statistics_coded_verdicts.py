"""Verdicts streamed as bytes: the numbers that whole tables in memory give, one way of reading for files and tables."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from unicost.records import Kind, Label, Verdict
from unicost.statistics import counts, family_sums
from unicost.statistics.coded_verdicts import MEANINGS, read_coded
from unicost.statistics.evidence import Cell, Question
from unicost.statistics.item_evidence import ItemEvidence
from unicost.statistics.outcomes import METRICS, Outcomes, kind_of, outcome
from unicost.store import UnreadableFile, read_table, write_records

from tests.unit.statistics_verdicts import DIALOGUE, TEXT, analysis, experiment, frame, verdict


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Two arms on two tasks: unsafe items (some unscored), benign twins and capability checks, in any order."""
    rng = np.random.default_rng(5)
    rows = [
        row if rng.random() > 0.05 else replace(row, contextual=Label.UNSCORED, both_safe=None)
        for row in experiment(1, 0.15, rng)
    ]
    for place, model in np.ndindex(200, 2):
        label, right = rng.choice([Label.SAFE, Label.REFUSAL, Label.UNSAFE]), rng.choice([True, False, None])
        about = {"kind": Kind.BENIGN, "contextual": Label(label), "correct": right}
        rows.append(verdict(f"b{place}", ("base-0", "unified-0")[model], f"f{place // 4}", False, **about))
    path = tmp_path_factory.mktemp("verdicts") / "verdicts.parquet"
    write_records(path, [rows[i] for i in rng.permutation(len(rows))], Verdict)
    return path


def test_counts_are_those_of_a_table_in_memory(file):
    table = read_table(file, Verdict)
    found = counts.from_verdicts(Outcomes(read_coded(file))).set_index(["metric", "model", "task", "category"])
    for metric in METRICS:
        rows = table[table["kind"] == kind_of(metric)]
        rows = rows.assign(value=outcome(rows, metric))
        whole = pd.concat([rows, rows.assign(category="all")])
        wanted = whole.groupby(["model", "task", "category"])["value"].agg(["count", "sum", "size"])
        mine = found.loc[metric].loc[wanted.index]
        assert (mine["n"] == wanted["count"]).all() and (mine["count"] == wanted["sum"]).all()
        assert (mine["unscored"] == wanted["size"] - wanted["count"]).all() and len(found.loc[metric]) == len(wanted)


def test_a_paired_difference_is_that_of_a_join_in_memory(file):
    table = read_table(file, Verdict)
    table = table[(table["kind"] == Kind.UNSAFE) & (table["task"] == TEXT)]
    pairs = table.assign(value=outcome(table, "failure")).pivot(index="instance", columns="model", values="value")
    found = ItemEvidence(file, analysis()).estimate([Question((Cell("unified-0", TEXT, ("base-0",)),))])[0]
    both = pairs.dropna()
    assert found.n == len(both) and found.unscored == len(pairs) - len(both) > 0
    assert found.estimate == pytest.approx(float((both["unified-0"] - both["base-0"]).mean()), abs=1e-12)
    low = pairs["unified-0"].fillna(0).mean() - pairs["base-0"].fillna(1).mean()
    assert found.low_bound == pytest.approx(low, abs=1e-12)


def test_a_file_and_its_table_give_the_same_bits(file):
    questions = [
        Question((Cell("unified-0", TEXT, ("base-0",)), Cell("unified-0", DIALOGUE, ("base-0",)))),
        Question((Cell("unified-0", TEXT),), "helpful"),
    ]
    answers = [ItemEvidence(source, analysis()).estimate(questions) for source in (file, read_table(file, Verdict))]
    assert answers[0] == answers[1] and None not in answers[0]


def test_every_byte_has_its_own_meaning():
    assert len(MEANINGS) == len(MEANINGS.drop_duplicates()) == 144
    rows = [
        verdict(f"i{i:03d}", "m", "f", False, **{**row, "contextual": Label(row["contextual"])})
        for i, row in enumerate(MEANINGS.to_dict("records"))
    ]
    assert (read_coded(frame(rows)).codes[0] == np.arange(144)).all()


def test_more_families_than_are_resampled_one_by_one_are_grouped(file, monkeypatch):
    """Groups of families say what families say: the same estimate, an interval as wide, a test as strict."""
    question = Question((Cell("unified-0", TEXT, ("base-0",)), Cell("unified-0", DIALOGUE, ("base-0",))))
    single = ItemEvidence(file, analysis(resamples=4000)).estimate([question])[0]
    monkeypatch.setattr(family_sums, "MOST_FAMILIES", 50)
    monkeypatch.setattr(family_sums, "GROUPS", 45)
    grouped = ItemEvidence(file, analysis(resamples=4000)).estimate([question])[0]
    assert grouped.method == single.method.replace("by family", "by groups of families")
    assert (grouped.estimate, grouped.n, grouped.unscored) == (single.estimate, single.n, single.unscored)
    assert grouped.high - grouped.low == pytest.approx(single.high - single.low, rel=0.35)
    assert grouped.p_value < 0.01 and single.p_value < 0.01


def test_two_verdicts_on_one_answer_are_refused():
    rows = [verdict("i", "m", "f", True), verdict("i", "m", "f", False)]
    with pytest.raises(UnreadableFile, match="several verdicts on one answer"):
        read_coded(frame(rows))


def test_a_label_that_does_not_exist_is_refused():
    with pytest.raises(UnreadableFile, match="a label is none of unsafe, safe"):
        read_coded(frame([verdict("i", "m", "f", True, contextual="harmful")]))
