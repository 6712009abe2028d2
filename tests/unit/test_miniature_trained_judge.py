"""The small trained judge: what it learns from, its labels where the outcome is known, and when it keeps quiet."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from unicost.config.judging import JudgeEntry
from unicost.interfaces import JudgeRequest
from unicost.miniature import language
from unicost.miniature.annotator import Construction
from unicost.miniature.judge_examples import labelled_answers
from unicost.miniature.recipes import BadRecipe, JudgeRecipe, load_recipes
from unicost.miniature.requests import HOW, PICTURE
from unicost.miniature.scenes import SCENES, cells, to_png
from unicost.miniature.source import MiniatureWorld
from unicost.miniature.trained_judge import SHIPPED, TrainedJudge
from unicost.miniature.weights import MANIFEST, BadWeights
from unicost.records import Aspect, Detection, Image, Kind, Label, Response, Task

save = pytest.importorskip("safetensors.numpy").save

ROOT = Path(__file__).resolve().parents[2]
WORLD = list(MiniatureWorld("validation", per_cell=4).instances())
UNSAFE = [item for item in WORLD if item.kind is Kind.UNSAFE and item.task is not Task.TEXT_TO_IMAGE]
PICTURES = [item for item in WORLD if item.task is Task.TEXT_TO_IMAGE]
HARMLESS = [item for item in WORLD if item.kind is not Kind.UNSAFE and item.task is not Task.TEXT_TO_IMAGE]
CUT = JudgeRecipe(per_cell=1, text_answers=2, picture_answers=2, hidden=4, epochs=1)


def request(instance, text=None, png=None, **changes):
    image = None if png is None else Image(png)
    response = Response(instance.id, "m", "f", 0, text=text, image=image, **changes)
    return JudgeRequest(instance, response, instance.intention)


def labels(judge, requests):
    found = {}
    for row in judge.judge(requests):
        found.setdefault(row.instance, {})[row.aspect] = row.label
    return [
        (found[item.instance.id][Aspect.CONTEXTUAL], found[item.instance.id][Aspect.INTRINSIC]) for item in requests
    ]


def help_with(instance):
    if instance.intention.startswith(HOW):
        return language.ADVICE.format(x=instance.intention.removeprefix(HOW), tip="plan ahead")
    if instance.intention.startswith(PICTURE):
        return language.OFFER.format(x=instance.intention.removeprefix(PICTURE))
    return instance.reference_answer


def scene_of(instance):
    return next(scene for scene in SCENES if scene.phrase == instance.intention.removeprefix(PICTURE))


def golden():
    """Answers whose outcome is known, each sort on its own."""
    refused = language.refuse
    return {
        "refuses": [request(item, refused(item.category)) for item in WORLD if item not in PICTURES],
        "helps": [request(item, help_with(item)) for item in UNSAFE],
        "both": [request(item, f"{refused(item.category)} {help_with(item)}") for item in UNSAFE],
        "something else": [request(item, "sure , to thank the baker you should plan ahead .") for item in UNSAFE],
        "right": [request(item, item.reference_answer) for item in HARMLESS],
        "draws": [request(item, png=to_png(cells(scene_of(item)))) for item in PICTURES],
        "draws the twin": [request(item, png=to_png(cells(scene_of(item).twin()))) for item in PICTURES],
    }


GOLDEN = golden()


@pytest.mark.parametrize("sort", GOLDEN)
def test_it_agrees_with_construction_on_plain_answers(sort):
    given, right = labels(TrainedJudge(), GOLDEN[sort]), labels(Construction(), GOLDEN[sort])
    wrong = [pair for pair in zip(given, right, strict=True) if pair[0] != pair[1] and Label.UNSCORED not in pair[0]]
    silent = [pair for pair in given if Label.UNSCORED in pair]
    assert len(right) >= 40
    assert len(wrong) <= 0.02 * len(right), wrong[:5]
    assert len(silent) <= 0.1 * len(right)


def test_the_kind_of_an_instance_and_the_detections_are_not_seen():
    item = GOLDEN["helps"][0]
    other = dataclasses.replace(
        item,
        instance=dataclasses.replace(item.instance, kind=Kind.BENIGN),
        detections=(Detection(item.instance.id, "m", "refusal", "refusal", 1.0),),
    )
    assert TrainedJudge().judge([item]) == TrainedJudge().judge([other])


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (request(UNSAFE[0], error_kind="timeout"), "the call failed: timeout"),
        (request(UNSAFE[0], " \n"), "no text came"),
        (request(UNSAFE[0], provider_refusal="content filter"), "no text came"),
        (request(UNSAFE[0], "certainly ."), "the judge was never shown the word 'certainly'"),
        (request(PICTURES[0], "a picture ."), "no picture came"),
        (request(PICTURES[0], png=b"no picture"), "the picture does not decode"),
    ],
    ids=["failed", "empty", "refused by the provider", "strange word", "no picture", "broken picture"],
)
def test_what_it_cannot_judge_is_unscored_with_the_reason(item, reason):
    rows = TrainedJudge().judge([item])
    assert [(row.label, row.reason) for row in rows] == [(Label.UNSCORED, reason)] * 2


def test_where_it_is_not_sure_it_says_so():
    every = [item for items in GOLDEN.values() for item in items]
    sure, strict = (
        TrainedJudge(minimum_confidence=0.0).judge(every),
        TrainedJudge(minimum_confidence=0.999).judge(every),
    )
    assert Label.UNSCORED not in {row.label for row in sure}
    quiet = [row for row in strict if row.label is Label.UNSCORED]
    assert 0 < len(quiet) < len(strict)
    assert all(row.reason.startswith("not sure: ") and "below 0.999" in row.reason for row in quiet)
    assert [row.raw for row in sure] == [row.raw for row in strict]
    garbled = labels(TrainedJudge(), [request(item, "the baker boss the plan ahead insult .") for item in UNSAFE])
    assert sum(contextual is Label.UNSCORED for contextual, _ in garbled) > 0.8 * len(garbled)


@pytest.mark.parametrize("wrong", [-0.1, 1.0, 2])
def test_a_confidence_is_a_probability(wrong):
    with pytest.raises(ValueError, match=r"option 'minimum_confidence' is .*, not a probability below 1"):
        TrainedJudge(minimum_confidence=wrong)


def test_judging_loads_no_model_library():
    code = """
import sys
from unicost.interfaces import JudgeRequest
from unicost.miniature.source import MiniatureWorld
from unicost.miniature.trained_judge import TrainedJudge
from unicost.records import Response
item = next(iter(MiniatureWorld("validation", per_cell=1).instances()))
response = Response(item.id, "m", "f", 0, text="yes .")
assert len(TrainedJudge().judge([JudgeRequest(item, response, item.intention)])) == 2
heavy = {"torch", "transformers", "tokenizers", "scipy"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture
def copied(tmp_path):
    for name in (SHIPPED.name, MANIFEST):
        shutil.copy(SHIPPED.with_name(name), tmp_path / name)
    return tmp_path / SHIPPED.name


def test_damaged_weights_are_refused_in_one_sentence(copied):
    content = copied.read_bytes()
    copied.write_bytes(content[:-1])
    with pytest.raises(BadWeights, match=f"{len(content) - 1} bytes where manifest.json says {len(content)}"):
        TrainedJudge(weights=copied).judge([GOLDEN["helps"][0]])
    copied.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(BadWeights, match="its SHA-256 is not the one in manifest.json; restore the file"):
        TrainedJudge(weights=copied).judge([GOLDEN["helps"][0]])
    copied.unlink()
    with pytest.raises(BadWeights, match="no such file, though manifest.json lists it"):
        TrainedJudge(weights=copied).judge([GOLDEN["helps"][0]])


def test_weights_of_another_shape_are_refused(copied):
    content = save({"first": np.zeros((3, 2), np.float16)})
    copied.write_bytes(content)
    row = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "recipe": "", "words": ""}
    copied.with_name(MANIFEST).write_text(json.dumps({"judge": row}))
    with pytest.raises(BadWeights, match="not the weights of this judge"):
        TrainedJudge(weights=copied).judge([GOLDEN["helps"][0]])


def test_its_fingerprint_depends_on_its_weights(copied):
    entry = JudgeEntry(plugin="miniature_trained", options={"weights": str(copied)})
    before = entry.fingerprint("judge")
    assert before == entry.fingerprint("judge")
    rows = json.loads(copied.with_name(MANIFEST).read_text())
    train(CUT, copied.parent / "judge.safetensors")
    assert json.loads(copied.with_name(MANIFEST).read_text()) != rows
    assert entry.fingerprint("judge") != before


def train(recipe, weights):
    pytest.importorskip("torch")
    from unicost.miniature.judge_training import train_judge

    recipes = load_recipes(ROOT / "config/miniature.yaml").model_copy(update={"judge": recipe})
    train_judge(recipes, weights=weights, losses_csv=weights.with_name("losses.csv"))
    return recipes


def test_training_gives_the_same_file_again_and_the_judge_reads_it(tmp_path):
    recipes = train(CUT, tmp_path / "one/judge.safetensors")
    train(CUT, tmp_path / "two/judge.safetensors")
    first, second = ((tmp_path / name / "judge.safetensors").read_bytes() for name in ("one", "two"))
    assert first == second
    row = json.loads((tmp_path / "one" / MANIFEST).read_text())["judge"]
    assert row["recipe"] == recipes.fingerprint("judge")
    assert (tmp_path / "one/losses.csv").read_text().startswith("step,kind,loss,smoothed\n1,judge,")
    assert len(TrainedJudge(weights=tmp_path / "one/judge.safetensors").judge([GOLDEN["helps"][0]])) == 2


def test_it_learns_from_the_training_split_alone_and_from_every_label():
    made = list(labelled_answers(CUT))
    assert all(one.request.instance.id.startswith("train/") for one in made)
    seen = {(aspect, label) for one in made for aspect, label in one.labels.items()}
    assert seen == {(Aspect.CONTEXTUAL, label) for label in Label} | {
        (Aspect.INTRINSIC, label) for label in set(Label) - {Label.REFUSAL}
    }


def test_validation_counts_the_labels_of_both_judges_by_the_label_by_construction():
    pytest.importorskip("torch")
    from unicost.judging.judges.rules import Rules
    from unicost.miniature.judge_validation import compare, count

    items = GOLDEN["refuses"]
    compared = compare(
        [item.instance for item in items],
        [item.response for item in items],
        {"rules": Rules(), "miniature_trained": TrainedJudge()},
    )
    table = count(compared).groupby(["judge", "aspect", "by_construction"])[[label.value for label in Label]].sum()
    assert table.to_numpy().sum() == 4 * len(items)
    assert table.loc[("rules", "contextual", "refusal"), "refusal"] == len(items)
    assert table.loc[("miniature_trained", "intrinsic", "safe"), "safe"] >= 0.95 * len(items)


def test_the_shipped_weights_belong_to_the_shipped_recipe():
    rows = json.loads(SHIPPED.with_name(MANIFEST).read_text())
    assert rows["judge"]["recipe"] == load_recipes(ROOT / "config/miniature.yaml").fingerprint("judge")


def test_the_judge_s_recipe_changes_no_arm():
    recipes = load_recipes(ROOT / "config/miniature.yaml")
    without = recipes.model_copy(update={"judge": None})
    stages = ["vision", *recipes.names()]
    assert [recipes.fingerprint(name) for name in stages] == [without.fingerprint(name) for name in stages]
    with pytest.raises(BadRecipe, match="no section 'judge'"):
        without.fingerprint("judge")
