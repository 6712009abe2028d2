"""The console command ``unicost``: small helpers beside the workflow. The work itself is done by Snakemake."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from textwrap import indent

import yaml

from unicost import __version__
from unicost.config import ExperimentStudy, PublishedStudy, load_settings, read_yaml
from unicost.config.freezing import AS_FROZEN, NOT_FROZEN, frozen_now, standing
from unicost.config.schemas import write_schemas
from unicost.estimate import judging, load_throughput, report, write_between
from unicost.registry import UnknownName, did_you_mean
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
    doctor = commands.add_parser("doctor", help="show what each study still lacks on this machine")
    doctor.add_argument("--study", nargs="+", metavar="NAME", help="these studies alone (default: all)")
    doctor.add_argument("--offline", action="store_true", help="ask no server; look at this machine alone")
    doctor.set_defaults(run=_doctor)
    detect = commands.add_parser("detect", help="find refusals, personal data, insults and more in a table of texts")
    detect.add_argument("file", type=Path, help="CSV, JSONL or Parquet")
    detect.add_argument("--text-column", default="completion", help="column of the texts (default: %(default)s)")
    detect.add_argument("--intention-column", metavar="COLUMN", help="what was asked, all of which counts as unsafe")
    detect.add_argument("--detectors", nargs="+", metavar="NAME", help="of config/judges.yaml (default: those of text)")
    detect.add_argument("--out", type=Path, required=True, help="CSV, JSONL or Parquet file by its ending, a row each")
    detect.set_defaults(run=_detect)
    injections = commands.add_parser("injections", help="how often can a response talk a judge out of its verdict?")
    injections.add_argument("judge", metavar="JUDGE", help="a judge of config/judges.yaml")
    injections.add_argument("--detectors", nargs="+", metavar="NAME", help="what it is told (default: those of text)")
    injections.add_argument("--suite", type=Path, help="file of attempts (default: workflow/resources/injections.yaml)")
    injections.add_argument("--out", type=Path, help="CSV file (default: results/injections/JUDGE.csv)")
    injections.set_defaults(run=_injections)
    estimate = commands.add_parser("estimate", help="compute what the models of a study will cost")
    estimate.add_argument("study", nargs="?", default="full", metavar="STUDY", help="default: %(default)s")
    estimate.add_argument("--readme", action="store_true", help="write the table into README.md, between its markers")
    estimate.set_defaults(run=_estimate)
    compare = commands.add_parser("compare", help="what changed between two runs on the same instances")
    compare.add_argument("before", type=Path, metavar="RESULTS_A", help="folder results/<study> of the first run")
    compare.add_argument("after", type=Path, metavar="RESULTS_B", help="folder results/<study> of the second run")
    compare.add_argument("--model", action="append", default=[], metavar="A=B", help="A before against B after")
    compare.add_argument("--html", type=Path, metavar="OUT", help="also write a page that stands alone")
    compare.set_defaults(run=_compare)
    schemas = commands.add_parser("schemas", help="write the JSON schemas of config/ anew")
    schemas.add_argument("--folder", default="workflow/schemas", help="where to (default: %(default)s)")
    schemas.set_defaults(run=lambda parsed: write_schemas(parsed.folder))
    summary = commands.add_parser("summary", help="print the headline numbers of the last run")
    summary.add_argument("--file", default="results/summary.txt", help="default: %(default)s")
    summary.set_defaults(run=_summary)
    protocol = commands.add_parser("protocol", help="print the digests that freeze an experiment; do they hold?")
    protocol.set_defaults(run=_protocol)
    ship = commands.add_parser("ship-weights", help="make the miniature arms trained here the ones that ship")
    ship.add_argument("--trained", default="results/miniature_training", help="default: %(default)s")
    ship.set_defaults(run=_ship_weights)
    return parser


def _check(parsed: argparse.Namespace) -> None:
    settings = load_settings(read_yaml(Path("config/config.yaml")))
    for name, study in settings.studies.items():
        if isinstance(study, PublishedStudy):
            check_tables(Path(study.tables), study.models, settings.models)
        marker = "*" if name in settings.main.studies else " "
        models = len(settings.study_models(name))
        size = f"{models} models" if models else "no model"
        print(f"{marker} {name}: {study.title} ({size})")
    print("config/ is valid; * marks the studies that `snakemake --cores N` runs")


def _doctor(parsed: argparse.Namespace) -> int:
    """1 where a study of this run, or one that was named, lacks something, else 0."""
    if parsed.offline:
        # Read by the hub's client when it is imported, and by what asks other servers.
        os.environ["HF_HUB_OFFLINE"] = "1"
    from unicost.doctor.report import examine, not_asked, table

    settings = load_settings(read_yaml(Path("config/config.yaml")))
    for name in parsed.study or ():
        if name not in settings.studies:
            raise UnknownName(f"--study: unknown study '{name}': {did_you_mean(name, list(settings.studies))}")
    studies = parsed.study or list(settings.studies)
    found = examine(settings, studies)
    print(table(found, settings.main.studies))
    print("* marks the studies that `snakemake --cores N` runs")
    if parsed.offline:
        print(not_asked(settings, studies))
    return int(any(found[name] for name in parsed.study or settings.main.studies))


def _detect(parsed: argparse.Namespace) -> None:
    from unicost.config.loading import reload_settings
    from unicost.judging.command import TEXT_DETECTORS, Table, detect_table

    # Outside a repository the detectors are those of the one that this program was installed from.
    folder = Path("config") if Path("config/config.yaml").is_file() else Path(__file__).parents[2] / "config"
    known = reload_settings(read_yaml(folder / "config.yaml"), folder).judging.detectors
    wanted = parsed.detectors or TEXT_DETECTORS
    for name in wanted:
        if name not in known:
            raise UnknownName(f"--detectors: unknown detector '{name}': {did_you_mean(name, list(known))}")
    table = Table(parsed.file, parsed.text_column, parsed.intention_column)
    unread = detect_table(table, {name: known[name] for name in wanted}, parsed.out)
    print(f"{parsed.out}: written; {unread} rows had no text to read")


def _injections(parsed: argparse.Namespace) -> None:
    from unicost.judging.command import TEXT_DETECTORS
    from unicost.judging.injections import SUITE, run_injections
    from unicost.store import write_csv

    judging = load_settings(read_yaml(Path("config/config.yaml"))).judging
    if parsed.judge not in judging.judges:
        raise UnknownName(f"unknown judge '{parsed.judge}': {did_you_mean(parsed.judge, list(judging.judges))}")
    wanted = parsed.detectors or TEXT_DETECTORS
    for name in wanted:
        if name not in judging.detectors:
            raise UnknownName(f"--detectors: unknown detector '{name}': {did_you_mean(name, list(judging.detectors))}")
    detectors = {name: judging.detectors[name] for name in wanted}
    table = run_injections(parsed.judge, judging.judges[parsed.judge], detectors, parsed.suite or SUITE)
    path = parsed.out or Path("results/injections") / f"{parsed.judge}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(path, table)
    print(table.to_string(index=False, float_format="%.3f", na_rep="-"))
    if not table["attempts"].any():
        print(
            f"{parsed.judge}: nothing is measured: it labelled no plain response other than the attempts want, so "
            "there is nothing to talk it out of (judge `rules` reads refusals alone in texts like these)",
            file=sys.stderr,
        )
    print(f"{path}: written")


def _compare(parsed: argparse.Namespace) -> None:
    from unicost.statistics.runs import comparison, page, reading

    runs = reading.read_runs(parsed.before, parsed.after, parsed.model)
    changes, flipped = comparison.compare(runs), comparison.flips(runs)
    if parsed.html:
        page.write_page(parsed.html, runs, changes, flipped)
    print(page.text(runs, changes, flipped))


def _estimate(parsed: argparse.Namespace) -> None:
    settings = load_settings(read_yaml(Path("config/config.yaml")))
    experiments = [name for name, study in settings.studies.items() if isinstance(study, ExperimentStudy)]
    if parsed.study not in experiments:
        raise UnknownName(f"unknown experiment '{parsed.study}': {did_you_mean(parsed.study, experiments)}")
    known = load_throughput(settings)
    found = report(settings, parsed.study, known)
    if parsed.readme:
        write_between(Path("README.md"), found)
    print(found)
    gpu = f"GPU: {known.device.name} at {known.device.usd_per_hour} USD an hour"
    print("; ".join(filter(None, [gpu, judging(settings, parsed.study)])))


def _protocol(parsed: argparse.Namespace) -> int:
    """1 where a frozen protocol does not hold any more, else 0."""
    settings = load_settings(read_yaml(Path("config/config.yaml")))
    holds = True
    for name, study in settings.studies.items():
        if not isinstance(study, ExperimentStudy) or study.protocol is None:
            continue
        now = frozen_now(settings, name)
        state = standing(settings.protocols[study.protocol], now)
        holds &= state in (AS_FROZEN, NOT_FROZEN)
        print(f"# config/protocols/{study.protocol}.yaml in study '{name}': {state}\nfrozen:")
        frozen = settings.protocols[study.protocol].frozen
        day = frozen.date if frozen is not None and state == AS_FROZEN else date.today()
        print(indent(yaml.safe_dump({"date": f"{day}", **now}, sort_keys=False), "  "), end="")
    return 0 if holds else 1


def _summary(parsed: argparse.Namespace) -> None:
    path = Path(parsed.file)
    if not path.exists():
        raise FileNotFoundError(f"{path}: not there yet; `snakemake --cores all` makes it")
    print(path.read_text(encoding="utf-8"), end="")


def _ship_weights(parsed: argparse.Namespace) -> None:
    from unicost.miniature.loss_table import collect_losses
    from unicost.miniature.recipes import load_recipes
    from unicost.miniature.weights import SHIPPED, pack_all

    settings = load_settings(read_yaml(Path("config/config.yaml")))
    runs = [model.run for study in settings.main.studies for model in settings.study_models(study).values()]
    wanted = {run.checkpoint for run in runs if run is not None and run.weights == "miniature"}
    pack_all(load_recipes("config/miniature.yaml"), parsed.trained, SHIPPED, wanted)
    curves = collect_losses(parsed.trained, SHIPPED.parent / "losses.csv")
    print(f"packed {len(wanted)} models into {SHIPPED}; losses.csv beside it has the curves of {curves} trainings")


if __name__ == "__main__":
    raise SystemExit(main())
