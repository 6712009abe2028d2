"""A loopback server that speaks enough of the APIs of OpenAI, Gemini and Anthropic to drive their real SDKs.

It answers what a provider would, unless ``acts`` say otherwise: by a word of the request, what is done to the first
such request, the second, and so on; the last act is repeated. As a program it serves until it is killed, for
benchmarks: ``python -m tests.data.provider 0.05`` prints its port and answers after 0.05 seconds.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.data.instances import picture

PNG = picture(7).bytes
TEXT = "Here is an answer."


@dataclass(frozen=True)
class Act:
    """What is done to a request: the answer's status, body (None: the usual one) and headers; or nothing good.

    ``wait`` seconds pass first; ``reset`` breaks the connection; ``cut`` sends half of the body and says it is whole.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    reset: bool = False
    cut: bool = False


@dataclass(frozen=True)
class Asked:
    """A request that came: when, at which path, with which headers and body, and how many were under way with it."""

    seconds: float
    path: str
    headers: dict[str, str]
    body: bytes
    under_way: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Provider:
    """A running server: its address, what it does to whom, how long it thinks, and all that came so far."""

    acts: dict[str, list[Act]] = field(default_factory=dict)
    latency: float = 0.0
    log: list[Asked] = field(default_factory=list)
    port: int = 0
    under_way: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
                headers = {key.lower(): value for key, value in (line.split(": ", 1) for line in lines)}
                body = await _body(reader, headers)
                if not await self._answer(writer, head.split()[1].split("?")[0], headers, body):
                    break
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, path: str, headers: dict[str, str], body: bytes) -> bool:
        self.under_way += 1
        self.log.append(Asked(time.monotonic(), path, headers, body, self.under_way))
        act = self._act(body)
        try:
            await asyncio.sleep(act.wait or self.latency)
        finally:
            self.under_way -= 1
        if act.reset:
            writer.transport.abort()
            return False
        told = usual(path, body) if act.body is None else act.body
        sent = told if isinstance(told, bytes) else json.dumps(told).encode()
        sent = sent[: len(sent) // 2] if act.cut else sent
        more = {"content-type": "application/json", "content-length": str(len(sent)), **act.headers}
        lines = [f"HTTP/1.1 {act.status} X", *(f"{key}: {value}" for key, value in more.items())]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + sent)
        await writer.drain()
        return True

    def _act(self, body: bytes) -> Act:
        for word, acts in self.acts.items():
            if word.encode() in body:
                return acts.pop(0) if len(acts) > 1 else acts[0]
        return Act()


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


def usual(path: str, body: bytes) -> dict[str, Any]:
    """What a provider answers at a path."""
    if path.endswith("/chat/completions"):
        return chat(TEXT, model=json.loads(body)["model"])
    if path.endswith(("/images/generations", "/images/edits")):
        return images(PNG)
    if path.endswith(":generateContent"):
        drawn = "IMAGE" in json.loads(body)["generationConfig"]["responseModalities"]
        return gemini(PNG if drawn else TEXT, model=path.rsplit("/", 1)[1].removesuffix(":generateContent"))
    if path.endswith("/messages"):
        return anthropic(TEXT, model=json.loads(body)["model"])
    return {"error": {"message": f"no route {path}"}}


def chat(text: str | None, finish_reason: str = "stop", model: str = "gpt-4o-2024-11-20", **message: Any) -> Any:
    """A chat completion."""
    said = {"role": "assistant", "content": text, **message}
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": said, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }


def images(image: bytes | None, **more: Any) -> Any:
    """An answer of OpenAI's images."""
    data = [] if image is None else [{"b64_json": base64.b64encode(image).decode()}]
    tokens = {"input_tokens": 100, "output_tokens": 1056, "total_tokens": 1156}
    usage = tokens | {"input_tokens_details": {"text_tokens": 100, "image_tokens": 0}}
    return {"created": 1, "data": data, "output_format": "png", "usage": usage, **more}


def gemini(
    *said: str | bytes, finish_reason: str = "STOP", model: str = "gemini-3.1-flash-image", mime: str = "image/png"
) -> Any:
    """An answer of Gemini: texts and images."""
    parts = [
        {"text": one}
        if isinstance(one, str)
        else {"inlineData": {"mimeType": mime, "data": base64.b64encode(one).decode()}}
        for one in said
    ]
    drawn = 1290 * any(isinstance(one, bytes) for one in said)
    usage = {"promptTokenCount": 100, "candidatesTokenCount": 10 + drawn, "totalTokenCount": 110 + drawn}
    usage["candidatesTokensDetails"] = [  # type: ignore[assignment]
        {"modality": "TEXT", "tokenCount": 10},
        {"modality": "IMAGE", "tokenCount": drawn},
    ]
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": finish_reason, "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model}


def anthropic(text: str, stop_reason: str = "end_turn", model: str = "claude") -> Any:
    """A message of Anthropic's."""
    return {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": stop_reason,
        "usage": {"input_tokens": 100, "output_tokens": 10},
    }


def failure(message: str = "it did not go well", **error: Any) -> Any:
    """The body of an error, as all of them write it."""
    return {"error": {"message": message, **error}}


@contextmanager
def provider(**acts: list[Act]) -> Iterator[Provider]:
    """Serve until the block ends."""
    served, loop = Provider(acts=dict(acts)), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(served.serve, "127.0.0.1", 0), loop).result()
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _forever(latency: float) -> None:
    served = Provider(latency=latency)
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_forever(float(sys.argv[1])))
