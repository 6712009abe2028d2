"""How fast, and in how much memory, rates, penalties and pools come from 50 million verdicts in Parquet.

Each stage is the program's own code in a process of its own, so that its peak memory is its own. Run
``python benchmarks/statistics_scale.py --help``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import measuring
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

RESULT: Final = Path(__file__).parent / "results" / "statistics_scale.json"
_A_FAMILY: Final = 20
"""Instances of a family, as in the bundled benchmark: ten requests, each with its benign twin."""
_TASKS: Final = (
    *("text_to_text", "text_to_image", "image_to_text", "image_to_image"),
    *("text_image_to_text", "text_image_to_image", "dialogue"),
)
_CATEGORIES: Final = ("Bias", "Privacy", "Toxicity", "Misinformation", "Cybersecurity", "Illegal activities")
_KINDS: Final = {"llm": 4, "vlm": 2, "generator": 2, "unified": 8}
"""Sixteen models; a unified one is compared with a language model, a VLM and the group of specialised models."""
_GROUP: Final = 1_000_000
"""Rows made, and written as a row group, at once."""
_LABELS: Final = ("unsafe", "safe", "refusal", "unscored")


def make(folder: Path, rows: int) -> int:
    """Write verdicts of 16 models on ``rows / 16`` instances, model by model; failures of a family go together."""
    from unicost.records import Verdict, arrow_schema

    names, instances = list(_models()), rows // len(_models())
    schema, rng = arrow_schema(Verdict), np.random.default_rng(0)
    hardness = rng.random(instances // _A_FAMILY + 1)
    with pq.ParquetWriter(_verdicts(folder), schema, compression="zstd") as writer:
        for place, model in enumerate(names):
            for start in range(0, instances, _GROUP):
                item = np.arange(start, min(start + _GROUP, instances))
                failed = rng.random(len(item)) < 0.2 + 0.4 * hardness[item // _A_FAMILY] + 0.01 * place
                writer.write_table(_table(model, item, failed, rng.random(len(item)), schema))
    return instances * len(names)


def _table(model: str, item: Any, failed: Any, chance: Any, schema: pa.Schema) -> pa.Table:
    """Verdicts of one model: what failed is unsafe (or, of a benign twin, refused); one in fifty is unscored."""
    benign, family, unscored = item % 2 == 1, item // _A_FAMILY, chance < 0.02
    contextual = np.select([unscored, failed & ~benign, failed, chance < 0.5], [3, 0, 2, 1], np.where(benign, 1, 2))
    intrinsic = np.select([unscored, failed & ~benign & (chance < 0.6)], [3, 0], 1)
    columns = {
        "instance": pc.binary_join_element_wise("instance-", pc.utf8_lpad(pa.array(item).cast("string"), 9, "0"), ""),
        "model": _named([model], np.zeros(len(item), int)),
        "family": pc.binary_join_element_wise("family-", pc.utf8_lpad(pa.array(family).cast("string"), 8, "0"), ""),
        "kind": _named(["unsafe", "benign"], benign.astype(int)),
        "category": _named(_CATEGORIES, family % len(_CATEGORIES)),
        "task": _named(_TASKS, item // 2 % len(_TASKS)),
        "contextual": _named(_LABELS, contextual),
        "intrinsic": _named(_LABELS, intrinsic),
        "both_safe": pa.array((contextual != 0) & (intrinsic != 0), mask=unscored),
        "unscored_reason": pa.array(np.full(len(item), "empty"), mask=~unscored),
        "leaf": _named([""], np.zeros(len(item), int)),
        "construction": _named(["plain"], np.zeros(len(item), int)),
        "placement": _named(["text"], np.zeros(len(item), int)),
        "decided_by": _named(["rules"], np.zeros(len(item), int)),
    }
    empty = pa.nulls(len(item))
    return pa.table([columns.get(field.name, empty).cast(field.type) for field in schema], schema=schema)


def _named(names: Any, codes: Any) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(list(names)))


def read(folder: Path) -> int:
    """Read the verdicts as every stage does: a byte each."""
    from unicost.statistics.coded_verdicts import NOT_ASKED, read_coded

    return int(np.count_nonzero(read_coded(_verdicts(folder)).codes != NOT_ASKED))


def measurements(folder: Path) -> int:
    """The rule ``measurements``: counts by model, task, category and metric."""
    from unicost.statistics import stages

    stages.measurements(verdicts=_verdicts(folder), models=_models(), analysis=_analysis(), output=folder)
    return pq.read_metadata(_verdicts(folder)).num_rows


def rates(folder: Path) -> int:
    """The rule ``rates``: rates by task and by category with intervals, and the gap between the aspects."""
    from unicost.statistics import stages

    stages.rates(**_inputs(folder))
    return pq.read_metadata(_verdicts(folder)).num_rows


def penalty(folder: Path) -> int:
    """The rule ``penalty``: every paired difference by task, category and metric."""
    from unicost.statistics import stages

    stages.penalty(**_inputs(folder))
    return pq.read_metadata(_verdicts(folder)).num_rows


def pooled(folder: Path) -> int:
    """The rule ``pooled``: pools at both levels of inference, and the difference of both aspects' penalties."""
    from unicost.statistics import stages

    stages.pooled(**_inputs(folder), penalty=folder / "penalty.csv")
    return pq.read_metadata(_verdicts(folder)).num_rows


def switching(folder: Path) -> int:
    """The rule ``switching``: consistency over the tasks of a family, and what the penalty depends on."""
    from unicost.statistics import stages

    common = {name: value for name, value in _inputs(folder).items() if name != "evidence"}
    stages.switching(verdicts=_verdicts(folder), **common)
    return pq.read_metadata(_verdicts(folder)).num_rows


def _inputs(folder: Path) -> dict[str, Any]:
    capability = folder / "capability.csv"
    evidence = {"evidence": _verdicts(folder), "capability": capability}
    return {**evidence, "models": _models(), "analysis": _analysis(), "output": folder}


def _verdicts(folder: Path) -> Path:
    return folder / "verdicts.parquet"


def _analysis() -> Any:
    from unicost.config import Analysis

    return Analysis(common_tasks=_TASKS)


def _models() -> dict[str, Any]:
    from unicost.config import Counterpart, ModelEntry

    models = {}
    for kind, number in _KINDS.items():
        for i in range(number):
            others: tuple[Any, ...] = ()
            if kind == "unified":
                parent = Counterpart(model=f"llm-{i % 4}", relation="base_llm", closeness="parent")
                others = (parent, Counterpart(model=f"vlm-{i % 2}", relation="vlm", closeness="same_base"))
            name = f"{kind}-{i}"
            models[name] = ModelEntry(display_name=name, kind=kind, counterparts=others)
    return models


STAGES: Final[dict[str, Callable[[Path], int]]] = {
    "read": read,
    "measurements": measurements,
    "rates": rates,
    "penalty": penalty,
    "pooled": pooled,
    "switching": switching,
}


def main() -> None:
    """Run one stage if one is named, else all of them, each by calling this script again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000_000, help="verdicts (default: 50,000,000)")
    parser.add_argument("--output", type=Path, default=RESULT, help="where the result is written")
    parser.add_argument("--stage", choices=("make", *STAGES), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stage:
        stages = {"make": partial(make, rows=arguments.rows), **STAGES}
        sys.stdout.write(json.dumps(measuring.measure(partial(stages[arguments.stage], arguments.folder))) + "\n")
    else:
        measuring.write(arguments.output, _all(arguments.rows))


def _all(rows: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:

        def run(stage: str) -> dict[str, Any]:
            found = measuring.in_own_process(__file__, f"--stage={stage}", f"--folder={folder}", f"--rows={rows}")
            sys.stderr.write(f"{stage}: {found}\n")
            return found

        made = run("make")
        size = round(_verdicts(Path(folder)).stat().st_size / 1024**2)
        found = {stage: run(stage) for stage in STAGES}
    return {"rows": made["rows"], "models": sum(_KINDS.values()), "file_mib": size, "stages": found}


if __name__ == "__main__":
    main()
