"""``unicost compare``: paired numbers on the same instances, what flipped, and one sentence where nothing compares."""

import re
from dataclasses import replace

import numpy as np
import pytest
from unicost.cli import main
from unicost.records import Construction, Instance, Kind, Label, Modality, Placement, Turn, Verdict
from unicost.statistics import intervals
from unicost.statistics.hypothesis_tests import mcnemar_mid_p
from unicost.statistics.runs import comparison, page
from unicost.statistics.runs.reading import Incomparable, read_runs
from unicost.store import write_records

from tests.unit.statistics_verdicts import DIALOGUE, TEXT, verdict

SECRET = "A request <b>that</b> stays covered"


def instance(name: str, kind: Kind, task: str, category: str, text: str = SECRET) -> Instance:
    about = {"leaf": "", "construction": Construction.PLAIN, "placement": Placement.TEXT, "expected": Modality.TEXT}
    return Instance(
        id=name, family=name, kind=kind, category=category, task=task, turns=(Turn("user", text),), intention="",
        source="made", licence="CC0-1.0", **about,
    )  # fmt: skip


def run(folder, failures: int, refused: int, model: str = "m", *, text: str = SECRET, prefix: str = ""):
    """60 unsafe items of two tasks, the first ``failures`` failed; 30 benign ones, the first ``refused`` refused."""
    folder.mkdir(parents=True)
    items, rows = [], []
    for i in range(60):
        about = {"task": TEXT if i < 40 else DIALOGUE, "category": "Bias" if i % 2 else "Privacy"}
        items.append(instance(f"{prefix}u{i:02d}", Kind.UNSAFE, **about, text=text))
        rows.append(verdict(f"{prefix}u{i:02d}", model, f"u{i:02d}", i < failures, **about))
    for i in range(30):
        about = {"kind": Kind.BENIGN, "task": TEXT, "category": "Bias"}
        items.append(instance(f"{prefix}b{i:02d}", **about, text=text))
        label = Label.REFUSAL if i < refused else Label.SAFE
        rows.append(verdict(f"{prefix}b{i:02d}", model, f"b{i:02d}", False, **about, contextual=label))
    write_records(folder / "benchmark.parquet", items, Instance)
    write_records(folder / "verdicts.parquet", rows, Verdict)
    return folder


@pytest.fixture
def folders(tmp_path):
    return run(tmp_path / "a" / "mine", 10, 12), run(tmp_path / "b" / "mine", 25, 2)


def test_the_numbers_are_those_of_the_paired_table(folders):
    found = comparison.compare(read_runs(*folders, [])).set_index(["metric", "task", "category"])
    row = found.loc["failure", "all", "all"]
    assert (row["before"], row["after"], row["n"]) == (10 / 60, pytest.approx(25 / 60), 60)
    assert (row["low"], row["high"]) == intervals.newcombe_paired(np.array([10, 15, 0, 35.0]), 0.95)
    assert row["p_value"] == mcnemar_mid_p(15, 0) and row["reading"] == "less safe"
    assert found.loc["failure", DIALOGUE, "all"]["reading"] == "no clear change"
    assert found.loc["over_refusal", "all", "all"]["reading"] == "refuses harmless requests less"
    assert {"Bias", "Privacy"} <= set(found.loc["failure"].index.get_level_values("category"))


def test_flips_name_items_and_labels(folders):
    found = comparison.flips(read_runs(*folders, []))
    assert len(found) == 25 and list(found["change"]) == ["worse"] * 15 + ["better"] * 10
    first = found.iloc[0]
    assert (first["instance"], first["before"], first["after"]) == ("u11", "refusal", "unsafe")


def test_families_with_several_items_are_not_counted_twice(tmp_path):
    """Four items a family that flip together: the test resamples families and is less sure."""
    folders = run(tmp_path / "a", 0, 0), run(tmp_path / "b", 8, 0)
    alone = comparison.compare(read_runs(*folders, []))
    for folder, failures in zip(folders, (0, 8)):
        rows = [verdict(f"u{i:02d}", "m", f"f{i // 4}", i < failures, task=TEXT) for i in range(60)]
        write_records(folder / "verdicts.parquet", rows, Verdict)
    together = comparison.compare(read_runs(*folders, []))
    assert together.loc[0, "estimate"] == alone.loc[0, "estimate"]
    assert "by family" in together.loc[0, "method"] and together.loc[0, "p_value"] > 10 * alone.loc[0, "p_value"]


def test_terminal_and_page(folders, tmp_path, capsys):
    out = tmp_path / "page.html"
    assert main(["compare", *(str(folder.parent) for folder in folders), "--html", str(out)]) == 0
    told = capsys.readouterr().out
    assert re.search(r"failure +everything +60 +0 +16\.7 % +41\.7 % +\+25\.0 .* less safe", told)
    assert "left out: nothing" in told
    assert "25 items flipped: 15 for the worse, 10 for the better" in told and "covered" not in told
    html = out.read_text()
    assert html.count('aria-expanded="false" aria-label') == 25 and "filter: blur" in html
    assert "&lt;b&gt;that" in html and "<b>that" not in html and "http" not in html.replace("http-equiv", "")


def test_what_one_run_alone_holds_is_counted_by_reason(tmp_path):
    """One benchmark holds 90 more instances, and its model leaves ten of the common ones out."""
    before, after = run(tmp_path / "a", 5, 5), run(tmp_path / "b", 5, 5)
    items = [instance(f"new{i}", Kind.UNSAFE, TEXT, "Bias") for i in range(90)]
    shared = [instance(f"u{i:02d}", Kind.UNSAFE, TEXT if i < 40 else DIALOGUE, "Bias" if i % 2 else "Privacy")
              for i in range(60)]  # fmt: skip
    shared += [instance(f"b{i:02d}", Kind.BENIGN, TEXT, "Bias") for i in range(30)]
    write_records(after / "benchmark.parquet", [*shared, *items], Instance)
    rows = [verdict(f"u{i:02d}", "m", f"u{i:02d}", i < 5, task=TEXT, category="Bias") for i in range(10, 60)]
    write_records(after / "verdicts.parquet", rows, Verdict)
    runs = read_runs(before, after, [])
    assert comparison.left_out(runs)["m"] == {
        "in the second benchmark alone": 90,
        "answered in the first run alone": 40,  # ten unsafe ones and all thirty benign ones
    }
    told = page.text(runs, comparison.compare(runs), comparison.flips(runs))
    assert "left out: 90 in the second benchmark alone" in told


def test_models_of_different_names_are_paired_by_the_option(tmp_path):
    folders = run(tmp_path / "a", 1, 0, "old"), run(tmp_path / "b", 2, 0, "new")
    with pytest.raises(Incomparable, match=r"share no model: the first has old, the second new; .* --model A=B"):
        read_runs(*folders, [])
    with pytest.raises(Incomparable, match=r"--model old=newer: the second run has no 'newer', but new"):
        read_runs(*folders, ["old=newer"])
    assert set(comparison.compare(read_runs(*folders, ["old=new"]))["model"]) == {"old -> new"}


def test_what_cannot_be_compared_is_said_in_one_sentence(folders, tmp_path, capsys):
    before, after = folders
    assert main(["compare", str(before), str(tmp_path / "c")]) == 1
    assert re.search(r"c/verdicts\.parquet: no such file; name a folder results/<study>", capsys.readouterr().err)
    other = run(tmp_path / "other", 1, 1, text="Another request")
    with pytest.raises(Incomparable, match="different benchmarks: 90 of 90 instances of the same id"):
        read_runs(before, other, [])
    with pytest.raises(Incomparable, match="no instance in common"):
        read_runs(before, run(tmp_path / "strange", 1, 1, prefix="x"), [])
    run(before.parent / "second", 1, 1)
    with pytest.raises(Incomparable, match="holds several studies: name one of"):
        read_runs(before.parent, after, [])
    (after / "benchmark.parquet").unlink()
    with pytest.raises(Incomparable, match=r"benchmark\.parquet: no such file"):
        read_runs(before, after, [])


def test_unscored_answers_are_no_flips(folders):
    before, after = folders
    rows = [verdict(f"u{i:02d}", "m", f"u{i:02d}", None if i < 30 else False, task=TEXT) for i in range(60)]
    write_records(after / "verdicts.parquet", [replace(row, category="Bias") for row in rows], Verdict)
    runs = read_runs(before, after, [])
    row = comparison.compare(runs).iloc[0]
    assert (row["n"], row["unscored"]) == (30, 30) and comparison.flips(runs).empty
    # Ten of the thirty that have no verdict after failed before: all thirty pass, or all fail.
    assert (row["low_bound"], row["high_bound"]) == (pytest.approx(-10 / 60), pytest.approx(20 / 60))
    assert comparison.left_out(runs)["m"] == {
        "answered in the first run alone": 30,
        "unsafe items that lost their verdict in the second run (they are in the bounds)": 30,
    }
    assert "0 items flipped" in page.text(runs, comparison.compare(runs), comparison.flips(runs))


def test_verdicts_lost_gained_and_absent_are_told_apart(folders):
    before, after = folders
    for folder, without in ((before, range(10, 15)), (after, range(8, 13))):
        rows = [verdict(f"u{i:02d}", "m", f"u{i:02d}", None if i in without else False, task=TEXT) for i in range(60)]
        write_records(folder / "verdicts.parquet", [replace(row, category="Bias") for row in rows], Verdict)
    runs = read_runs(before, after, [])
    assert comparison.left_out(runs)["m"] == {
        "answered in neither run": 30,
        "unsafe items that lost their verdict in the second run (they are in the bounds)": 2,
        "unsafe items that gained a verdict in the second run (they are in the bounds)": 2,
        "unsafe items without a verdict in both runs (they are in the bounds)": 3,
    }


def test_where_no_item_changed_no_interval_is_printed(tmp_path):
    runs = read_runs(run(tmp_path / "a", 5, 5), run(tmp_path / "b", 5, 5), [])
    changes = comparison.compare(runs)
    assert (changes["changed"] == 0).all()
    told = page.text(runs, changes, comparison.flips(runs))
    assert told.count("no item changed") == len(changes)
    assert "-0.0" not in told and " to " not in told.split("left out")[0]


def test_a_fall_has_a_true_minus_sign(folders):
    runs = read_runs(*reversed(folders), [])
    told = page.text(runs, comparison.compare(runs), comparison.flips(runs))
    assert "\N{MINUS SIGN}25.0 (" in told and not re.search(r"-\d", told.split("left out")[0])
