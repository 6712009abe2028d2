"""Who a judge asks: a provider or server by its API, or a checkpoint on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from unicost.config import digest
from unicost.judging.local import LocalChat, weights_revision
from unicost.providers.chat import Chat, build_chat
from unicost.registry import did_you_mean

LOCAL: Final = "transformers"
SERVERS: Final = ("openai", "gemini", "anthropic")
BACKENDS: Final = (*SERVERS, LOCAL)


class Backend:
    """A back end with its options, opened when the first question is asked.

    Options of a server: those of ``providers.chat.build_chat`` (``model``, ``key_env``, ``base_url_env``, ``price``,
    ``limits``). Options of ``transformers``: those of ``local.LocalChat``, and ``checkpoint`` (a folder, or
    ``owner/name`` on the hub) with ``revision``, which the workflow fetches and hands over as ``weights``.
    """

    def __init__(self, judge: str, backend: str, options: Mapping[str, Any], **fixed: Any) -> None:
        """``fixed`` are options of a local model that the judge decides. Raises ``ValueError``, ``TypeError``."""
        if backend not in BACKENDS:
            raise ValueError(f"judge '{judge}': backend is '{backend}': {did_you_mean(backend, list(BACKENDS))}")
        self._chat: Chat
        if backend == LOCAL:
            given = dict(options)
            checkpoint, _ = str(given.pop("checkpoint", "")), given.pop("revision", None)
            weights = given.pop("weights", None) or checkpoint
            if not weights:
                raise ValueError(f"judge '{judge}': backend 'transformers' needs a checkpoint: a folder or owner/name")
            self._chat = LocalChat(weights=Path(weights), **{**fixed, **given})
        else:
            self._chat = build_chat(backend, **options)

    def open(self) -> Chat:
        """The chat; weights are loaded, and connections opened, with the first question."""
        return self._chat

    @staticmethod
    def revision(options: Mapping[str, Any]) -> str:
        """What the answers depend on besides the options: the weights of this machine, once they are there."""
        weights = options.get("weights")
        return digest(weights_revision(Path(weights))) if weights else ""

    @staticmethod
    def needs(options: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Packages and environment variables that must be there."""
        if options.get("backend", LOCAL) == LOCAL:
            return ("torch", "transformers", "safetensors", "tokenizers"), ()
        return (), ()
