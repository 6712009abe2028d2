"""A server as a child process: started on a port of the loopback, waited for, and ended with the job that uses it."""

from __future__ import annotations

import contextlib
import http.client
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

_LOG = logging.getLogger(__name__)

_KEEPER: Final = Path(__file__).with_name("keeper.py")
_LOOPBACK: Final = "127.0.0.1"
_LAST_LINES: Final = 20
_LONGEST_TAIL: Final = 400
_SECONDS_TO_END: Final = 10.0
_SECONDS_BETWEEN_LOOKS: Final = 0.1


class ServerLost(OSError):
    """A server that does not come up, or ends again and again; the message ends with the last lines of its log."""


class ServerProcess:
    """One running server, which answers at ``url``; ``name`` is what messages call it."""

    def __init__(
        self, name: str, command: Sequence[str], port: int, folder: Path, environment: Mapping[str, str]
    ) -> None:
        """Start ``command`` in ``folder``; it is to listen on ``port`` of the loopback."""
        self._name, self._port = name, port
        self._tail: deque[str] = deque(maxlen=_LAST_LINES)
        # A session of its own, so that what the server starts ends with it; the keeper ends it where the job is killed.
        self._process = subprocess.Popen(
            [sys.executable, str(_KEEPER), *command],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True)
        self._listener.start()

    @property
    def url(self) -> str:
        """Where it answers, without a path."""
        return f"http://{_LOOPBACK}:{self._port}"

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def ends_within(self, seconds: float) -> bool:
        """Whether the process has ended, or does so in time."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return not self.alive

    def wait(self, seconds: float) -> None:
        """Return when ``/health`` says yes; raises ``ServerLost`` where the process ends or time is up first."""
        end = time.monotonic() + seconds
        while not self._healthy():
            if not self.alive:
                raise ServerLost(f"{self._name} did not come up: {self.last_words()}")
            if time.monotonic() > end:
                self.close()
                raise ServerLost(f"{self._name} did not come up within {seconds:g} seconds: {self.last_words()}")
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def close(self) -> None:
        """End the process and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._listener.join(_SECONDS_TO_END)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def last_words(self) -> str:
        """How it ended, if it did, and the last lines of its log."""
        status = self._process.poll()
        if status is not None:
            self._listener.join(_SECONDS_TO_END)
        words = "\n".join(self._tail).strip()[-_LONGEST_TAIL:]
        ended = "" if status is None else f"it ended with status {status}, and "
        return f"{ended}it last wrote: {words}" if words else f"{ended}it wrote nothing"

    def _healthy(self) -> bool:
        # By hand, because a proxy of the machine has no part in this.
        connection = http.client.HTTPConnection(_LOOPBACK, self._port, timeout=_SECONDS_TO_END)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK and self.alive
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _listen(self, stream: IO[bytes]) -> None:
        """Log what the server writes; of a line that is written over and over, its last state."""
        for raw in stream:
            line = raw.decode(errors="replace").rstrip("\r\n").rpartition("\r")[2].rstrip()
            if line:
                self._tail.append(line)
                _LOG.info("%s: %s", self._name, line)


def free_port() -> int:
    """A port of the loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])
