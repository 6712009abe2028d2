"""A worker as a child process: JSON lines in, JSON lines out, a time limit on every exchange.

The protocol stands in ``docs/workers.md``. An exchange is written whole before the first answer is read, as the
protocol has it, and a watchdog ends the process when time is up; so neither side can wait for the other for ever.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

_LOG = logging.getLogger(__name__)

_LAST_LINES: Final = 20
_LONGEST_TAIL: Final = 400
_SECONDS_TO_END: Final = 10.0


class WorkerFailed(RuntimeError):
    """The worker cannot be used any more; the message ends with the last lines of its standard error."""


class WorkerDied(WorkerFailed):
    """The process ended by itself."""


class WorkerTimeout(WorkerFailed):
    """The process was ended because an answer took too long."""


class BrokenProtocol(WorkerFailed):
    """The process wrote something that is no answer."""


class WorkerProcess:
    """One running worker; ``name`` is what messages call it."""

    def __init__(self, name: str, command: Sequence[str], folder: Path | None, environment: Mapping[str, str]) -> None:
        """Start ``command`` in ``folder`` (here, if None); raises ``OSError`` where it cannot be started."""
        self._name = name
        self._expired = False
        self._tail: deque[str] = deque(maxlen=_LAST_LINES)
        # A session of its own, so that what the worker starts ends with it.
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, args=(self._process.stderr,), daemon=True)
        self._listener.start()

    def exchange(self, messages: Sequence[Mapping[str, Any]], seconds: float) -> list[dict[str, Any]]:
        """Send the messages and an empty line, and read as many answers; raises ``WorkerFailed``.

        ``seconds`` is the limit for all of them together.
        """
        assert self._process.stdin is not None
        lines = "".join(json.dumps(message) + "\n" for message in messages) + "\n"
        with self._limit(seconds):
            # One that has ended reads nothing; what it wrote before says more of the reason than that it ended.
            with contextlib.suppress(OSError):
                self._process.stdin.write(lines.encode())
                self._process.stdin.flush()
            return [self._read(seconds) for _ in messages]

    def fail(self, message: str) -> BrokenProtocol:
        """End the process; the error to raise where what it answered makes no sense."""
        self._kill()
        return BrokenProtocol(f"worker '{self._name}' {message}{self._last_words()}")

    def close(self) -> None:
        """Let the process end, or end it."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_SECONDS_TO_END)
        self._kill()

    def _read(self, seconds: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._ended(seconds)
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            shown = line.decode(errors="replace").strip()[:80]
            raise self.fail(f"wrote '{shown}' where an answer was due; nothing else may be written to its channel")
        return answer

    @contextlib.contextmanager
    def _limit(self, seconds: float) -> Iterator[None]:
        watchdog = threading.Timer(seconds, self._expire)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()

    def _expire(self) -> None:
        self._expired = True
        self._kill()

    def _ended(self, seconds: float) -> WorkerFailed:
        """The error to raise where the process ended, or was ended."""
        try:
            status: int | None = self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            return self.fail("closed its channel without ending")
        self._kill()
        if self._expired:
            return WorkerTimeout(f"worker '{self._name}' gave no answer within {seconds:g} seconds{self._last_words()}")
        how = f"ended with status {status}" if status is None or status >= 0 else f"was ended by signal {-status}"
        return WorkerDied(f"worker '{self._name}' {how}{self._last_words()}")

    def _kill(self) -> None:
        """End the process and all that it started, which may outlive it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _last_words(self) -> str:
        self._listener.join(_SECONDS_TO_END)
        words = "\n".join(self._tail).strip()
        return f"; it last wrote: {words[-_LONGEST_TAIL:]}" if words else "; it wrote nothing to standard error"

    def _listen(self, stream: IO[bytes]) -> None:
        """Log what the worker writes to standard error; of a line that is written over and over, its last state."""
        for raw in stream:
            line = raw.decode(errors="replace").rstrip("\r\n").rpartition("\r")[2].rstrip()
            if line:
                self._tail.append(line)
                _LOG.info("%s: %s", self._name, line)
