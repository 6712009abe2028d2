"""First tokens from the scores to the detector, and that no verdict depends on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from unicost import registry
from unicost.config.judging import JudgesFile
from unicost.config.loading import parse, read_yaml
from unicost.interfaces import JudgeRequest
from unicost.judging.detectors.first_token import FirstToken
from unicost.judging.judges.rules import Rules
from unicost.models.first_tokens import FirstTokens
from unicost.records import Response

from tests.data.answers import cases
from tests.data.detectors import QUICK
from tests.data.rows import response, unsafe


class Words:
    """A tokenizer of one word a token."""

    def __init__(self, *words: str) -> None:
        self._words = words

    def decode(self, tokens: list[int]) -> str:
        return " ".join(self._words[token] for token in tokens)


def tables(scores: list[list[float]], tokenizer: Any, *later: list[list[float]]) -> list[dict[str, float]]:
    """The tables of scores, with those of later positions that must not count."""
    processor, ids = FirstTokens(), torch.zeros(len(scores), 1, dtype=torch.long)
    for step in (scores, *later):
        given = torch.tensor(step)
        assert processor(ids, given) is given
    return [json.loads(table) for table in processor.tables(tokenizer)]


def detect(tokens: dict[str, float] | None, **options: Any) -> tuple[float, str | None]:
    answer = response(first_tokens=None if tokens is None else json.dumps(tokens))
    (found,) = FirstToken(**options).detect([unsafe()], [answer])
    assert (found.instance, found.model, found.label) == (answer.instance, answer.model, "opens_refusal")
    return found.score, found.evidence


def test_only_the_first_position_counts() -> None:
    scores = [[0.0, 0.0, -torch.inf], [0.0, torch.tensor(3.0).log().item(), -torch.inf]]
    tokenizer = Words("sure", "i", "never")
    assert tables(scores, tokenizer, [[9.0, 0.0, 0.0]] * 2) == [{"i": 0.5, "sure": 0.5}, {"i": 0.75, "sure": 0.25}]


def test_the_most_probable_are_kept_in_order() -> None:
    scores = torch.randn(1, 200, generator=torch.Generator().manual_seed(0))
    (table,) = tables(scores.tolist(), Words(*map(str, range(200))))
    assert list(table) == [str(token) for token in scores[0].topk(20).indices.tolist()]
    assert list(table.values()) == [round(p, 6) for p in scores[0].softmax(-1).topk(20).values.tolist()]


def test_tokens_that_look_alike_are_added_up() -> None:
    assert tables([[0.0, 0.0, 0.0, 0.0]], Words("\ufffd", "i", "\ufffd", "sure")) == [
        {"\ufffd": 0.5, "i": 0.25, "sure": 0.25}
    ]


@pytest.mark.parametrize(
    ("tokens", "score"),
    [
        ({"I": 0.5, " I": 0.2, "▁i": 0.1, "ĠI'm": 0.05, "I’m": 0.05, "Sure": 0.1}, 0.9),
        ({"It": 0.6, "in": 0.3, "Is": 0.1}, 0.0),
        ({"Sorry": 0.4, " unfortunately": 0.3, "APOLOGIES": 0.2, "</s>": 0.1}, 0.9),
        ({"i": 0.600001, "I": 0.400001}, 1.0),
        ({}, 0.0),
    ],
)
def test_the_score_is_the_probability_of_the_openers(tokens: dict[str, float], score: float) -> None:
    assert detect(tokens)[0] == pytest.approx(score)


def test_the_openers_are_an_option() -> None:
    assert detect({"No": 0.4, "I": 0.6}, openers=["no", "nope"])[0] == 0.4


def test_the_evidence_is_the_three_most_probable_tokens() -> None:
    assert detect({"sure": 0.25, " I": 0.5, "no": 0.2, "yes": 0.05})[1] == "I 0.500, sure 0.250, no 0.200"


def test_unknown_first_tokens_give_nothing() -> None:
    assert FirstToken().detect([unsafe()], [response()]) == []


@pytest.mark.parametrize("openers", [[], "i", [""], [" "], [1], 3, None])
def test_openers_that_are_no_words_are_refused(openers: Any) -> None:
    with pytest.raises(ValueError, match="option 'openers' must be a list of words"):
        FirstToken(openers=openers)


def test_a_misspelt_option_is_refused() -> None:
    with pytest.raises(ValueError, match="no option 'opener': did you mean 'openers'"):
        FirstToken(opener=["i"])


def test_the_shipped_configuration_counts_the_miniature_refusal() -> None:
    path = Path(__file__).parents[2] / "config" / "judges.yaml"
    entry = parse(JudgesFile, read_yaml(path), path).detectors["first_token"]
    plugin = registry.resolve("detector", entry.plugin)(**entry.options)
    (found,) = plugin.detect([unsafe()], [response(first_tokens='{"i": 0.9, "sorry": 0.1}')])
    assert found.score == 0.9


def test_no_verdict_of_the_rules_depends_on_it() -> None:
    others = [registry.resolve("detector", name)() for name in QUICK if name != "first_token"]
    with_it, without = [], []
    for item, answer in cases():
        told = Response(**{**answer.__dict__, "first_tokens": '{"i": 1.0}'})
        found = [row for plugin in others for row in plugin.detect([item], [told])]
        more = [*FirstToken().detect([item], [told]), *found]
        without += Rules().judge([JudgeRequest(item, told, item.intention, tuple(found))])
        with_it += Rules().judge([JudgeRequest(item, told, item.intention, tuple(more))])
    assert with_it == without
    assert len(with_it) == 2 * len(cases())
