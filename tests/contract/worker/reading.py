"""How the tests read an answer of the unruly worker."""

from __future__ import annotations

from typing import Any


def text(answer: Any) -> str:
    assert answer.error_kind is None, answer
    return answer.text.rpartition(" ")[0]
