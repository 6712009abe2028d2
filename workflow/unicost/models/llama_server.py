"""The server of llama.cpp, as xllamacpp has it: ``python llama_server.py SETTINGS``, where SETTINGS is a JSON object.

A program by itself, which runs until it is ended. Its keys: ``file``, ``alias``, ``port``, ``threads``, ``slots``,
``context``.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any


def main(settings: dict[str, Any]) -> None:
    """Serve the file. Every slot has a memory of its own that each request finds empty.

    With one memory for all slots, an answer depends on what is answered at the same time; with one that is kept, on
    what was asked before.
    """
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = settings["file"]
    params.model_alias = {settings["alias"]}
    params.port = settings["port"]
    params.n_parallel = settings["slots"]
    params.n_ctx = settings["context"] * settings["slots"]
    params.kv_unified = False
    params.cache_prompt = False
    params.cache_ram_mib = 0
    params.n_gpu_layers = 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings["threads"]
    params.ui = False
    server = xllamacpp.Server(params)
    print("listening on", server.listening_address, flush=True)  # noqa: T201
    threading.Event().wait()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
