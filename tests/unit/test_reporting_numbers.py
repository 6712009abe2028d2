import json
from dataclasses import replace

import pandas as pd
import pytest
from unicost.reporting import design, inputs, latex_numbers, numbers, provenance, summary
from unicost.reporting.numbers_of_correction import correction_section
from unicost.reporting.numbers_of_effects import reading
from unicost.reporting.numbers_of_judges import judges_section
from unicost.reporting.sources import Sources

from tests.unit import judges_tables
from tests.unit import reporting_tables as samples


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("numbers")
    studies = {
        "published": samples.published(folder / "published"),
        "miniature": samples.experiment(folder / "miniature"),
        "people": judges_tables.validation(folder / "people"),
    }
    settings = {"published": samples.PUBLISHED, "miniature": samples.EXPERIMENT, "people": judges_tables.VALIDATED}
    numbers.write_numbers(studies, settings, folder / "numbers.json")
    return folder / "numbers.json"


def test_values_and_texts(written):
    data = json.loads(written.read_text())
    open_models = data["published"]["size"]["unified_open"]
    assert (open_models["value"], open_models["text"]) == (2, "2")
    pooled = data["published"]["pooled"]["group"]["common"]["open"]["model"]
    assert (pooled["estimate"]["value"], pooled["estimate"]["text"]) == (0.2, "+20.0")
    assert pooled["interval"]["text"] == "+10.0 to +30.0" and pooled["reading"] == "more"
    assert data["published"]["leaderboard"]["largest_difference"]["text"] == "0.0004"
    assert data["published"]["settings"]["confidence"]["text"] == "95\N{NO-BREAK SPACE}%"
    assert data["miniature"]["size"]["unscored"]["value"] == 10 * 2 * 3
    assert data["miniature"]["capability"]["missed"]["value"] == 1
    arm = data["miniature"]["arms"]["by_task"]["dialogue"]["unified"]
    assert (arm["able"]["value"], arm["seeds"]["value"], arm["effect"]) == (1, 2, None)


def test_models_move_to_the_rate_that_weights_common_tasks_alike(written):
    board = json.loads(written.read_text())["published"]["leaderboard"]
    assert (board["riser"]["model"]["text"], board["riser"]["common"]["text"]) == ("Third", "95.0")
    assert "faller" not in board, "every model of these tables is both-safe on at least half"


def _leaves(node, path=()):
    if isinstance(node, dict) and isinstance(node.get("text"), str):
        yield path, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from _leaves(child, (*path, key))


def test_every_number_names_its_file_and_where_it_can_its_row(written):
    data = json.loads(written.read_text())
    found = list(_leaves(data))
    assert len(found) > 1000 and not [path for path, leaf in found if "source" not in leaf]
    pooled = data["published"]["pooled"]["group"]["common"]["open"]["model"]["estimate"]
    assert pooled["source"] == "results/published/statistics/pooled.csv"
    assert pooled["row"] == {"relation": "group", "task": "common", "subset": "open", "unit": "model"}


def test_a_number_without_a_file_is_refused():
    with pytest.raises(KeyError, match="strange/one: no file is named"):
        provenance.with_sources({"strange": {"one": {"text": "1"}}}, "mine")


def test_what_ships_is_counted_apart(tmp_path):
    study = samples.experiment(tmp_path)
    table = pd.read_csv(study.statistics / "outcomes.csv")
    table.assign(arm=table["arm"] + "_replay_77", model=table["model"] + "x").to_csv(tmp_path / "more.csv", index=False)
    joined = replace(study, protocol={**study.protocol, "also": [str(tmp_path / "more.csv")]})
    size = numbers.study_numbers(joined, samples.EXPERIMENT)["design"]["size"]
    assert size["shipped_models"]["value"] == size["own_models"]["value"] == size["models"]["value"] / 2 > 0


def test_the_arms_are_those_of_the_models(written):
    arms = json.loads(written.read_text())["miniature"]["arms"]
    assert set(arms["present"]) == {"base", "control", "understanding", "generation", "unified"}
    assert arms["list"]["text"] == "base, control, understanding, generation and unified"


def test_gated_pairs_are_not_counted(written):
    penalty = json.loads(written.read_text())["miniature"]["penalty"]["vlm"]
    assert penalty["text_to_text"]["pairs"]["value"] == 2
    assert penalty["dialogue"]["pairs"]["value"] == 1


@pytest.mark.parametrize(
    ("interval", "word"),
    [
        ((0.2, 0.1, 0.3), "more"),
        ((-0.2, -0.3, -0.1), "less"),
        ((0.1, -0.1, 0.3), "unclear"),
        ((0.1, None, None), "unknown"),
    ],
)
def test_the_reading_follows_the_interval(interval, word):
    assert reading(*interval) == word


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(inputs.UnusableTable, match=r"models\.csv: no such file"):
        numbers.write_numbers(
            {"published": Sources(tmp_path)}, {"published": samples.PUBLISHED}, tmp_path / "numbers.json"
        )
    assert not (tmp_path / "numbers.json").exists()


def test_the_summary_of_an_experiment_without_a_protocol_has_its_pooled_penalties(tmp_path):
    study = replace(samples.experiment(tmp_path), protocol=None)
    numbers.write_numbers({"miniature": study}, {"miniature": samples.EXPERIMENT}, tmp_path / "numbers.json")
    summary.write_summary(tmp_path / "numbers.json", tmp_path / "summary.txt", {})
    assert "unit training seed: fails more" in (tmp_path / "summary.txt").read_text()


def test_the_design_is_counted_and_told(written):
    content = json.loads(written.read_text())["miniature"]["design"]
    assert content["primary"]["supported"]["value"] == content["primary"]["total"]["value"] == 4
    row = content["by_name"]["unified_exceeds_generation"]
    assert (row["says"], row["seeds"]["text"]) == ("more", "4")
    assert row["left_out"] == "seed 4 (generation misses the gate in drawing)"
    assert content["gate"]["missed"]["value"] == 1
    assert content["gate"]["where"]["text"] == "generation, drawing (1 of 5 seeds)"
    assert content["frozen"]["held"] and content["frozen"]["date"]["text"] == "2026-11-22"
    levels = [row["level"] for row in content["replay"]["rows"][:5]]
    assert levels == ["none", "1 %", "3 %", "10 %", "3 %, half with pictures"]


def test_what_the_result_hangs_on_is_told(written):
    content = json.loads(written.read_text())["miniature"]["design"]
    base, control, *_ = content["steps"]
    assert (base["name"], base["cells"][3], base["total"]) == ("Base", "1,300", "1,300")
    assert (control["cells"], control["total"]) == (["–", "–", "90", "10", "–"], "100")
    assert content["gates"]["names"][0] == "no gate" and len(content["gates"]["rows"]) == 4
    assert all("more (5)" in row["cells"][0] for row in content["gates"]["rows"])
    prompts = {row["name"]: row["cells"] for row in content["by_prompt"]["rows"]}
    assert len(content["by_prompt"]["names"]) == 4 and "–" in [cell for cells in prompts.values() for cell in cells]
    assert content["by_name"]["unified_exceeds_generation"]["bounds"]["text"] != "–"


@pytest.mark.parametrize(
    ("verdict", "predicted", "word"),
    [
        ("supported", "greater", "more"),
        ("supported", "less", "less"),
        ("contradicted", "greater", "less"),
        ("contradicted", "less", "more"),
        ("absent", "less", "absent"),
        ("untestable", "greater", "untestable"),
    ],
)
def test_a_verdict_is_told_by_the_sign_of_the_difference(verdict, predicted, word):
    assert design.reading({"verdict": verdict, "predicted": predicted}) == word


def test_the_answer_counts_what_differs():
    rows = [_declared(verdict, 0.06, 0.4) for verdict in ("supported", "inconclusive", "inconclusive")]
    assert design.answer(rows, 0.05) == (
        "Of 3 declared comparisons: in 1 the unified arm fails more and in 2 nothing is established"
    )
    assert design.answer([], 0.05) == "No primary hypothesis was declared"


def _declared(verdict: str, worst_low: float, worst_high: float) -> dict[str, object]:
    return {"verdict": verdict, "predicted": "greater", "worst_low": worst_low, "worst_high": worst_high}


def test_the_answer_says_of_which_answers_it_holds():
    firm, scored = _declared("absent", -0.04, 0.04), _declared("absent", -0.04, 0.051)
    assert design.answer([firm], 0.05) == (
        "No: in every declared comparison the difference lies within ±5 points, whatever the unscored answers were"
    )
    assert design.answer([scored, scored, firm], 0.05) == (
        "Of 3 declared comparisons: in 2 the difference lies within ±5 points among scored answers and "
        "in 1 the difference lies within ±5 points, whatever the unscored answers were"
    )
    assert design.answer([_declared("supported", -0.01, 0.4)], 0.05).endswith("comparison among scored answers")


@pytest.mark.parametrize(
    ("verdict", "worst", "expected"),
    [
        ("absent", (-0.04, 0.04), "all"),
        ("absent", (-0.06, 0.04), "scored"),
        ("supported", (0.01, 0.9), "all"),
        ("contradicted", (-0.9, 0.01), "scored"),
        ("absent", (float("nan"), float("nan")), ""),
        ("inconclusive", (-0.9, 0.9), ""),
    ],
)
def test_a_conclusion_holds_whatever_was_unscored_where_the_worst_case_bears_it_out(verdict, worst, expected):
    assert design.scope(_declared(verdict, *worst), 0.05) == expected


def test_summary_has_the_headlines_and_says_where_things_are(written, tmp_path):
    summary.write_summary(written, tmp_path / "summary.txt", {"paper": "results/paper/paper.pdf", "tables": "results"})
    text = (tmp_path / "summary.txt").read_text()
    assert "unit model: fails more" in text and "unit training seed" not in text
    assert "  Yes: the unified arm fails more in every declared comparison" in text
    assert "4 seeds: fails more" in text and "10 supported" in text and "settings: as frozen" in text
    assert "paper   results/paper/paper.pdf" in text
    assert text.index("A published study") < text.index("An experiment")
    assert "19 of 20 combinations of model and task pass" in text
    assert "answers counted in the tables" in text and "answers to unsafe requests scored" in text


def test_detectors_and_injections_are_among_the_numbers(written):
    content = json.loads(written.read_text())["miniature"]
    harm = content["detectors"]["construction"]["scenes"]["harm"]
    assert (harm["sensitivity"]["text"], harm["sensitivity_interval"]["text"]) == ("90.0", "80.0 to 95.0")
    undefined = content["detectors"]["construction"]["words"]["mixed"]["precision"]
    assert (undefined["value"], undefined["text"]) == (None, "–")
    soft = content["injections"]["soft"]
    assert (soft["contextual"]["all"]["flips"]["value"], soft["contextual"]["worst"]["name"]["text"]) == (5, "order")
    assert soft["intrinsic"]["all"]["rate"]["value"] is None and "worst" not in soft["intrinsic"]


@pytest.fixture
def judged(tmp_path):
    """An experiment's tables about judges alone."""
    samples.write(tmp_path, detectors=judges_tables.detectors(), injections=judges_tables.injections())
    samples.write(tmp_path, agreement=samples.agreement(("dialogue",)))
    return Sources(tmp_path, agreement=tmp_path / "agreement.csv")


def test_a_suite_that_was_taken_out_leaves_no_numbers(judged):
    assert "injections" in judges_section(judged, {"injections": "attempts.yaml"})
    assert "injections" not in judges_section(judged, {"injections": None})


def test_the_numbers_of_the_judges_are_those_by_construction(judged):
    own = pd.read_csv(judged.agreement)
    pd.concat([own, own.assign(annotator="human:one", kappa=0.1)]).to_csv(judged.agreement, index=False)
    content = judges_section(judged, {})
    assert content["agreement"]["rules"]["contextual"]["kappa"]["text"] == "0.95"
    people = [row for row in content["agreement_rows"] if row["reference"]["text"] == "annotator 'human:one'"]
    assert len(people) == 4 and all(row["kappa"]["text"] == "0.10" for row in people)


def test_judges_stand_beside_people(written, tmp_path):
    content = json.loads(written.read_text())["people"]
    outcome, _ = content["sets"]
    assert [(row["name"]["text"], row["person"]) for row in outcome["raters"]] == [
        ("second", True),
        ("keywords", False),
        ("detector words", False),
    ]
    assert outcome["raters"][1]["kappa_interval"]["text"] == "0.55 to 0.65"
    summary.write_summary(written, tmp_path / "summary.txt", {})
    assert "mine, refuses, mixed or complies: keywords 0.60, second 0.93" in (tmp_path / "summary.txt").read_text()


def test_what_survives_correction_is_counted(written):
    data = json.loads(written.read_text())["published"]
    assert data["corrected"]["same"]["value"] == data["corrected"]["compared"]["value"] > 0
    pool = data["corrected"]["pools"]["vlm"]["all"]["model"]["rogan_gladen_misses"]
    assert pool["estimate"]["text"] == "+24.0"
    assert data["tipping"]["weakest"]["needed"]["text"] == "8.0"
    assert data["tipping"]["fragile"]["value"] == 0


def test_a_conclusion_counts_once_and_stays_only_where_every_correction_lets_it(tmp_path):
    samples.published(tmp_path)
    table = pd.read_csv(tmp_path / "corrected.csv").assign(same_as=None, uncut=None)
    before = correction_section(tmp_path, pd.read_csv(tmp_path / "models.csv"))["corrected"]
    common = table[(table["task"] == "common") & (table["level"] != "rate")]
    assert before["compared"]["value"] * before["corrections"]["value"] == len(common)
    first = common.index[0]  # one conclusion, under the first correction alone
    table.loc[table.index == first, "survives"] = False
    pool = table[(table["task"] == "common") & (table["level"] == "pool")].iloc[-1]
    again = (table["level"] == "pool") & (table["task"] == "common")
    for name in ("relation", "subset", "unit"):
        again &= table[name] == pool[name]
    table.loc[again, "same_as"] = "open"
    rate = table.iloc[[0, 0]].assign(level="rate", task="text_to_text", uncut=[1.08, None], low=[0.97, 0.1], high=1.0)
    pd.concat([table, rate]).to_csv(tmp_path / "corrected.csv", index=False)
    found = correction_section(tmp_path, pd.read_csv(tmp_path / "models.csv"))["corrected"]
    assert found["compared"]["value"] == before["compared"]["value"] - 1
    assert found["same"]["value"] == found["compared"]["value"] - 1
    told = found["uncut"][rate["correction"].iloc[0]]
    assert [told[name]["value"] for name in ("rates", "outside", "by_chance")] == [2, 1, 1]
    assert told["highest"]["text"] == "108.0"


def test_task_switching_is_among_the_numbers(written):
    found = json.loads(written.read_text())["miniature"]["switching"]
    assert found["arms"]["unified"]["percent"]["text"] == "80.0"
    assert found["against"]["vlm"]["estimate"]["text"] == "−10.0"


def test_calibration_is_among_the_numbers(written):
    found = json.loads(written.read_text())["miniature"]["calibration"]["trained"]["contextual"]
    assert (found["all"]["excess"]["estimate"]["text"], found["all"]["excess"]["reading"]) == ("+2.0", "more")
    assert found["all"]["brier_interval"]["text"] == "0.0400 to 0.0600" and found["all"]["departs"]
    assert found["unsure"]["n"]["value"] == found["all"]["unsure"]["value"] == 40


def test_numbers_for_latex_are_those_of_the_paper(written, tmp_path):
    latex_numbers.write_latex(written, tmp_path / "numbers.tex")
    text = (tmp_path / "numbers.tex").read_text()
    assert "\\unicostdefine{published/size/unified_open}{2}" in text
    assert "\\unicostdefine{published/settings/confidence}{95~\\%}" in text
    assert latex_numbers.escaped("a_b & 5−3 < 4") == "a\\_b \\& 5\\ensuremath{-}3 \\ensuremath{<} 4"
    assert not [
        line
        for line in text.splitlines()
        if line.count("{") != line.count("}") and "errmessage" not in line and "newcommand" not in line
    ]
