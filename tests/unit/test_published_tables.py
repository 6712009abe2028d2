"""The shipped tables are what was transcribed, and a bad table is refused in one sentence that says where."""

import hashlib
import shutil
from pathlib import Path

import pandas as pd
import pytest
from unicost.statistics import published_tables as tables

SHIPPED = Path(__file__).parents[2] / "workflow" / "resources" / "published"
REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
MODELS = pd.read_csv(SHIPPED / "published_results.csv")["model"].unique().tolist()
RESULTS = "published_results.csv"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(SHIPPED, tmp_path / "published"))


def change(folder, column, value, row=3, name=RESULTS):
    """Write a value into a row (counted from 0, header not counted) of a table."""
    table = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
    table.loc[row, column] = value
    table.to_csv(folder / name, index=False)


def test_shipped_tables_are_whole():
    sums = dict(reversed(line.split()) for line in (SHIPPED / "SHA256SUMS").read_text().splitlines())
    assert sums == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in SHIPPED.glob("*.csv")}
    results = tables.read_results(SHIPPED, MODELS)
    assert (len(results), results["model"].nunique(), set(results["task"])) == (84, 16, set(tables.TASKS))
    assert len(tables.read_utility(SHIPPED, MODELS)) == 42
    assert tables.read_sample_counts(SHIPPED)["total"].sum() == 2939


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference tables are not here")
def test_shipped_tables_are_the_reference():
    for path in sorted(REFERENCE.glob("*.csv")):
        assert (SHIPPED / path.name).read_bytes() == path.read_bytes()


def test_sample_counts_are_the_sizes_of_the_tasks():
    counts = tables.read_sample_counts(SHIPPED)
    sizes = tables.read_results(SHIPPED, MODELS).groupby("task")["n"].unique()
    assert {task: [counts[task].sum()] for task in tables.TASKS} == {task: list(n) for task, n in sizes.items()}


def test_rows_come_in_the_study_order():
    chosen = ["emu3", "qwen2.5-7b-instruct"]
    results = tables.read_results(SHIPPED, chosen)
    assert results["model"].unique().tolist() == chosen
    assert results["task"].tolist()[:3] == ["text_generation", "text_to_image", "vqa_dual_unsafe"]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("both_safe", "1.2", r"row 5 \(deepseek-vl-7b-chat text_generation\): both_safe is 1\.2; .* rate from 0 to 1"),
        ("c_unsafe", "-0.1", r"c_unsafe is -0\.1; it should be a rate from 0 to 1"),
        ("c_reject", "often", r"c_reject is often; it should be a rate from 0 to 1"),
        ("i_unsafe", "", r"row 5 .*: i_unsafe is nan; it should be a rate from 0 to 1"),
        ("n", "-630", r"n is -630; it should be a whole number above 0"),
        ("n", "630.5", r"n is 630\.5; it should be a whole number above 0"),
        ("task", "text_genration", r"row 5: task is 'text_genration'; it should be one of text_generation, "),
        ("kind", "robot", r"row 5: kind is 'robot'; it should be llm, vlm or unified"),
        ("model", "qwen2.5-7b-instruct", r"row 5: qwen2\.5-7b-instruct, text_generation is there twice"),
        ("c_unsafe", "0.9", r"c_unsafe and c_reject should not exceed 1 together"),
        ("both_safe", "0.99", r"both_safe should not exceed 1 - max\(c_unsafe, i_unsafe\)"),
        ("both_safe", "0.5", r"both_safe should not be below 1 - c_unsafe - i_unsafe"),
    ],
)
def test_a_wrong_value_is_refused(folder, column, value, message):
    change(folder, column, value)
    with pytest.raises(tables.BadTable, match=message) as error:
        tables.read_results(folder, MODELS)
    assert str(error.value).startswith(str(folder / RESULTS)) and "\n" not in str(error.value)


def test_an_unknown_model_is_refused_with_a_suggestion(folder):
    change(folder, "model", "bagle-7b-mot", row=12)
    with pytest.raises(tables.BadTable, match=r"row 14: unknown model 'bagle-7b-mot'; did you mean 'bagel-7b-mot'"):
        tables.check_models(folder, MODELS)


def test_a_model_without_results_is_refused():
    with pytest.raises(tables.BadTable, match=r"no row for model 'emu4' of the study; did you mean 'emu3'"):
        tables.read_results(SHIPPED, [*MODELS, "emu4"])


def test_a_missing_column_is_refused(folder):
    pd.read_csv(folder / RESULTS).drop(columns="n").to_csv(folder / RESULTS, index=False)
    with pytest.raises(tables.BadTable, match=r"column 'n' is missing; the file needs model, kind"):
        tables.read_results(folder, MODELS)


@pytest.mark.parametrize("content", [b"", b'model,"unclosed\nx', b"\xff\xfe\x00"])
def test_a_file_that_is_no_table_is_refused(folder, content):
    (folder / RESULTS).write_bytes(content)
    with pytest.raises(tables.BadTable, match=RESULTS):
        tables.read_results(folder, MODELS)


def test_a_missing_file_is_refused(folder):
    (folder / RESULTS).unlink()
    with pytest.raises(tables.BadTable, match=r"published_results\.csv: no such file"):
        tables.read_results(folder, MODELS)


def test_a_wrong_sum_is_refused(folder):
    change(folder, "total", "147", row=0, name="published_sample_counts.csv")
    with pytest.raises(
        tables.BadTable, match=r"row 2 \(dishonest_behavior\): total is 147, but the tasks add up to 146"
    ):
        tables.read_sample_counts(folder)


@pytest.mark.parametrize(
    ("name", "column", "value", "read"),
    [
        ("published_leaderboard.csv", "both_safe", "98.1", lambda f: tables.read_leaderboard(f, MODELS)),
        ("published_leaderboard.csv", "tasks", "8", lambda f: tables.read_leaderboard(f, MODELS)),
        ("published_utility.csv", "use", "69.41", lambda f: tables.read_utility(f, MODELS)),
        ("published_utility.csv", "task_group", "vga", lambda f: tables.read_utility(f, MODELS)),
        ("published_judge_accuracy.csv", "intrinsic_accuracy", "95.6", tables.read_judge_accuracy),
        ("published_judge_accuracy.csv", "n", "0", tables.read_judge_accuracy),
        ("published_sample_counts.csv", "text_to_image", "-1", tables.read_sample_counts),
    ],
)
def test_the_other_tables_are_checked_too(folder, name, column, value, read):
    change(folder, column, value, row=2, name=name)
    with pytest.raises(tables.BadTable, match=rf"{name}, row 4.*{column} is '?{value}"):
        read(folder)


def test_more_answers_than_instances_are_refused(folder):
    change(folder, "n", "631")
    with pytest.raises(tables.BadTable, match=r"\(deepseek-vl-7b-chat text_generation\): n is 631, but .* has 630"):
        tables.check_sizes(folder, tables.read_results(folder, MODELS))
