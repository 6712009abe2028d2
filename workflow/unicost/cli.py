"""The console command ``unicost``: small helpers beside the workflow. The work itself is done by Snakemake."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from unicost import __version__
from unicost.config import PublishedStudy, load_settings, read_yaml
from unicost.config.schemas import write_schemas
from unicost.statistics.published_tables import check_tables


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. Bad input is answered with one sentence on standard error."""
    parsed = _parser().parse_args(arguments)
    try:
        return int(parsed.run(parsed) or 0)
    except (ValueError, OSError) as error:
        print(f"unicost: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="unicost", description=__doc__)
    parser.add_argument("--version", action="version", version=f"unicost {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="validate config/ and list what each study would do")
    check.set_defaults(run=_check)
    schemas = commands.add_parser("schemas", help="write the JSON schemas of config/ anew")
    schemas.add_argument("--folder", default="workflow/schemas", help="where to (default: %(default)s)")
    schemas.set_defaults(run=lambda parsed: write_schemas(parsed.folder))
    summary = commands.add_parser("summary", help="print the headline numbers of the last run")
    summary.add_argument("--file", default="results/summary.txt", help="default: %(default)s")
    summary.set_defaults(run=_summary)
    ship = commands.add_parser("ship-weights", help="make the miniature arms trained here the ones that ship")
    ship.set_defaults(run=_ship_weights)
    return parser


def _check(parsed: argparse.Namespace) -> None:
    settings = load_settings(read_yaml(Path("config/config.yaml")))
    for name, study in settings.studies.items():
        if isinstance(study, PublishedStudy):
            check_tables(Path(study.tables), study.models, settings.models)
        marker = "*" if name in settings.main.studies else " "
        print(f"{marker} {name}: {study.title} ({len(study.models)} models)")
    print("config/ is valid; * marks the studies that `snakemake --cores N` runs")


def _summary(parsed: argparse.Namespace) -> None:
    path = Path(parsed.file)
    if not path.exists():
        raise FileNotFoundError(f"{path}: not there yet; `snakemake --cores all` makes it")
    print(path.read_text(encoding="utf-8"), end="")


def _ship_weights(parsed: argparse.Namespace) -> None:
    from unicost.miniature.recipes import load_recipes
    from unicost.miniature.weights import SHIPPED, pack_all

    pack_all(load_recipes("config/miniature.yaml"), "results/miniature_training", SHIPPED)
    print(f"packed into {SHIPPED}")
