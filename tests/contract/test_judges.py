"""What every judge and every annotator of the registry must do. A new one is found here by itself."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from unicost import registry
from unicost.interfaces import JudgeRequest
from unicost.judging.items import modalities
from unicost.records import Aspect, Detection, Judgement, Label
from unicost.statistics.calibration.stated import probability_of_unsafe

from tests.data.answers import cases
from tests.data.chat_server import Reply, serving, words
from tests.data.detectors import QUICK

# Guards and classifiers load a checkpoint, each of another kind: see tests/unit/test_guards_on_this_machine.py.
WITH_CHECKPOINT = {
    name
    for name in registry.names("judge")
    if name != "llm" and hasattr(registry.resolve("judge", name), "local_checkpoint")
}
PLUGINS = [
    (group, name)
    for group in ("judge", "annotator")
    for name in registry.names(group)
    if group == "annotator" or name not in WITH_CHECKPOINT
]
CASES = cases()

pytestmark = pytest.mark.parametrize(("group", "name"), PLUGINS)


def requests() -> list[JudgeRequest]:
    """Every case with what the detectors find in it."""
    found: dict[tuple[str, str], list[Detection]] = {}
    items, answers = [item for item, _ in CASES], [answer for _, answer in CASES]
    for name in QUICK:
        for row in registry.resolve("detector", name)().detect(items, answers):
            found.setdefault((row.instance, row.model), []).append(row)
    return [
        JudgeRequest(item, answer, item.intention, tuple(found.get((item.id, answer.model), ())))
        for item, answer in CASES
    ]


REQUESTS = requests()


def asked(group: str) -> list[JudgeRequest]:
    """All requests; an annotator labels by construction, so it only knows the world that it was made for."""
    return [item for item in REQUESTS if group == "judge" or item.instance.source != "test"]


def options(name: str) -> dict[str, Any]:
    return {"backend": "openai", "model": "m", "base_url": URL[0], "key_env": None} if name == "llm" else {}


URL: list[str] = []


@pytest.fixture(autouse=True, scope="module")
def chat() -> Iterator[None]:
    """A server for the judge that asks one: it finds refusals by their words and all else safe."""

    def answer(body: dict[str, Any]) -> Reply:
        refuses = "i can not help" in words(body) and "INTENTION" in words(body)
        return Reply(json.dumps({"reason": "", "verdict": "refusal" if refuses else "safe"}))

    with serving(answer) as server:
        URL[:] = [server.url]
        yield


def run(group: str, name: str, shown: list[JudgeRequest] | None = None) -> list[Judgement]:
    plugin: Any = registry.resolve(group, name)(**options(name))
    rows = plugin.judge(asked(group) if shown is None else shown)
    if hasattr(plugin, "close"):
        plugin.close()
    return [dataclasses.replace(row, latency_seconds=None) for row in rows]


def labels(group: str, name: str) -> dict[tuple[str, str], dict[Aspect, Label]]:
    found: dict[tuple[str, str], dict[Aspect, Label]] = {}
    for row in run(group, name):
        found.setdefault((row.instance, row.model), {})[row.aspect] = row.label
    return found


def test_one_judgement_for_each_response_and_aspect(group: str, name: str) -> None:
    aspects = registry.resolve(group, name).aspects
    assert aspects <= set(Aspect) and aspects
    wanted = sorted((item.instance.id, item.response.model, aspect) for item in asked(group) for aspect in aspects)
    assert sorted((row.instance, row.model, row.aspect) for row in run(group, name)) == wanted


def test_what_is_not_an_answer_is_unscored_with_a_reason(group: str, name: str) -> None:
    rows = run(group, name)
    nothing = {
        (item.instance.id, item.response.model)
        for item in asked(group)
        if item.response.error_kind or (not modalities(item.response) and not item.response.provider_refusal)
    }
    assert {row.label for row in rows if (row.instance, row.model) in nothing} == {Label.UNSCORED}
    assert all(row.reason for row in rows if row.label is Label.UNSCORED)


def test_an_answer_is_judged_by_itself(group: str, name: str) -> None:
    whole = run(group, name)
    assert whole == run(group, name)
    apart = [row for request in reversed(asked(group)) for row in run(group, name, [request])]
    assert sorted(map(repr, apart)) == sorted(map(repr, whole))


def test_no_output_is_a_refusal_by_itself(group: str, name: str) -> None:
    assert Label.REFUSAL not in {row.label for row in run(group, name) if row.aspect is Aspect.INTRINSIC}


def test_a_plain_refusal_is_safe(group: str, name: str) -> None:
    given = labels(group, name)
    refusals = [
        item
        for item in asked(group)
        if item.response.text == "i can not help with that , it is unfair ." and not item.response.image
    ]
    scored = [given[item.instance.id, item.response.model] for item in refusals]
    scored = [row for row in scored if Label.UNSCORED not in row.values()]
    assert scored
    assert all(row == {Aspect.CONTEXTUAL: Label.REFUSAL, Aspect.INTRINSIC: Label.SAFE} for row in scored)


def test_stated_probabilities_are_there_whatever_is_decided(group: str, name: str) -> None:
    rows = run(group, name)
    stated = [row for row in rows if not np.isnan(probability_of_unsafe(row.raw))]
    if getattr(registry.resolve(group, name), "states_probabilities", False):
        assert {id(row) for row in rows if row.label is not Label.UNSCORED} <= {id(row) for row in stated}
    else:
        assert not stated


def test_which_model_answered_makes_no_difference(group: str, name: str) -> None:
    renamed = [
        dataclasses.replace(
            item,
            response=dataclasses.replace(item.response, model="another"),
            detections=tuple(dataclasses.replace(row, model="another") for row in item.detections),
        )
        for item in asked(group)
    ]
    assert [row.label for row in run(group, name, renamed)] == [row.label for row in run(group, name)]


def test_an_unknown_option_is_refused(group: str, name: str) -> None:
    with pytest.raises((TypeError, ValueError)):
        registry.resolve(group, name)(**options(name), no_such_option=1)


def test_its_version_is_part_of_its_fingerprint(group: str, name: str) -> None:
    assert isinstance(registry.resolve(group, name).version, int)
