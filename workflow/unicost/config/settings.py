"""The whole configuration of a run, and the checks that need more than one file of it."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Literal

from unicost import registry
from unicost.config.base import Strict
from unicost.config.judging import JudgesFile
from unicost.config.models import ModelEntry
from unicost.config.protocols import Protocol
from unicost.config.studies import BenchmarkStudy, Claim, DatasetEntry, ExperimentStudy, PublishedStudy, Study, Taxonomy
from unicost.records import Task
from unicost.registry import did_you_mean


class InvalidConfig(ValueError):
    """The configuration cannot be run; the message names the file, the key and what would be right."""


class MainFile(Strict):
    """`config/config.yaml`."""

    studies: tuple[str, ...]
    """Studies of this run (files of `config/studies/` without their ending)."""
    miniature_weights: Literal["shipped", "trained"] = "shipped"
    """Weights of the miniature arms: those that ship, or those that the workflow trains here."""


class Settings(Strict):
    """All files of `config/`, validated."""

    main: MainFile
    """What this run does."""
    studies: dict[str, Study]
    """All studies by name."""
    models: dict[str, ModelEntry]
    """All models by name."""
    datasets: dict[str, DatasetEntry]
    """All benchmarks by name."""
    judging: JudgesFile
    """Detectors, judges, annotators, policies."""
    taxonomies: dict[str, Taxonomy]
    """All taxonomies by name."""
    claims: dict[str, Claim]
    """All claims by name."""
    protocols: dict[str, Protocol]
    """All protocols by name."""

    def experiment(self, name: str) -> ExperimentStudy:
        """The experiment of that name; raises ``KeyError`` if there is none."""
        study = self.studies[name]
        if not isinstance(study, ExperimentStudy):
            raise KeyError(name)
        return study

    def protocol_of(self, name: str) -> Protocol:
        """The protocol of the experiment of that name; raises ``KeyError`` if it has none."""
        protocol = self.experiment(name).protocol
        if protocol is None:
            raise KeyError(name)
        return self.protocols[protocol]

    def published(self, name: str) -> PublishedStudy:
        """The study of published tables of that name; raises ``KeyError`` if there is none."""
        study = self.studies[name]
        if not isinstance(study, PublishedStudy):
            raise KeyError(name)
        return study

    def study_models(self, name: str) -> dict[str, ModelEntry]:
        """The entries of a study's models, in the study's order."""
        study = self.studies[name]
        return {} if isinstance(study, BenchmarkStudy) else {model: self.models[model] for model in study.models}

    def dataset_of(self, name: str) -> DatasetEntry:
        """The benchmark of an experiment or of a study of a benchmark; raises ``KeyError`` for another study."""
        study = self.studies[name]
        if isinstance(study, PublishedStudy):
            raise KeyError(name)
        return self.datasets[study.dataset]

    def model_kinds(self, name: str) -> dict[str, str]:
        """The kind of each model of a study."""
        return {model: entry.kind.value for model, entry in self.study_models(name).items()}

    def tasks_of(self, study: str, model: str) -> tuple[Task, ...]:
        """The tasks of an experiment that the model was made for and its adapter can drive, in the study's order."""
        run = self.models[model].run
        if run is None:
            return ()
        driven = registry.resolve("adapter", run.adapter).tasks
        supported = driven if run.tasks is None else driven & set(run.tasks)
        return tuple(task for task in self.experiment(study).tasks if task in supported)


def check_references(settings: Settings) -> None:
    """Raise ``InvalidConfig`` for the first name that leads nowhere, in the order of the files."""
    for file, key, name, known in _references(settings):
        if name not in known:
            raise InvalidConfig(f"{file}: {key}: unknown name '{name}': {did_you_mean(name, list(known))}")
    for file, key, group, plugin, options in _plugins(settings):
        _check_options(f"{file}: {key}.options", registry.resolve(group, plugin), options)
    for study in settings.studies:
        _check_study(settings, study)


def _references(settings: Settings) -> Iterator[tuple[str, str, str, Collection[str]]]:
    for name in settings.main.studies:
        yield "config/config.yaml", "studies", name, settings.studies
    for name, dataset in settings.datasets.items():
        yield "config/datasets.yaml", f"{name}.taxonomy", dataset.taxonomy, settings.taxonomies
    for name, policy in settings.judging.policies.items():
        for judge in (*policy.contextual, *policy.intrinsic):
            yield "config/judges.yaml", f"policies.{name}", judge, settings.judging.judges
    for name, model in settings.models.items():
        for counterpart in model.counterparts:
            yield "config/models/", f"{name}.counterparts", counterpart.model, settings.models
    arms = {model.arm for model in settings.models.values() if model.arm is not None}
    for name, protocol in settings.protocols.items():
        file = f"config/protocols/{name}.yaml"
        for key, contrast in protocol.contrasts.items():
            yield from ((file, f"contrasts.{key}.terms", arm, arms) for arm in contrast.terms)
    for name, study in settings.studies.items():
        yield from ((f"config/studies/{name}.yaml", *rest) for rest in _study_references(settings, study))


def _study_references(settings: Settings, study: Study) -> Iterator[tuple[str, str, Collection[str]]]:
    if not isinstance(study, PublishedStudy):
        yield "dataset", study.dataset, settings.datasets
    if not isinstance(study, BenchmarkStudy):
        yield from (("models", model, settings.models) for model in study.models)
    if isinstance(study, ExperimentStudy):
        yield from (("detectors", name, settings.judging.detectors) for name in study.detectors)
        yield from (("judges", name, settings.judging.judges) for name in study.judges)
        yield from (("annotators", name, settings.judging.annotators) for name in study.annotators)
        yield "policy", study.policy, settings.judging.policies
        if study.protocol is not None:
            yield "protocol", study.protocol, settings.protocols
        yield from (("analysis.common_tasks", task, study.tasks) for task in study.analysis.common_tasks)


def _plugins(settings: Settings) -> Iterator[tuple[str, str, str, str, dict[str, Any]]]:
    for name, dataset in settings.datasets.items():
        yield "config/datasets.yaml", name, "source", dataset.source, dataset.options
    for group in ("detector", "judge", "annotator"):
        for name, entry in getattr(settings.judging, f"{group}s").items():
            yield "config/judges.yaml", f"{group}s.{name}", group, entry.plugin, entry.options


def _check_options(where: str, plugin: Any, options: dict[str, Any]) -> None:
    """Build the plugin once, which loads nothing: it refuses values that it cannot take."""
    known = [name for name in inspect.signature(plugin).parameters if name not in ("args", "kwargs")]
    for name in options:
        if name not in known:
            raise InvalidConfig(f"{where}: unknown option '{name}': {did_you_mean(name, known)}")
    try:
        plugin(**options)
    except (TypeError, ValueError) as error:
        raise InvalidConfig(f"{where}: {error}") from None


def _check_study(settings: Settings, name: str) -> None:
    """What an experiment promises must be possible: models can run, judges that vote are asked."""
    study, file = settings.studies[name], f"config/studies/{name}.yaml"
    if isinstance(study, BenchmarkStudy):
        return
    if len(set(study.models)) < len(study.models):
        raise InvalidConfig(f"{file}: models: a model is listed twice; list each once")
    if not isinstance(study, ExperimentStudy):
        if not Path(study.tables).is_dir():
            raise InvalidConfig(f"{file}: tables: no folder '{study.tables}'; it ships as workflow/resources/published")
        return
    for model in study.models:
        if settings.models[model].run is None:
            raise InvalidConfig(f"{file}: models: '{model}' has no section 'run', so it cannot be asked; add one")
        if not settings.tasks_of(name, model):
            raise InvalidConfig(f"{file}: tasks: '{model}' supports none of them; remove the model or add a task")
        if study.protocol is not None and None in (settings.models[model].arm, settings.models[model].replicate):
            raise InvalidConfig(f"{file}: protocol: '{model}' has no 'arm' and 'replicate', which a protocol compares")
    policy = settings.judging.policies[study.policy]
    for judge in (*policy.contextual, *policy.intrinsic):
        if judge not in study.judges:
            raise InvalidConfig(f"{file}: judges: policy '{study.policy}' counts the vote of '{judge}'; add it")
