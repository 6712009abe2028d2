"""Keeps one command company: runs it, and ends it and all that it started when standard input ends.

Standard input is a pipe that the job holds. However the job ends, killed included, the pipe ends with it, and so does
the command. A program by itself, standard library alone: ``python keeper.py COMMAND...``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def main() -> int:
    """Run the command in this process group, which the caller made for it; its status."""
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_input, daemon=True).start()
    return child.wait()


def _end_with_input() -> None:
    # Not through `sys.stdin`: a thread that holds its lock keeps the interpreter from ending.
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
