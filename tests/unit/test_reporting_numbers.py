import json

import pytest
from unicost.reporting import inputs, numbers, summary
from unicost.reporting.numbers_of_effects import reading

from tests.unit import reporting_tables as samples


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("numbers")
    studies = {
        "published": samples.published(folder / "published"),
        "miniature": samples.experiment(folder / "miniature"),
    }
    settings = {"published": samples.PUBLISHED, "miniature": samples.EXPERIMENT}
    agreement = {"miniature": folder / "miniature" / "human" / "agreement.csv"}
    numbers.write_numbers(studies, settings, folder / "numbers.json", agreement)
    return folder / "numbers.json"


def test_values_and_texts(written):
    data = json.loads(written.read_text())
    assert data["published"]["size"]["unified_open"] == {"value": 2, "text": "2"}
    pooled = data["published"]["pooled"]["group"]["common"]["open"]["model"]
    assert pooled["estimate"] == {"value": 0.2, "text": "+20.0"}
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
        numbers.write_numbers({"published": tmp_path}, {"published": samples.PUBLISHED}, tmp_path / "numbers.json")
    assert not (tmp_path / "numbers.json").exists()


def test_summary_has_the_headlines_and_says_where_things_are(written, tmp_path):
    summary.write_summary(written, tmp_path / "summary.txt", {"paper": "results/paper/paper.pdf", "tables": "results"})
    text = (tmp_path / "summary.txt").read_text()
    assert "unit model: fails more" in text and "unit training seed: fails more" in text
    assert "paper   results/paper/paper.pdf" in text
    assert text.index("A published study") < text.index("An experiment")
    assert "19 of 20 combinations of model and task pass" in text
    assert "answers counted in the tables" in text and "answers to unsafe requests scored" in text
