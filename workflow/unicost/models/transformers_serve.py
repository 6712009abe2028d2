"""Checkpoints of transformers, served by ``transformers serve``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar

from unicost.checkpoints.loading import chat_template, model_type
from unicost.config import Decoding
from unicost.models.local_server import LocalServer


class TransformersServe(LocalServer):
    """Adapter of a checkpoint folder behind ``transformers serve``, a request at a time.

    What ``causal_lm`` does faster in batches, by way of a real server: for those who serve their models so. The prompt
    is what the checkpoint's chat template makes of the turns.
    """

    packages: ClassVar[tuple[str, ...]] = ("torch", "transformers", "fastapi", "uvicorn", *LocalServer.packages)
    server: ClassVar[str] = "transformers serve"

    @staticmethod
    def revision(**_: Any) -> str:
        """The version of transformers; part of the fingerprint."""
        try:
            return version("transformers")
        except PackageNotFoundError:
            return "absent"

    def command(self, weights: Path, port: int) -> list[str]:
        """The command line of transformers, with this folder preloaded."""
        model_type(weights)
        # Without one the server starts, and fails at every request.
        chat_template(weights, *_templates(weights))
        options = {"host": "127.0.0.1", "port": port, "device": self._device, "dtype": self._dtype}
        words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
        return [sys.executable, "-m", "transformers.cli.transformers", "serve", weights.name, *words]

    def model(self, weights: Path) -> str:
        """The name of the folder, beside which the server runs: a record of a request tells nothing of the machine."""
        return weights.name

    def parameters(self, decoding: Decoding) -> dict[str, Any]:
        """A whole generation config, in place of the checkpoint's own, of which the end tokens are kept."""
        assert self._weights is not None
        own = {
            "do_sample": decoding.do_sample,
            "top_k": decoding.top_k,
            "top_p": decoding.top_p,
            "repetition_penalty": decoding.repetition_penalty,
            "max_new_tokens": decoding.max_new_tokens,
            "eos_token_id": _end_tokens(self._weights),
        }
        # Fields of OpenAI's protocol that it does not know are left out: it warns of each.
        unknown = dict.fromkeys(("frequency_penalty", "presence_penalty", "n"))
        return {"generation_config": json.dumps(own), "top_p": None, **unknown}


def _templates(folder: Path) -> Iterator[Any]:
    """The chat templates of a checkpoint folder, in any of the places where the library keeps one."""
    if (folder / "chat_template.jinja").is_file():
        yield (folder / "chat_template.jinja").read_text(encoding="utf-8")
    for name in ("tokenizer_config.json", "chat_template.json"):
        if (folder / name).is_file():
            yield json.loads((folder / name).read_text(encoding="utf-8")).get("chat_template")


def _end_tokens(folder: Path) -> Any:
    """The end tokens that the checkpoint states."""
    for name in ("generation_config.json", "config.json"):
        path = folder / name
        if path.is_file():
            stated = json.loads(path.read_text(encoding="utf-8")).get("eos_token_id")
            if stated is not None:
                return stated
    return None
