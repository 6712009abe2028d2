"""Who a judge asks: a provider or server by its API, or a checkpoint on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from unicost.config import digest
from unicost.judging.local import LocalChat, weights_revision
from unicost.options import build
from unicost.providers.chat import Chat, build_chat, provider_class
from unicost.registry import did_you_mean

LOCAL: Final = "transformers"
SERVERS: Final = ("openai", "gemini", "anthropic")
LOCAL_PACKAGES: Final = ("torch", "transformers", "safetensors", "tokenizers")
BACKENDS: Final = (*SERVERS, LOCAL)


class Backend:
    """A back end with its options, opened when the first question is asked.

    Options of a server: those of ``providers.chat.build_chat`` (``model``, ``key_env``, ``base_url_env``, ``price``,
    ``limits``). Options of ``transformers``: those of ``local.LocalChat``, and ``checkpoint`` (a folder, or
    ``owner/name`` on the hub) with ``revision``, which the workflow fetches and hands over as ``weights``.
    """

    def __init__(self, judge: str, backend: str, options: Mapping[str, Any], **fixed: Any) -> None:
        """``fixed`` are options of a local model that the judge decides. Raises ``ValueError``."""
        if backend not in BACKENDS:
            raise ValueError(f"judge '{judge}': backend is '{backend}': {did_you_mean(backend, list(BACKENDS))}")
        self._chat: Chat
        if backend == LOCAL:
            given = dict(options)
            checkpoint, _ = str(given.pop("checkpoint", "")), given.pop("revision", None)
            weights = given.pop("weights", None) or checkpoint
            if not weights:
                raise ValueError(f"judge '{judge}': backend 'transformers' needs a checkpoint: a folder or owner/name")
            self._chat = build(LocalChat, weights=Path(weights), **{**fixed, **given})
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
    def checkpoint(options: Mapping[str, Any], default: str = "") -> tuple[str, str | None]:
        """The checkpoint that is loaded here, with its revision; an empty name on a server."""
        if options.get("backend", LOCAL) != LOCAL:
            return "", None
        return str(options.get("checkpoint") or default), options.get("revision")

    @staticmethod
    def packages(options: Mapping[str, Any]) -> tuple[str, ...]:
        """Modules that must be importable."""
        backend = str(options.get("backend", LOCAL))
        return LOCAL_PACKAGES if backend == LOCAL else provider_class(backend).packages

    @staticmethod
    def variables(options: Mapping[str, Any]) -> tuple[str, ...]:
        """The environment variables that must be set."""
        backend = str(options.get("backend", LOCAL))
        return () if backend == LOCAL else tuple(provider_class(backend).variables(**options))
