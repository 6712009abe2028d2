"""What every job of the workflow does around its one call: log, and end with one clear sentence when input is bad."""

from __future__ import annotations

import contextlib
import gc
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

from unicost.progress import log_to

_OBJECTS_BETWEEN_COLLECTIONS = 50_000


@contextlib.contextmanager
def job(log: str | Path) -> Iterator[None]:
    """Send log records to ``log``; an expected failure ends the process with its sentence instead of a traceback.

    Bad input (``ValueError``) and a failing disk (``OSError``) are expected; their traceback goes to the log. Any other
    exception is a defect of the program and is shown whole.
    """
    log_to(log)
    # A job is short and keeps most of what it makes: by default, importing PyTorch and reading records is interrupted
    # thousands of times to look for garbage that is not there.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 100)
    try:
        yield
    except (ValueError, OSError) as error:
        logging.getLogger("unicost").info("the job failed", exc_info=True)
        sys.stderr.write(f"\nunicost: {error}\n(details: {log})\n\n")
        raise SystemExit(1) from None
