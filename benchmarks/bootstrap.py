"""How long 10,000 bootstrap resamples of families take over 16 models x 2,939 items x 4 metrics, on one core.

Every item is a family of its own, the most that the items can be. Run ``python benchmarks/bootstrap.py --help``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Final

RESULT: Final = Path(__file__).parent / "results" / "bootstrap.json"
MODELS: Final = 16
METRICS: Final = 4


def resample(resamples: int, items: int) -> int:
    """Draw every rate and its interval; returns the number of resamples."""
    import numpy as np
    from unicost.statistics.resampling import FamilyResampling, percentiles

    rng = np.random.default_rng(0)
    outcomes = (rng.random((items, MODELS * METRICS)) < rng.uniform(0.05, 0.6, MODELS * METRICS)).astype(float)
    draws = FamilyResampling(items, resamples, 0).ratios(outcomes, np.ones_like(outcomes))
    percentiles(draws, 0.95, items)
    return len(draws)


def main() -> None:
    """Measure in a process of its own, with one thread."""
    import measuring

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resamples", type=int, default=10_000, help="default: 10,000")
    parser.add_argument("--items", type=int, default=2939, help="default: 2,939, as in the paper")
    parser.add_argument("--output", type=Path, default=RESULT, help="where the result is written")
    parser.add_argument("--stage", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stage:
        sys.stdout.write(json.dumps(measuring.measure(partial(resample, arguments.resamples, arguments.items))) + "\n")
        return
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    sizes = (f"--resamples={arguments.resamples}", f"--items={arguments.items}")
    found = measuring.in_own_process(__file__, "--stage", *sizes)
    about = {"models": MODELS, "items": arguments.items, "metrics": METRICS, "bootstrap": found}
    measuring.write(arguments.output, about)


if __name__ == "__main__":
    main()
