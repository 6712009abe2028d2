"""How many calls may be under way, how many begin in a minute, and for how much money. All within one event loop."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Final

from unicost.providers.failures import Failed

_FIRST: Final = 8
"""Calls that begin before anything is known of the provider."""
_BURST: Final = 0.1
"""Share of a minute's budget that may be used at once."""


class AdaptiveLimit:
    """The number of calls at a time, as TCP finds its window (additive increase, multiplicative decrease).

    Each success adds a call until the first overload, and then one call a whole round of successes. An overload halves
    the number, once for all calls that had begun before it was noticed. Where the provider says how long to wait,
    nothing begins until then.
    """

    def __init__(self, most: int) -> None:
        self._most, self._limit = most, float(min(_FIRST, most))
        self._under_way = self._halvings = 0
        self._resume = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        """Calls that may be under way now."""
        return int(self._limit)

    async def enter(self) -> int:
        """Wait for a place; what is returned is handed to ``leave``."""
        while True:
            pause = self._resume - time.monotonic()
            if pause > 0:
                await asyncio.sleep(pause)
            elif self._under_way < self.limit:
                self._under_way += 1
                return self._halvings
            else:
                place = asyncio.get_running_loop().create_future()
                self._waiting.append(place)
                await place

    def leave(self, entered: int, failure: Failed | None) -> None:
        """Give the place back, and learn from how the call went."""
        self._under_way -= 1
        if failure is not None and failure.overload:
            if entered == self._halvings:
                self._limit = max(1.0, self._limit / 2)
                self._halvings += 1
            self._resume = max(self._resume, time.monotonic() + (failure.wait or 0.0))
        elif failure is None:
            self._limit = min(self._most, self._limit + (1 / self._limit if self._halvings else 1))
        free = self.limit - self._under_way
        while free > 0 and self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                free -= 1


class MinuteBudget:
    """So much in any minute, and no more: a bucket that a tenth of it fills, and that the rest refills evenly."""

    def __init__(self, per_minute: float | None) -> None:
        self._size = (per_minute or 0.0) * _BURST
        self._rate = ((per_minute or 0.0) - self._size) / 60
        self._level, self._seen = self._size, time.monotonic()

    async def take(self, amount: float) -> None:
        """Wait until ``amount`` fits; calls that wait do so in their order."""
        if not self._rate:
            return
        now = time.monotonic()
        level = min(self._size, self._level + (now - self._seen) * self._rate)
        self._level, self._seen = level - amount, now
        missing = min(amount, self._size) - level
        if missing > 0:
            await asyncio.sleep(missing / self._rate)

    def give_back(self, amount: float) -> None:
        """Correct what was taken by what was used: positive where less was used."""
        self._level += amount


class Purse:
    """A hard cap on dollars. Before a call the most that it can cost is set aside; what is left of it comes back.

    A call that does not fit waits while others may still leave something over. When none can, the purse is shut.
    """

    def __init__(self, cap_usd: float | None) -> None:
        self._cap = cap_usd
        self._shut = False
        self._spent = self._aside = 0.0
        self._open = 0
        self._changed = asyncio.Event()

    async def set_aside(self, usd: float) -> None:
        """Raise ``Failed`` (``cost_cap``) where the cap has no room for it."""
        while self._cap is not None and self._spent + self._aside + usd > self._cap:
            if self._shut or not self._open:
                self._shut = True
                raise self._reached()
            await self._changed.wait()
        if self._shut:
            raise self._reached()
        self._aside += usd
        self._open += 1

    def settle(self, aside: float, spent: float) -> None:
        """The call is over: what was set aside for it, and what it did cost."""
        self._open -= 1
        # Without rounding errors where nothing is set aside.
        self._aside = self._aside - aside if self._open else 0.0
        self._spent += spent
        if self._cap is not None:
            self._changed.set()
            self._changed = asyncio.Event()

    def _reached(self) -> Failed:
        return Failed("cost_cap", f"{self._spent:.2f} USD are spent and cost_cap_usd is {self._cap:.2f}; not asked")
