"""A loopback server of plain files: whole, cut off in the middle, or gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Web:
    """A running server: its address, its files by path, and (method, path) of each request so far.

    ``cut`` closes the connection after so many bytes of a file, once.
    """

    address: str
    files: dict[str, bytes]
    cut: dict[str, int] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)

    def bodies(self) -> list[str]:
        """The files whose content was asked for, one by one."""
        return [path for method, path in self.log if method == "GET"]


@contextmanager
def web(files: dict[str, bytes]) -> Iterator[Web]:
    """Serve the files until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.web = Web(f"http://127.0.0.1:{server.server_port}", dict(files))  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.web  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        web: Web = self.server.web  # type: ignore[attr-defined]
        path = self.path.removeprefix("/")
        web.log.append((self.command, path))
        content = web.files.get(path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[: web.cut.pop(path, None)])
