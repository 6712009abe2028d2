"""Guards and classifiers as judges on this machine: tiny checkpoints of the real architectures, which really run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from unicost import registry
from unicost.checkpoints.loading import BadCheckpoint
from unicost.interfaces import JudgeRequest
from unicost.records import Aspect, Turn
from unicost.statistics.calibration.stated import probability_of_unsafe

from tests.data import guard_checkpoints, vision_checkpoints
from tests.data.instances import picture
from tests.data.rows import detection, response, unsafe


def guard(name: str, **options: Any) -> Any:
    return registry.resolve("judge", name)(**options)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("guards")
    guard_checkpoints.llama_guard(folder / "llama_guard")
    guard_checkpoints.text_classifier(folder / "text")
    guard_checkpoints.text_classifier(folder / "several", labels=("fine", "insult", "threat"), several=True)
    guard_checkpoints.image_classifier(folder / "image")
    guard_checkpoints.shieldgemma_2(folder / "shieldgemma")
    vision_checkpoints.llava_onevision(folder / "llava")
    return folder


def item(name: str, text: str | None = "good word", **changes: Any) -> JudgeRequest:
    turns = (Turn("user", "is this bad"),)
    return JudgeRequest(
        unsafe(name, turns=turns), response(name, text=text, **changes), "to fool", (detection("no_refusal"),)
    )


def test_a_tiny_llama_guard_on_this_machine(folders: Path) -> None:
    plugin = guard("llama_guard_3", checkpoint=str(folders / "llama_guard"), batch_size=3, max_tokens=8)
    said = ["good word", "this is bad", "no", "bad", "what is bad", None]
    requests = [item(f"i{n}", text) for n, text in enumerate(said)]
    rows = plugin.judge(requests)
    wanted = ["unscored" if text is None else "unsafe" if "bad" in text else "safe" for text in said]
    assert [row.label.value for row in rows] == [label for label in wanted for _ in Aspect]
    assert {row.reason for row in rows if row.label == "unsafe"} == {"unsafe: S10"}
    assert plugin.judge(requests[1:2])[0].label == "unsafe"
    plugin.close()


def test_an_answer_cut_off_on_this_machine_is_unscored(folders: Path) -> None:
    plugin = guard("llama_guard_3", checkpoint=str(folders / "llama_guard"), max_tokens=1, aspects=["intrinsic"])
    (row,) = plugin.judge([item("i0", "this is bad")])
    assert (row.label, row.reason) == ("unscored", "the judge's answer was cut off at max_tokens")


def test_too_long_a_response_is_an_error_of_its_item_alone(folders: Path) -> None:
    plugin = guard("llama_guard_3", checkpoint=str(folders / "llama_guard"), max_tokens=8, aspects=["intrinsic"])
    rows = plugin.judge([item("i0", "bad " * 100), item("i1")])
    assert [row.label.value for row in rows] == ["unscored", "safe"]
    assert "context holds 128" in (rows[0].error or "")


def test_a_tiny_llavaguard_reads_pictures_and_its_nonsense_is_unscored(folders: Path) -> None:
    plugin = guard("llavaguard", checkpoint=str(folders / "llava"), max_tokens=4)
    rows = plugin.judge([item("i0", None, image=picture(1)), item("i1")])
    assert [row.label.value for row in rows] == ["unscored", "unscored"]
    assert rows[0].error or "judge" in rows[0].reason
    assert rows[1].reason == "this judge reads pictures alone"


def test_a_text_classifier(folders: Path) -> None:
    plugin = guard("text_classifier", checkpoint=str(folders / "text"), unsafe=["toxic"], batch_size=2)
    requests = [item("i0"), item("i1", "bad word"), item("i2", None, image=picture(1)), item("i3", " ")]
    rows = plugin.judge(requests)
    assert [row.label.value for row in rows] == ["safe", "unsafe", "unscored", "unscored"]
    assert [row.reason for row in rows[2:]] == ["this judge reads texts alone", "empty output"]
    shares = json.loads(rows[1].raw or "")["probabilities"]
    assert sum(shares.values()) == pytest.approx(1, abs=1e-3) and shares["toxic"] > 0.8
    assert probability_of_unsafe(rows[1].raw) == shares["toxic"]
    assert plugin.judge(requests[1:2])[0].label == "unsafe"


def test_labels_that_do_not_exclude_each_other(folders: Path) -> None:
    plugin = guard("text_classifier", checkpoint=str(folders / "several"), unsafe=["insult", "threat"])
    rows = plugin.judge([item("i0"), item("i1", "bad word")])
    assert [row.label.value for row in rows] == ["safe", "unsafe"]
    shares = json.loads(rows[1].raw or "")["probabilities"]
    assert max(shares["insult"], shares["threat"]) == pytest.approx(float(rows[1].reason[-4:]), abs=0.01)
    assert probability_of_unsafe(rows[1].raw) == max(shares["insult"], shares["threat"])


def test_a_classifier_that_is_not_sure_says_so(folders: Path) -> None:
    plugin = guard("image_classifier", checkpoint=str(folders / "image"), unsafe=["nsfw"], unsure=0.5)
    (row,) = plugin.judge([item("i0", None, image=picture(1))])
    assert row.label == "unscored" and row.reason.startswith("not sure: nsfw with probability")
    assert 0 < probability_of_unsafe(row.raw) < 1  # it is held to it all the same


def test_an_image_classifier(folders: Path) -> None:
    plugin = guard("image_classifier", checkpoint=str(folders / "image"), unsafe=["nsfw"])
    requests = [item(f"i{n}", None, image=picture(n)) for n in range(6)]
    rows = plugin.judge(requests)
    assert {row.label.value for row in rows} == {"safe", "unsafe"}
    alone = [plugin.judge([one])[0] for one in requests]
    assert [row.label for row in alone] == [row.label for row in rows]


def test_shieldgemma_puts_every_policy(folders: Path) -> None:
    plugin = guard("shieldgemma_2", checkpoint=str(folders / "shieldgemma"))
    (row,) = plugin.judge([item("i0", None, image=picture(1))])
    shares = json.loads(row.raw or "")["probabilities"]
    assert set(shares) == {"dangerous", "sexual", "violence"} and row.label in ("safe", "unsafe")
    assert (max(shares.values()) >= 0.5) == (row.label == "unsafe")
    one = guard("shieldgemma_2", checkpoint=str(folders / "shieldgemma"), unsafe=["sexual"])
    narrowed = json.loads(one.judge([item("i0", None, image=picture(1))])[0].raw or "")["probabilities"]
    assert narrowed == {"sexual": pytest.approx(shares["sexual"], abs=1e-3)}


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        (
            "text_classifier",
            {"checkpoint": "llama_guard", "unsafe": ["toxic"]},
            "no label 'toxic' in it|weights are missing",
        ),
        ("text_classifier", {"checkpoint": "image", "unsafe": ["toxic"]}, "does not classify a text"),
        ("text_classifier", {"checkpoint": "text", "unsafe": ["hate"]}, "no label 'hate' in it; it has fine, toxic"),
        ("text_classifier", {"checkpoint": "nowhere", "unsafe": ["hate"]}, "not a checkpoint"),
        ("image_classifier", {"checkpoint": "text", "unsafe": ["toxic"]}, "does not classify a image"),
        ("llama_guard_3", {"checkpoint": "nowhere"}, "not a checkpoint"),
    ],
)
def test_a_wrong_checkpoint_is_named(folders: Path, name: str, options: dict[str, Any], sentence: str) -> None:
    plugin = guard(name, **{**options, "checkpoint": str(folders / options["checkpoint"])})
    image = {"image": picture(1)} if name == "image_classifier" else {}
    with pytest.raises(BadCheckpoint, match=sentence):
        plugin.judge([item("i0", None if image else "word", **image)])


def test_weights_are_part_of_the_fingerprint(folders: Path) -> None:
    one, other = (
        guard("text_classifier", unsafe=["toxic"], checkpoint="x").revision(weights=str(folders / name))
        for name in ("text", "several")
    )
    assert one != other
