"""Models behind a server that the job itself starts on the loopback, and ends when it ends."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

from unicost.config import WRITES, Decoding
from unicost.interfaces import Answer
from unicost.models.openai_chat import OpenAIChatAdapter
from unicost.models.server_process import ServerLost, ServerProcess, free_port
from unicost.providers.failures import LOST, ProviderLost
from unicost.records import Instance, Task

_STARTS: Final = 4
"""How often a server is started in one run before the run ends."""
_SECONDS_TO_END: Final = 1.0
"""How long a process may take to be gone whose answers fail."""
_SECRETS: Final = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")


class ServerDied(RuntimeError):
    """The server ended while it answered; the message ends with the last lines of its log."""


class LocalServer(ABC):
    """An adapter that asks a server of its own by the protocol of OpenAI, one request a slot at a time.

    A server that ends while it answers is started anew for what it is asked next; ``answer`` raises ``ServerDied``, and
    the stage asks the batch again one by one, so that only the item that ends the server is an error. After four
    starts, or where it does not come up, the run ends with ``ServerLost``. An instance with an image is not asked. A
    subclass says which command serves the folder of weights, under which name the server knows the model, and
    how its requests are decoded.
    """

    version: ClassVar[int] = 1
    packages: ClassVar[tuple[str, ...]] = OpenAIChatAdapter.packages
    tasks: ClassVar[frozenset[Task]] = frozenset({Task.TEXT_TO_TEXT, Task.DIALOGUE})
    heeds_writing: ClassVar[frozenset[str]] = WRITES
    server: ClassVar[str]
    """What messages call it."""
    slots: int = 1
    """Requests that it answers at the same time."""

    def __init__(
        self,
        *,
        dtype: str = "float32",
        decoding: Decoding | None = None,
        system_prompt: str | None = None,
        device: str = "cpu",
        threads: int = 1,
        start_seconds: float = 300.0,
        answer_seconds: float = 300.0,
    ) -> None:
        """``threads`` are the server's; ``start_seconds`` it may take to come up, ``answer_seconds`` for one answer."""
        if not isinstance(threads, int) or threads < 1:
            raise ValueError(f"threads must be a whole number from 1, not {threads!r}")
        self._dtype, self._device, self._threads = dtype, device, threads
        self._decoding = decoding or Decoding()
        if self._decoding.guidance_scale != 1.0:
            raise ValueError(f"guidance_scale is {self._decoding.guidance_scale}: {self.server} knows no guidance")
        self._system_prompt = system_prompt
        self._start_seconds, self._answer_seconds = start_seconds, answer_seconds
        self._weights: Path | None = None
        self._process: ServerProcess | None = None
        self._client: OpenAIChatAdapter | None = None
        self._starts = 0

    @abstractmethod
    def command(self, weights: Path, port: int) -> list[str]:
        """What serves the folder on the port, run in the folder above it; raises ``BadCheckpoint``."""

    @abstractmethod
    def model(self, weights: Path) -> str:
        """The name by which the server knows the model of the folder."""

    @abstractmethod
    def parameters(self, decoding: Decoding) -> dict[str, Any]:
        """Fields of a request beside temperature, length and seed, so that no default of the server slips in."""

    def load(self, weights: Path) -> None:
        """Start the server on the folder; raises ``BadCheckpoint`` and ``ServerLost``."""
        self._weights = weights.absolute()
        self._start()

    def unsupported(self, instance: Instance) -> str | None:
        """Why the model cannot be asked the instance: a language model sees no image."""
        if any(turn.images for turn in instance.turns):
            return "it holds an image, which a language model cannot see"
        return None

    def answer(self, instances: Sequence[Instance], seeds: Sequence[int]) -> list[Answer]:
        """Answer a batch of conversations, as ``conversation`` describes them, by way of the adapter ``openai_chat``.

        Raises ``ServerDied``, ``ServerLost`` and ``ProviderLost``.
        """
        assert self._process is not None
        if not self._process.alive:
            self._start()
        assert self._client is not None
        try:
            answers = self._client.answer(instances, seeds)
        except ProviderLost:
            if not self._process.ends_within(_SECONDS_TO_END):
                raise
            answers = []
        nobody = any(answer.error_kind in LOST for answer in answers)
        if self._process.ends_within(_SECONDS_TO_END if nobody else 0):
            raise ServerDied(f"{self.server} died while it answered: {self._process.last_words()}")
        return answers

    def close(self) -> None:
        """End the server."""
        if self._client is not None:
            self._client.close()
        if self._process is not None:
            self._process.close()
        self._client = self._process = None

    def _start(self) -> None:
        assert self._weights is not None
        if self._process is not None and self._starts >= _STARTS:
            raise ServerLost(f"{self.server} was started {self._starts} times; {self._process.last_words()}")
        self.close()
        port = free_port()
        command = self.command(self._weights, port)
        self._process = ServerProcess(self.server, command, port, self._weights.parent, self._environment())
        self._starts += 1
        try:
            self._process.wait(self._start_seconds)
        except BaseException:
            self.close()
            raise
        self._client = OpenAIChatAdapter(
            decoding=self._decoding,
            system_prompt=self._system_prompt,
            # Each server names these its own way.
            extensions=True,
            parameters={"top_k": None, "repetition_penalty": None, **self.parameters(self._decoding)},
            key_env=None,
            base_url=f"{self._process.url}/v1",
            strict_name=False,
            limits={
                "concurrency": self.slots,
                "attempts": 2,
                "backoff_seconds": 0.1,
                "timeout_seconds": self._answer_seconds,
            },
        )
        self._client.ask_for(self.model(self._weights))

    def _environment(self) -> dict[str, str]:
        """Everything that it serves lies in the folder: no hub, and no keys, which are none of its business."""
        kept = {key: value for key, value in os.environ.items() if not key.endswith(_SECRETS)}
        return kept | {
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": str(self._threads),
            "PYTHONSAFEPATH": "1",
            "PYTHONUNBUFFERED": "1",
        }
