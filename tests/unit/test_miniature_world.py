"""The closed world: splits, twins, ids, the distances between scenes."""

from collections import Counter

import numpy as np
import pytest
from unicost.miniature import language, splits
from unicost.miniature.scenes import BENIGN_GLYPHS, GLYPHS, PRECAUTIONS, SCENES, SIGNS, USES, cells, thing_target
from unicost.miniature.source import CELLS, CHECKS, MiniatureWorld
from unicost.miniature.splits import Split
from unicost.miniature.tokenizer import vocabulary
from unicost.miniature.training_data import BatchKind, batch
from unicost.records import Construction, Kind, Modality, Placement, Task


@pytest.fixture(scope="module")
def test_split():
    return list(MiniatureWorld().instances())


def _requests(instances):
    return {(instance.task, instance.turns) for instance in instances}


def test_every_deed_has_its_twin_and_no_verb_is_both_unsafe_and_benign():
    for category in language.CATEGORIES:
        assert len(category.unsafe) == len(category.benign) == 8
    unsafe = {verb for category in language.CATEGORIES for verb in category.unsafe}
    benign = {verb for category in language.CATEGORIES for verb in category.benign}
    assert len(unsafe) == 48 and not unsafe & benign


def test_splits_cover_everything_once_and_training_sees_every_word():
    for whole, part in (
        (len(SCENES), splits.scenes),
        (6 * 8 * 15, splits.deeds),
        (len(language.templates(language.HOW_TO)), lambda split: splits.phrasings(language.HOW_TO, split)),
    ):
        parts = [set(part(split)) for split in Split]
        assert sum(map(len, parts)) == len(set().union(*parts)) == whole
        assert all(parts)
    seen = {
        word
        for kind in BatchKind
        for number in range(150)
        for example in batch(kind, 0, number, 16)
        for text in (example.question, example.answer, *(part for pair in example.earlier for part in pair))
        for word in text.split()
    }
    assert seen == set(vocabulary())


def test_training_draws_from_the_training_split_alone():
    held_out = {cells(scene).tobytes() for split in (Split.VALIDATION, Split.TEST) for scene in splits.scenes(split)}
    held_out |= {
        cells(scene, sign).tobytes()
        for split in (Split.VALIDATION, Split.TEST)
        for scene in splits.scenes(split)
        for sign in SIGNS
    }
    asked = {
        turns[-1].text for split in ("validation", "test") for _, turns in _requests(MiniatureWorld(split).instances())
    }
    asked -= {""}
    for kind in BatchKind:
        for example in (example for number in range(100) for example in batch(kind, 3, number, 16)):
            assert example.question not in asked
            assert example.grid is None or example.grid.tobytes() not in held_out


def test_validation_and_test_share_no_request():
    assert not _requests(MiniatureWorld("validation").instances()) & _requests(MiniatureWorld("test").instances())


def test_a_batch_depends_on_seed_kind_and_number_alone():
    first, again = batch(BatchKind.UNDERSTANDING, 1, 7, 8), batch(BatchKind.UNDERSTANDING, 1, 7, 8)
    assert [(one.question, one.answer) for one in first] == [(one.question, one.answer) for one in again]
    other = batch(BatchKind.UNDERSTANDING, 2, 7, 8)
    assert [one.question for one in first] != [one.question for one in other]


def test_understanding_names_unsafe_things_in_harmless_answers_only():
    examples = [example for number in range(200) for example in batch(BatchKind.UNDERSTANDING, 0, number, 16)]
    unsafe = [
        one for one in examples if any(f" {name} " in f" {one.answer} " for name in GLYPHS if GLYPHS[name].unsafe)
    ]
    assert len(unsafe) > 500
    assert not any("i can not help" in one.answer for one in examples)
    for one in unsafe:
        assert "you should" not in one.answer or one.answer.removeprefix("sure , to ").split()[0] in PRECAUTIONS


def test_scenes_differ_enough_to_be_told_apart_with_a_wrong_cell():
    bank = np.stack([cells(scene) for scene in SCENES]).reshape(len(SCENES), -1)
    distance = (bank[:, None] != bank[None]).sum(-1)
    assert distance[~np.eye(len(bank), dtype=bool)].min() >= 3


def test_a_sign_leaves_the_glyph_alone():
    scene = SCENES[0]
    changed = cells(scene) != cells(scene, "use")
    assert changed.sum() == 5 and not changed[:5, :5].any()


def test_uses_of_unsafe_things_are_unsafe_and_precautions_are_not():
    for name, glyph in GLYPHS.items():
        assert all(thing_target(name, verb).unsafe == glyph.unsafe for verb in USES)
        assert not any(thing_target(name, verb).unsafe for verb in PRECAUTIONS)
    with pytest.raises(ValueError, match="'swallow'"):
        thing_target("knife", "swallow")


def test_ids_and_requests_are_unique_and_the_order_is_fixed(test_split):
    assert len({instance.id for instance in test_split}) == len(test_split) == len(_requests(test_split))
    again = list(MiniatureWorld().instances())
    assert [one.content_hash() for one in again] == [one.content_hash() for one in test_split]


def test_every_cell_has_its_share(test_split):
    """60 unsafe requests a cell and category, but for pictures with a sign, of which the split has fewer."""
    assert len(test_split) >= 5000
    unsafe = Counter((i.task, i.construction, i.category) for i in test_split if i.kind is Kind.UNSAFE)
    assert len(unsafe) == len(CELLS) * 6
    for (task, _, category), number in unsafe.items():
        assert number == 60 or (task is Task.IMAGE_TO_TEXT and number >= 20), (task, category, number)
    assert {instance.category for instance in test_split} == {category.name for category in language.CATEGORIES}
    assert len(list(MiniatureWorld(per_cell=2).instances())) == len(CELLS) * 6 * 2 * 2 + len(CHECKS) * 6


def test_twins_differ_where_they_should_and_nowhere_else(test_split):
    by_id = {instance.id: instance for instance in test_split}
    pairs = [(one, by_id[one.twin]) for one in test_split if one.kind is Kind.UNSAFE]
    assert len(pairs) > 2000
    for unsafe, benign in pairs:
        assert benign.kind is Kind.BENIGN and benign.placement is Placement.NONE
        assert (unsafe.family, unsafe.task, unsafe.construction) == (benign.family, benign.task, benign.construction)
        assert (unsafe.category, unsafe.leaf) == (benign.category, benign.leaf)
        assert unsafe.reference_answer is None and benign.reference_answer
        assert unsafe.turns[:-1] == benign.turns[:-1]
        same_text = unsafe.turns[-1].text == benign.turns[-1].text
        same_picture = unsafe.turns[-1].images == benign.turns[-1].images
        carried_by_picture = unsafe.placement is Placement.IMAGE
        assert same_text == carried_by_picture
        assert same_picture != carried_by_picture


def test_an_image_request_has_no_words_and_a_contaminated_one_is_harmless_in_words(test_split):
    bad = {*(verb for category in language.CATEGORIES for verb in category.unsafe)}
    bad |= {name for name, glyph in GLYPHS.items() if glyph.unsafe}
    for instance in test_split:
        question = instance.turns[-1]
        if instance.task is Task.IMAGE_TO_TEXT:
            assert question.text == "" and len(question.images) == 1
        if instance.construction is Construction.CROSS_MODAL_CONTAMINATION:
            assert not any(f" {word} " in f" {question.text} " for word in bad)
        if instance.task is Task.TEXT_TO_IMAGE:
            assert instance.expected is Modality.IMAGE


def test_families_join_the_projections_of_a_target(test_split):
    unsafe = [instance for instance in test_split if instance.kind is Kind.UNSAFE]
    tasks = {}
    for instance in unsafe:
        tasks.setdefault(instance.family, set()).add((instance.task, instance.construction))
    drawn = [forms for family, forms in tasks.items() if "/picture of" in family]
    assert all(len(forms) == 2 for forms in drawn)
    things = [forms for family, forms in tasks.items() if family.rpartition(" ")[2] in GLYPHS]
    assert things and all(len(forms) == 4 for forms in things)


@pytest.mark.parametrize(("options", "message"), [({"split": "all"}, "'all'"), ({"per_cell": 0}, "at least 1")])
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        MiniatureWorld(**options)


def test_a_benign_scene_has_an_unsafe_twin_in_the_same_split():
    for split in Split:
        chosen = set(splits.scenes(split))
        assert all(scene.twin() in chosen and scene.twin().twin() == scene for scene in chosen)
    assert len(BENIGN_GLYPHS) == 12
