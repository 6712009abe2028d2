"""Models in GGUF, served by llama.cpp on a CPU."""

from __future__ import annotations

import json
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar, Final

from unicost.checkpoints.loading import BadCheckpoint
from unicost.config import Decoding
from unicost.models.local_server import LocalServer

_SERVER: Final = Path(__file__).with_name("llama_server.py")
_MAGIC: Final = b"GGUF"


class LlamaCpp(LocalServer):
    """Adapter of a folder with one GGUF file; the server is that of the package ``xllamacpp``.

    The prompt is what the file's own chat template makes of the turns; some templates add a system message where there
    is none. Each request finds an empty memory, so an answer depends on nothing that was asked before or at the same
    time. The precision is the file's, whatever ``dtype`` says.
    """

    packages: ClassVar[tuple[str, ...]] = ("xllamacpp", *LocalServer.packages)
    server: ClassVar[str] = "the server of llama.cpp"

    def __init__(self, *, context: int = 2048, slots: int = 1, **options: Any) -> None:
        """``context`` is the most tokens of a request with its answer; ``slots`` answer at the same time."""
        super().__init__(**options)
        for name, value in (("context", context), ("slots", slots)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a whole number from 1, not {value!r}")
        if self._device != "cpu":
            raise ValueError("llama_cpp is run on a CPU: leave `gpus` at 0")
        self._context, self.slots = context, slots

    @staticmethod
    def revision(**_: Any) -> str:
        """The version of xllamacpp, on which answers depend; part of the fingerprint."""
        try:
            return version("xllamacpp")
        except PackageNotFoundError:
            return "absent"

    def command(self, weights: Path, port: int) -> list[str]:
        """The program beside this file, which runs the server."""
        file = gguf(weights)
        settings = {
            "file": str(file),
            "alias": self.model(weights),
            "port": port,
            "threads": self._threads,
            "slots": self.slots,
            "context": self._context,
        }
        return [sys.executable, str(_SERVER), json.dumps(settings)]

    def model(self, weights: Path) -> str:
        """The name of the file."""
        return gguf(weights).stem

    def parameters(self, decoding: Decoding) -> dict[str, Any]:
        """llama.cpp's own samplers are turned off."""
        return {
            "top_p": decoding.top_p,
            "top_k": decoding.top_k,
            "min_p": 0.0,
            "repeat_penalty": decoding.repetition_penalty,
            "repeat_last_n": self._context,
            "samplers": ["penalties", "top_k", "top_p", "temperature"],
        }


def gguf(folder: Path) -> Path:
    """The one GGUF file of the folder; raises ``BadCheckpoint``."""
    files = sorted(folder.glob("*.gguf"))
    if len(files) != 1:
        raise BadCheckpoint(f"{folder}: {len(files)} files end with .gguf; llama_cpp serves a folder with one")
    with files[0].open("rb") as stream:
        if stream.read(len(_MAGIC)) != _MAGIC:
            raise BadCheckpoint(f"{files[0]}: not a GGUF file; it does not begin with 'GGUF'")
    return files[0]
