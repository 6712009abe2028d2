"""Many calls at a time: begun as the provider bears them, repeated where that may help, within budgets.

One event loop in a thread of its own serves all calls, so that its connections are kept, and whoever reads the answers
can work on one while others are under way.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import replace
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, Generic, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from unicost.providers.chat import Completion
from unicost.providers.failures import LOST, Failed, ProviderLost, Refused
from unicost.providers.limits import AdaptiveLimit, MinuteBudget, Purse
from unicost.providers.settings import Limits, Price

Result = TypeVar("Result")

_LOST_AFTER: Final = 20
"""Items in a row that must fail before the provider is given up."""


_RARELY: Final = 50_000
"""New objects between two visits of the garbage collector, which finds little here and takes a tenth of the time."""


class Caller:
    """Calls to one model of one provider."""

    def __init__(self, limits: Limits, price: Price | None) -> None:
        """Raises ``ValueError`` where a cost cap has no price to compute with."""
        if limits.cost_cap_usd is not None and price is None:
            raise ValueError("cost_cap_usd needs the model's price")
        self._limits, self._price = limits, price
        self._places = AdaptiveLimit(limits.concurrency)
        self._requests = MinuteBudget(limits.requests_per_minute)
        self._tokens = MinuteBudget(limits.tokens_per_minute)
        self._purse = Purse(limits.cost_cap_usd)
        self._backoff = wait_random_exponential(limits.backoff_seconds, limits.patience_seconds)
        self._lost = 0
        self._gone: Failed | None = None
        self._loop = _event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="calls", daemon=True)
        self._thread.start()

    @property
    def concurrency(self) -> int:
        """Calls that may be under way now."""
        return self._places.limit

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Await one thing in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def each(self, jobs: Sequence[Callable[[], Awaitable[Result]]]) -> Iterator[tuple[int, Result]]:
        """Yield (index, result) as the jobs complete. What a job raises ends all of them and is raised here."""
        done: _Done[Result] = _Done(self._loop)
        work = asyncio.run_coroutine_threadsafe(self._work(jobs, done), self._loop)
        left, thresholds = len(jobs), gc.get_threshold()
        gc.set_threshold(_RARELY, *thresholds[1:])
        try:
            while left:
                found = done.some()
                yield from found
                left -= len(found)
        finally:
            gc.set_threshold(*thresholds)
            work.cancel()

    async def call(self, ask: Callable[[], Awaitable[Completion]], tokens: tuple[int, int], images: int) -> Completion:
        """One answer, or the error that is left after all attempts; only what ends the run is raised.

        ``ask`` makes one attempt; it raises ``Failed`` or ``Refused``. ``tokens`` are those of the request and the most
        of an answer, estimated; ``images`` is how many may be drawn.
        """
        try:
            try:
                completion = await self._once(ask, tokens, images)
            except Failed as first:
                completion = await self._repeat(first, partial(self._once, ask, tokens, images))
        except Failed as failure:
            self._learn(failure)
            return Completion(error_kind=failure.kind, error_message=failure.message)
        self._lost = 0
        return completion

    async def _repeat(self, first: Failed, attempt: Callable[[], Awaitable[Completion]]) -> Completion:
        """Further attempts after the first one, which mostly succeeds and is spared the bookkeeping."""
        made = iter([first])

        async def next_attempt() -> Completion:
            for failure in made:
                raise failure
            return await attempt()

        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._limits.attempts),
            wait=self._wait,
            retry=retry_if_exception(self._worthwhile),
            reraise=True,
        )
        completion: Completion = await retrying(next_attempt)
        return completion

    def close(self) -> None:
        """End the loop and its thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _work(self, jobs: Sequence[Callable[[], Awaitable[Result]]], done: _Done[Result]) -> None:
        waiting = iter(enumerate(jobs))

        async def worker() -> None:
            for index, job in waiting:
                done.add(index, await job())

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._limits.concurrency, len(jobs))):
                    group.create_task(worker())
        except BaseExceptionGroup as errors:
            done.fail(errors.exceptions[0])

    async def _once(self, ask: Callable[[], Awaitable[Completion]], tokens: tuple[int, int], images: int) -> Completion:
        """One attempt, in its place, its tokens and its money accounted for."""
        if self._gone is not None:
            raise self._gone
        most = self._price.usd(*tokens, images) if self._price is not None else 0.0
        await self._purse.set_aside(most)
        used, spent, failure = 0, 0.0, None
        entered = None
        try:
            entered = await self._places.enter()
            await self._requests.take(1)
            await self._tokens.take(sum(tokens))
            start = time.perf_counter()
            completion = replace(await ask(), seconds=time.perf_counter() - start)
            completion, used = self._priced(completion), _used(completion, sum(tokens))
            spent = completion.cost_usd or 0.0
            return completion
        except Refused as refusal:
            return Completion(refusal=str(refusal), seconds=time.perf_counter() - start)
        except Failed as error:
            failure = error
            used, spent = (sum(tokens), most) if error.billed else (0, 0.0)
            raise
        finally:
            self._purse.settle(most, spent)
            if entered is not None:
                self._tokens.give_back(sum(tokens) - used)
                self._places.leave(entered, failure)

    def _priced(self, completion: Completion) -> Completion:
        """The completion with its cost, where a price is known."""
        if self._price is None:
            return completion
        written = completion.text_tokens if completion.text_tokens is not None else completion.completion_tokens
        images = int(completion.image is not None)
        return replace(completion, cost_usd=self._price.usd(completion.prompt_tokens or 0, written or 0, images))

    def _worthwhile(self, error: BaseException) -> bool:
        """Whether to try again."""
        return isinstance(error, Failed) and error.again and (error.wait or 0.0) <= self._limits.patience_seconds

    def _wait(self, state: RetryCallState) -> float:
        """Seconds until the next attempt: what the provider asks for, and a random time that doubles."""
        error = state.outcome.exception() if state.outcome else None
        return (getattr(error, "wait", None) or 0.0) + self._backoff(state)

    def _learn(self, failure: Failed) -> None:
        """Ask a model that is gone no more; raise ``ProviderLost`` where item after item finds nobody."""
        if failure.kind == "unavailable":
            self._gone = failure
        self._lost = self._lost + 1 if failure.kind in LOST else 0
        if self._lost >= _LOST_AFTER:
            raise ProviderLost(f"{self._lost} items in a row had no answer, the last one for this: {failure.message}")


class _Done(Generic[Result]):
    """Results on their way from the loop to its reader: all of one turn of the loop at once, as waking is dear."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ready: list[tuple[int, Result]] = []
        self._sent: SimpleQueue[list[tuple[int, Result]] | BaseException] = SimpleQueue()

    def add(self, index: int, result: Result) -> None:
        """In the loop: a result."""
        if not self._ready:
            self._loop.call_soon(self._send)
        self._ready.append((index, result))

    def fail(self, error: BaseException) -> None:
        """In the loop: there will be no more."""
        self._send()
        self._sent.put(error)

    def some(self) -> list[tuple[int, Result]]:
        """The reader waits for results; raises what ended the work."""
        found = self._sent.get()
        if isinstance(found, BaseException):
            raise found
        return found

    def _send(self) -> None:
        ready, self._ready = self._ready, []
        if ready:
            self._sent.put(ready)


def _used(completion: Completion, estimate: int) -> int:
    """Tokens that a call took; the estimate where the provider does not say."""
    if completion.prompt_tokens is None and completion.completion_tokens is None:
        return estimate
    return (completion.prompt_tokens or 0) + (completion.completion_tokens or 0)


def _event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's, which spends less on each call, where there is one (not on Windows)."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
