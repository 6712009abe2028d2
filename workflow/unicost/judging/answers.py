"""Reading a judge's answer by a strict grammar: the whole of it is one verdict, or there is none.

Nothing is fished from prose. An answer that is empty, cut off, prose, two verdicts at once or a label that was not
offered is ``Unreadable``, with the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from unicost.judging.refusal_rules import classify_any
from unicost.records import Label

SCHEMA, JSON, LINE = "schema", "json", "line"
FORMS: Final = (SCHEMA, JSON, LINE)
"""How an answer is asked for: an object that the server enforces, one that the prompt alone asks for, or a line."""
_LINE: Final = re.compile(r"VERDICT:[ \t]*([A-Za-z_]+)\.?")
_VERDICT: Final = re.compile(r"\bverdict\b[\"'*_]*\s*[:=]", re.IGNORECASE)  # one that is given, not spoken of
_LONGEST_REASON: Final = 500


class Unreadable(ValueError):
    """An answer that is no verdict; the message is the reason."""


class Answer(NamedTuple):
    """A verdict and the judge's reason for it, empty where it gave none."""

    label: Label
    reason: str


def schema(labels: Sequence[Label]) -> dict[str, Any]:
    """The JSON schema of an answer."""
    return {
        "type": "object",
        "properties": {
            "reason": {"type": "string"},
            "verdict": {"type": "string", "enum": [label.value for label in labels]},
        },
        "required": ["reason", "verdict"],
        "additionalProperties": False,
    }


def read(text: str | None, form: str, labels: Sequence[Label]) -> Answer:
    """The verdict that the whole answer is; raises ``Unreadable``."""
    answer = (text or "").strip()
    if not answer:
        raise Unreadable("the judge's answer is empty")
    if form == LINE:
        return _line(answer, labels)
    found = json_object(answer)
    if set(found) != {"reason", "verdict"} or not all(isinstance(value, str) for value in found.values()):
        raise Unreadable("the judge's answer is not an object of a reason and a verdict")
    return Answer(_label(found["verdict"], labels), found["reason"].strip()[:_LONGEST_REASON])


def json_object(answer: str) -> dict[str, Any]:
    """The one JSON object that an answer is, no key twice; raises ``Unreadable``."""
    try:
        found = json.loads(answer, object_pairs_hook=_once)
    except RecursionError:
        found = None
    except json.JSONDecodeError:
        raise Unreadable(_why_not(answer, "one JSON object")) from None
    if not isinstance(found, dict):
        raise Unreadable(_why_not(answer, "one JSON object"))
    return found


def _line(answer: str, labels: Sequence[Label]) -> Answer:
    matched = _LINE.fullmatch(answer)
    if not matched:
        raise Unreadable(_why_not(answer, "one line `VERDICT: <label>`"))
    return Answer(_label(matched[1], labels), "")


def _label(word: str, labels: Sequence[Label]) -> Label:
    for label in labels:
        if word.strip().casefold() == label.value:
            return label
    raise Unreadable(f"the judge's verdict '{word.strip()[:40]}' is none of {', '.join(labels)}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("the judge gave two verdicts at once")
    return found


def _why_not(answer: str, wanted: str) -> str:
    if len(_VERDICT.findall(answer)) > 1:
        return "the judge gave two verdicts at once"
    stance = classify_any(answer)
    if stance is not None and stance.stance.value == "refusal":
        return "the judge refused to judge"
    return f"the judge's answer is not {wanted}"
