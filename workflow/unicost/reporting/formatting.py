"""How numbers look, everywhere: one rule for rates, differences, intervals, p values and counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

MISSING = "–"
MINUS = "−"
_TELLABLE = 5e-7
"""What six decimals show; an interval that ends at the top may miss it by the last bits of its computation."""


def is_missing(value: Any) -> bool:
    """True for None, NaN and the empty string."""
    return value is None or (isinstance(value, str) and not value) or bool(pd.isna(value))


def percent(value: Any, digits: int = 1) -> str:
    """A rate in [0, 1] in percent without the sign: ``0.1234`` is ``12.3``."""
    return MISSING if is_missing(value) else _fixed(100 * float(value), digits)


def points(value: Any, digits: int = 1) -> str:
    """A difference in [-1, 1] in percentage points, signed: ``0.1234`` is ``+12.3``."""
    if is_missing(value):
        return MISSING
    text = _fixed(100 * float(value), digits)
    return text if text.startswith(MINUS) or not text.strip("0.") else f"+{text}"


def percent_interval(low: Any, high: Any) -> str:
    """Two rates in percent: ``10.1 to 14.9``."""
    return between(percent, low, high)


def points_interval(low: Any, high: Any) -> str:
    """Two differences in percentage points: ``−1.2 to +3.4``."""
    return between(points, low, high)


def between(form: Callable[[Any], str], low: Any, high: Any) -> str:
    """Two bounds in any form: ``0.81 to 0.93``."""
    return MISSING if is_missing(low) or is_missing(high) else f"{form(low)} to {form(high)}"


def whole_percent(value: Any) -> str:
    """A share with its sign and no more digits than it has: ``0.95`` is ``95 %``."""
    return f"{100 * value:g}\N{NO-BREAK SPACE}%"


def p_value(value: Any) -> str:
    """Two significant digits, ``< 0.001`` below that, and no leading zeros lost."""
    if is_missing(value):
        return MISSING
    number = float(value)
    if number < 0.001:
        return "< 0.001"
    return f"{number:.3f}" if number < 0.1 else f"{number:.2f}"


def coefficient(value: Any) -> str:
    """An agreement coefficient in [-1, 1], two decimals; more where fewer would round it up to one."""
    return MISSING if is_missing(value) else _fixed(float(value), _digits_below(float(value), 1, 2))


def fine(value: Any) -> str:
    """A score whose fourth decimal counts: ``0.0123``."""
    return MISSING if is_missing(value) else _fixed(float(value), 4)


def alike(values: Sequence[Any], top: float, digits: int) -> list[str]:
    """Numbers below ``top`` with one number of decimals: the fewest that round none up to ``top`` and tell all apart.

    No more than four are spent on telling them apart.
    """
    shown = [float(value) for value in values if not is_missing(value)]
    needed = max((_digits_below(number, top, digits) for number in shown), default=digits)
    distinct = len({round(number, 6) for number in shown})
    while needed < 4 and len({f"{number:.{needed}f}" for number in shown}) < distinct:
        needed += 1
    return [MISSING if is_missing(value) else _fixed(float(value), needed) for value in values]


def accuracy(value: Any) -> str:
    """A share that is right in percent, as ``percent``, but never rounded up to all: ``0.99977`` is ``99.98``."""
    return MISSING if is_missing(value) else percent(value, _digits_below(100 * float(value), 100, 1))


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _digits_below(number: float, top: float, digits: int) -> int:
    """The fewest decimals, from ``digits`` up, that tell a number below ``top`` from ``top``, if six of them do."""
    while top - number > _TELLABLE and float(f"{number:.{digits}f}") == top and digits < 6:
        digits += 1
    return digits


def count(value: Any) -> str:
    """A count with thousands separated by commas."""
    return MISSING if is_missing(value) else f"{round(float(value)):,}"


def _fixed(number: float, digits: int) -> str:
    text = f"{number:.{digits}f}"
    if float(text) == 0:
        return text.lstrip("-")
    return text.replace("-", MINUS)
