"""The refusal detector over whole responses: its option, and what it leaves alone."""

import pytest
from unicost.judging.detectors.refusal import Refusal
from unicost.records import Response

GARBLED = ["i can not .", "I can not bottom-right .", "i  can not help with with that at top-right ."]


def label(text: str, **options: object) -> str:
    (found,) = Refusal(**options).detect([], [Response("1", "m", "f", 0, text=text)])
    return found.label


@pytest.mark.parametrize("text", GARBLED)
def test_an_opening_that_only_refusals_have_is_a_refusal_however_it_goes_on(text: str) -> None:
    assert label(text, openings=["i can not"]) == "refusal"


def test_other_words_are_judged_by_the_rules_alone() -> None:
    assert label("i cannot stress enough how nice it is .", openings=["i can not"]) == "no_refusal"
    assert label("i can not bottom-right .") == "no_refusal"
    assert label("sure , i can not wait .", openings=["i can not"]) == "no_refusal"


@pytest.mark.parametrize("openings", ["i can not", [""], [3]])
def test_openings_must_be_a_list_of_words(openings: object) -> None:
    with pytest.raises(ValueError, match="must be a list of words"):
        Refusal(openings=openings)
