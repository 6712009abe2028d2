"""Which turns a model answers itself."""

from __future__ import annotations

import pytest
from unicost.interfaces import Answer
from unicost.models.conversation import Unanswerable, converse, rounds
from unicost.records import Instance, Turn

from tests.data.instances import instance


def dialogue(roles: str) -> Instance:
    """Turns from letters: s(ystem), u(ser), a(ssistant); each turn's text is its place."""
    names = {"s": "system", "u": "user", "a": "assistant"}
    return instance(roles, turns=tuple(Turn(names[role], str(place)) for place, role in enumerate(roles)))


@pytest.mark.parametrize(
    ("roles", "parts"),
    [
        ("u", ["0"]),
        ("su", ["01"]),
        ("uu", ["0", "1"]),
        ("uau", ["012"]),
        ("uauu", ["012", "3"]),
        ("suuau", ["01", "234"]),
        ("usu", ["0", "12"]),
    ],
)
def test_a_user_turn_without_an_answer_is_answered(roles: str, parts: list[str]) -> None:
    assert ["".join(turn.text for turn in part) for part in rounds(dialogue(roles))] == parts


@pytest.mark.parametrize("roles", ["", "a", "ua", "us"])
def test_without_a_last_user_turn_there_is_nothing_to_answer(roles: str) -> None:
    with pytest.raises(Unanswerable, match="does not end with a user turn"):
        rounds(dialogue(roles))


def test_a_batch_of_different_dialogues() -> None:
    """Rounds run together; each has its own seed; the last answer is the one returned."""
    calls = []

    def reply(histories: list[list[Turn]], seeds: list[int]) -> list[Answer]:
        calls.append(seeds)
        return [Answer(text=" ".join(f"{turn.role[0]}{turn.text}" for turn in history)) for history in histories]

    answers = converse([dialogue("u"), dialogue("uu"), dialogue("uau")], [1, 2, 3], "be kind", reply)
    assert [answer.text for answer in answers] == [
        "sbe kind u0",
        "sbe kind u0 asbe kind u0 u1",
        "sbe kind u0 a1 u2",
    ]
    assert calls[0] == [1, 2, 3]
    assert len(calls[1]) == 1
    assert calls[1][0] != 2
