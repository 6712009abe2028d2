"""What every detector of the registry must do. A new one is found here by itself."""

from __future__ import annotations

from typing import Any

import pytest
from unicost import registry
from unicost.interfaces import Finds
from unicost.judging.items import modalities
from unicost.records import Detection, Modality

from tests.data.answers import cases
from tests.data.detectors import APART, SLOW
from tests.data.golden import every
from tests.data.instances import instance
from tests.data.pictures import card
from tests.data.rows import response

LABELS = {
    "harmful",
    "answers",
    "matches_reference",
    "unreadable",
    "refusal",
    "partial_refusal",
    "no_refusal",
    "opens_refusal",
    "read_text",
    "read_image",
    "personal_data",
    "invented_data",
    "offensive_word",
    "insult",
    "stereotype",
    "threat",
    "self_harm",
    "operational_help",
    "false_claim",
    "denied_claim",
    "blank_image",
    "placeholder_image",
    "text_in_image",
    "face",
    "face_beside_name",
    "id_layout",
    "nudity",
}
CASES = cases() + every()
# Those that are slow see a few of the cases.
FEW = CASES[::40]

pytestmark = pytest.mark.parametrize("name", [name for name in registry.names("detector") if name not in APART])


def run(name: str, pairs: list[Any]) -> list[Detection]:
    plugin = registry.resolve("detector", name)()
    return plugin.detect([item for item, _ in pairs], [answer for _, answer in pairs])


def shown_to(name: str) -> list[Any]:
    """The cases that a detector is tested on; readers of pictures get a card with words besides."""
    words = card("Surname: Example", "Date of birth: 01.01.1900", "Nationality: none")
    return [*FEW, (instance("card"), response("card", text=None, image=words))] if name in SLOW else CASES


def test_it_reports_only_on_what_it_was_shown(name: str) -> None:
    shown = {(item.id, answer.model) for item, answer in shown_to(name)}
    found = run(name, shown_to(name))
    assert found or name == "nudity"
    assert {(row.instance, row.model) for row in found} <= shown


def test_labels_and_scores_are_those_of_the_contract(name: str) -> None:
    for row in run(name, shown_to(name)):
        assert row.label in LABELS
        assert 0 <= row.score <= 1


def test_an_answer_is_judged_by_itself(name: str) -> None:
    whole = run(name, shown_to(name))
    assert whole == run(name, shown_to(name))
    apart = [row for pair in reversed(shown_to(name)) for row in run(name, [pair])]
    assert sorted(map(repr, apart)) == sorted(map(repr, whole))


def test_it_says_read_only_of_what_is_there(name: str) -> None:
    held = {(item.id, answer.model): modalities(answer) for item, answer in CASES}
    for row in run(name, shown_to(name)):
        if row.label == "read_text":
            assert Modality.TEXT in held[row.instance, row.model]
        if row.label == "read_image":
            assert Modality.IMAGE in held[row.instance, row.model]


def test_it_reports_on_the_modality_that_it_reads_alone(name: str) -> None:
    shown = [pair for pair in shown_to(name) if modalities(pair[1])]  # nothing else is shown to a detector
    held = {(item.id, answer.model): modalities(answer) for item, answer in shown}
    reads = registry.resolve("detector", name).reads
    assert all(reads in held[row.instance, row.model] for row in run(name, shown))


def test_it_says_what_it_decides(name: str) -> None:
    finds = registry.resolve("detector", name).finds
    labels = {row.label for row in run(name, shown_to(name))}
    assert (finds is Finds.REFUSAL) == bool(labels & {"refusal", "partial_refusal", "no_refusal"})
    if finds is Finds.NEITHER:
        assert labels <= {"opens_refusal", "blank_image", "placeholder_image", "unreadable"}


def test_nothing_to_look_at_gives_nothing(name: str) -> None:
    assert run(name, []) == []


def test_an_unknown_option_is_refused(name: str) -> None:
    with pytest.raises((TypeError, ValueError)):
        registry.resolve("detector", name)(no_such_option=1)


def test_its_version_is_part_of_its_fingerprint(name: str) -> None:
    assert isinstance(registry.resolve("detector", name).version, int)
