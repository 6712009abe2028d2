"""A loopback hub that answers what ``huggingface_hub`` asks: public, gated and broken repositories, data or models."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

READER, STRANGER = "hf_reader", "hf_stranger"
"""Tokens: one whose account was given access to every gated repository, and one that was not."""


@dataclass
class Repository:
    """A repository of data or of a model; ``cut`` closes the connection after so many bytes of a file, once."""

    files: dict[str, bytes]
    gated: bool = False
    cut: dict[str, int] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    """Files that are listed and not there."""
    stated: dict[str, str] = field(default_factory=dict)
    """SHA-256 that the hub states where it is not the content's."""

    @property
    def commit(self) -> str:
        return hashlib.sha1(repr(sorted(self.files)).encode()).hexdigest()


@dataclass
class Hub:
    """A running hub: its address, its repositories, and (method, path, range) of each request so far."""

    address: str
    repositories: dict[str, Repository]
    log: list[tuple[str, str, str | None]] = field(default_factory=list)

    def bodies(self, name: str) -> list[str | None]:
        """The ranges that were asked for in each request for the content of a file."""
        return [asked for method, path, asked in self.log if method == "GET" and path.endswith(f"/{name}")]


@contextmanager
def hub(**repositories: Repository) -> Iterator[Hub]:
    """Serve repositories ``org/<name>``, as datasets and as models, until the block ends."""
    found = {f"org/{name}": repository for name, repository in repositories.items()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.hub = Hub(f"http://127.0.0.1:{server.server_port}", found)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.hub  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        hub: Hub = self.server.hub  # type: ignore[attr-defined]
        path = unquote(urlsplit(self.path).path)
        hub.log.append((self.command, path, self.headers.get("Range")))
        asked = re.fullmatch(
            r"/api/(?:datasets|models)/([^/]+/[^/]+)(?:/(auth-check|revision|tree)(?:/([^/]+).*)?)?", path
        )
        file = re.fullmatch(r"(?:/datasets)?/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        found = asked or file
        repository = hub.repositories.get(found[1]) if found else None
        if found is None or repository is None:
            self._error(404 if self._token() else 401, "RepoNotFound", "Repository not found")
        elif (revision := asked[3] if asked else file[2]) not in (None, "main", repository.commit):  # type: ignore[index]
            self._error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        elif repository.gated and (file or asked[2] == "auth-check") and self._token() != READER:  # type: ignore[index]
            self._error(403 if self._token() else 401, "GatedRepo", "Access to this dataset is restricted")
        elif asked:
            self._describe(asked[1], asked[2], repository)
        else:
            self._file(repository, file[3])  # type: ignore[index]

    def _token(self) -> str:
        return (self.headers.get("Authorization") or "").removeprefix("Bearer ").strip()

    def _describe(self, name: str, what: str | None, repository: Repository) -> None:
        listed = [
            {
                "rfilename": path,
                "path": path,
                "type": "file",
                "size": len(content),
                "oid": hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest(),
                "blobId": hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest(),
                "lfs": {"size": len(content), "pointerSize": 130, "sha256": _stated(repository, path),
                        "oid": _stated(repository, path)},
            }
            for path, content in repository.files.items()
        ]  # fmt: skip
        gated = "manual" if repository.gated else False
        about = {"id": name, "_id": "0" * 24, "sha": repository.commit, "gated": gated,
                 "private": False, "disabled": False, "tags": [], "downloads": 0, "likes": 0,
                 "lastModified": "2026-01-01T00:00:00.000Z", "createdAt": "2026-01-01T00:00:00.000Z",
                 "siblings": listed}  # fmt: skip
        body = {} if what == "auth-check" else listed if what == "tree" else about
        self._send(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _file(self, repository: Repository, path: str) -> None:
        content = repository.files.get(path)
        if content is None or path in repository.lost:
            self._error(404, "EntryNotFound", "Entry not found")
            return
        headers = {"ETag": f'"{_stated(repository, path)}"', "X-Repo-Commit": repository.commit,
                   "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}  # fmt: skip
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        status, start = (206, int(asked[1])) if asked else (200, 0)
        end = min(int(asked[2]) + 1 if asked and asked[2] else len(content), len(content))
        if asked:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
        cut = repository.cut.pop(path, None) if self.command == "GET" else None
        self._send(status, content[start:end], headers, cut)

    def _error(self, status: int, code: str, message: str) -> None:
        self._send(
            status, b"{}", {"X-Error-Code": code, "X-Error-Message": message, "Content-Type": "application/json"}
        )

    def _send(self, status: int, body: bytes, headers: dict[str, str], cut: int | None = None) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:cut])
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True


def _stated(repository: Repository, path: str) -> str:
    return repository.stated.get(path) or hashlib.sha256(repository.files[path]).hexdigest()
