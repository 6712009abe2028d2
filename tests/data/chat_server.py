"""A server on this machine that speaks the protocol of OpenAI's chat completions, and answers as a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One answer: the text of a completion, or raw bytes of the body; ``seconds`` of waiting before it."""

    text: str | None = None
    status: int = 200
    body: bytes | None = None
    finish_reason: str = "stop"
    refusal: str | None = None
    seconds: float = 0.0

    def bytes(self, model: str) -> bytes:
        """The body that is sent."""
        if self.body is not None:
            return self.body
        message = {"role": "assistant", "content": self.text, "refusal": self.refusal}
        choice = {"index": 0, "message": message, "finish_reason": self.finish_reason, "logprobs": None}
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        answer = {"id": "c", "object": "chat.completion", "created": 0, "model": model}
        return json.dumps(answer | {"choices": [choice], "usage": usage}).encode()


@dataclass
class Server:
    """Where the server is, what it was asked, and how it answers."""

    answer: Callable[[dict[str, Any]], Reply]
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def handle(self, request: Any) -> Any:
        """One call."""
        from aiohttp import web

        body = await request.json()
        self.asked.append(body)
        reply = self.answer(body)
        if reply.seconds:
            await asyncio.sleep(reply.seconds)
        return web.Response(status=reply.status, body=reply.bytes(body["model"]), content_type="application/json")


def words(body: dict[str, Any]) -> str:
    """All text of the last message of a request."""
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)


@contextmanager
def serving(answer: Callable[[dict[str, Any]], Reply]) -> Iterator[Server]:
    """The server, running in a thread of its own."""
    from aiohttp import web

    server, loop = Server(answer), asyncio.new_event_loop()
    application = web.Application(client_max_size=2**26)
    application.router.add_post("/v1/chat/completions", server.handle)
    runner = web.AppRunner(application, access_log=None)

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return int(runner.addresses[0][1])

    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{asyncio.run_coroutine_threadsafe(start(), loop).result()}/v1"
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
