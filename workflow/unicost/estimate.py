"""What a study will cost, before it is run: GPU-hours, disk and dollars by model, computed from the configuration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from unicost.config import InvalidConfig, ModelRun, Settings, parse, read_yaml
from unicost.config.throughput import MeanAnswer, ModelThroughput, Throughput
from unicost.config.votes import aspects_of
from unicost.judging.backends import SERVERS
from unicost.providers.settings import Price
from unicost.records import Aspect, Task
from unicost.registry import did_you_mean

Entry = TypeVar("Entry")

BEGIN: Final = "<!-- estimate: written by `unicost estimate --readme` -->"
END: Final = "<!-- /estimate -->"
_FILE: Final = Path("config/throughput.yaml")


@dataclass(frozen=True)
class Cost:
    """What one model or judge costs: GPUs of its job, hours of them, gigabytes of weights, dollars, instances."""

    name: str
    gpus: int
    gpu_hours: float
    weights_gb: float
    usd: float
    instances: int


def load_throughput(settings: Settings, path: Path = _FILE) -> Throughput:
    """What the costs are computed with; raises ``InvalidConfig``, also for a name that no dataset or model has."""
    known = parse(Throughput, read_yaml(path), path)
    for key, entries, names in (
        ("instances", known.instances, settings.datasets),
        ("models", known.models, settings.models),
    ):
        for name in entries:
            if name not in names:
                raise InvalidConfig(f"{path}: {key}: unknown name '{name}': {did_you_mean(name, list(names))}")
    return known


def report(settings: Settings, study: str, known: Throughput) -> str:
    """The costs of an experiment's models, of its judges with a price, and their sum as a Markdown table."""
    costs, judges = estimate(settings, study, known), estimate_judges(settings, study, known)
    return table([*costs.values(), *judges.values(), total(settings, study, costs, judges)])


def estimate(settings: Settings, study: str, known: Throughput) -> dict[str, Cost]:
    """The cost of each model of an experiment, by name; raises ``InvalidConfig`` where a figure is missing."""
    costs = {}
    for model, counts in _counts(settings, study, known).items():
        entry = settings.models[model]
        run = settings.run_of(study, model)
        if run.weights == "provider" and run.price is None:
            raise InvalidConfig(f"{settings.place_of(model)}: the model is behind an API, so it needs its 'price'")
        costs[model] = _cost(model, entry.display_name, run, counts, known)
    return costs


def estimate_judges(settings: Settings, study: str, known: Throughput) -> dict[str, Cost]:
    """The cost of each judge that has a price, by name: every response, once for each aspect that it answers."""
    every: Counter[Task] = Counter()
    for counts in _counts(settings, study, known).values():
        every.update(counts)
    return {
        name: Cost(
            f"judge {name}", 0, 0.0, 0.0, _judged(price, aspects_of(settings, name), every, known), every.total()
        )
        for name, price in _prices(settings, study).items()
        if price is not None
    }


def judging(settings: Settings, study: str) -> str:
    """What the costs leave out, as a clause or nothing: GPUs that judges take at most, and judges without a price."""
    entries = {name: settings.judging.judges[name] for name in settings.experiment(study).judges}
    asked = [
        f"{name} on {entry.gpus} for at most {entry.hours:g} h a model" for name, entry in entries.items() if entry.gpus
    ]
    left_out = [
        *asked,
        *(f"{name}, which has no price" for name, price in _prices(settings, study).items() if not price),
    ]
    return f"not among the costs: {', '.join(left_out)}" if left_out else ""


def total(settings: Settings, study: str, costs: Mapping[str, Cost], judges: Mapping[str, Cost]) -> Cost:
    """The sum over models and judges; weights that several models share count once, and so do instances."""
    runs = {model: settings.run_of(study, model) for model in costs}
    places = {run.weights_fingerprint(): costs[model].weights_gb for model, run in runs.items()}
    every = costs.values()
    return Cost(
        "all",
        max((cost.gpus for cost in every), default=0),
        sum(cost.gpu_hours for cost in every),
        sum(places.values()),
        sum(cost.usd for cost in (*every, *judges.values())),
        sum(cost.instances for cost in every),
    )


def table(costs: Sequence[Cost]) -> str:
    """The costs as a Markdown table, which is readable in a terminal too."""
    heads = ["model", "instances", "GPUs", "GPU-hours", "weights, GB", "USD"]
    rows = [
        [cost.name, f"{cost.instances:,}", str(cost.gpus), f"{cost.gpu_hours:.1f}", f"{cost.weights_gb:.1f}",
         f"{cost.usd:.0f}"]
        for cost in costs
    ]  # fmt: skip
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [[row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]
             for row in [heads, rule, *rows]]  # fmt: skip
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_between(path: Path, block: str) -> None:
    """Replace what stands between ``BEGIN`` and ``END`` in a file; raises ``ValueError`` where they are not in it."""
    text = path.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{path}: it must hold the lines '{BEGIN}' and '{END}' once, between which the table goes")
    before, rest = text.split(BEGIN)
    path.write_text(f"{before}{BEGIN}\n{block}\n{END}{rest.split(END)[1]}", encoding="utf-8")


def _counts(settings: Settings, study: str, known: Throughput) -> dict[str, dict[Task, int]]:
    """By model, how many instances of each task it is asked."""
    sizes = [_of(known.instances, "instances", dataset).tasks for dataset in settings.datasets_of(study)]
    return {
        model: {task: sum(size.get(task, 0) for size in sizes) for task in settings.tasks_of(study, model)}
        for model in settings.study_models(study)
    }


def _prices(settings: Settings, study: str) -> dict[str, Price | None]:
    """The judges of an experiment that ask an API, each with its price where it has one."""
    options = {name: settings.judging.judges[name].options for name in settings.experiment(study).judges}
    return {
        name: Price.model_validate(given["price"]) if "price" in given else None
        for name, given in options.items()
        if given.get("backend") in SERVERS
    }


def _judged(price: Price, aspects: Collection[Aspect], counts: Mapping[Task, int], known: Throughput) -> float:
    """Dollars: the contextual question shows request and response, the intrinsic one the response alone."""
    answer, judgement, usd = known.answer, known.judgement, 0.0
    for task, count in counts.items():
        response = answer.image_prompt_tokens if task.draws else answer.tokens
        request = answer.prompt_tokens + task.sees * answer.image_prompt_tokens
        for aspect in aspects:
            read = judgement.prompt_tokens + response + (request if aspect is Aspect.CONTEXTUAL else 0)
            usd += count * price.usd(read, judgement.tokens, 0)
    return usd


def _cost(model: str, name: str, run: ModelRun, counts: Mapping[Task, int], known: Throughput) -> Cost:
    mean = known.answer
    drawn = sum(count for task, count in counts.items() if task.draws)
    written = sum(counts.values()) - drawn
    if run.price is not None:
        seen = sum(count for task, count in counts.items() if task.sees)
        read = sum(counts.values()) * mean.prompt_tokens + seen * mean.image_prompt_tokens
        return Cost(name, 0, 0.0, 0.0, run.price.usd(read, written * mean.tokens, drawn), written + drawn)
    speed = _of(known.models, "models", model)
    if drawn and speed.seconds_per_image is None:
        raise InvalidConfig(f"{_FILE}: models.{model}: it draws, so it needs 'seconds_per_image'")
    seconds = drawn * (speed.seconds_per_image or 0.0) + written * mean.tokens / _rate(speed, mean, run.batch_size)
    hours = (seconds / 3600 + mean.start_minutes / 60) * run.gpus
    return Cost(name, run.gpus, hours, speed.weights_gb, hours * known.device.usd_per_hour, written + drawn)


def _rate(speed: ModelThroughput, mean: MeanAnswer, batch: int) -> float:
    """Tokens a second."""
    if speed.tokens_per_second is not None:
        return speed.tokens_per_second
    return (batch * mean.filled if batch > 1 else 1.0) / mean.step_seconds


def _of(entries: Mapping[str, Entry], key: str, name: str) -> Entry:
    if name not in entries:
        wanted = "{source: ..., tasks: {text_to_text: 100}}" if key == "instances" else "{weights_gb: 15}"
        raise InvalidConfig(f"{_FILE}: {key}: nothing is known of '{name}'; add it, such as {name}: {wanted}")
    return entries[name]
