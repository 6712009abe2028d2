"""Names that lead nowhere, options that a plugin does not take, and promises of a study that cannot be kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from unicost import registry
from unicost.config.datasets import DataEntry
from unicost.config.running import check_options, check_run
from unicost.config.settings import InvalidConfig, Settings
from unicost.config.studies import BenchmarkStudy, ExperimentStudy, PublishedStudy, Study, ValidationStudy
from unicost.config.votes import check_votes
from unicost.registry import did_you_mean

_SUITE = "workflow/resources/injections.yaml"


def check_references(settings: Settings) -> None:
    """Raise ``InvalidConfig`` for the first name that leads nowhere, in the order of the files."""
    for file, key, name, known in _references(settings):
        if name not in known:
            raise InvalidConfig(f"{file}: {key}: unknown name '{name}': {did_you_mean(name, list(known))}")
    for name in settings.models:
        check_run(settings, name)
    for file, key, group, plugin, options in _plugins(settings):
        check_options(f"{file}: {key}.options", registry.resolve(group, plugin), options)
    _check_data("config/datasets.yaml", settings.datasets)
    _check_data("config/labelled.yaml", settings.labelled)
    for study in settings.studies:
        _check_study(settings, study)


def _references(settings: Settings) -> Iterator[tuple[str, str, str, Collection[str]]]:
    for name in settings.main.studies:
        yield "config/config.yaml", "studies", name, settings.studies
    benchmarks = [name for name, study in settings.studies.items() if isinstance(study, BenchmarkStudy)]
    yield "config/config.yaml", "export", settings.main.export, benchmarks
    yield from _data_references(settings)
    for name, policy in settings.judging.policies.items():
        for judge in (*policy.contextual, *policy.intrinsic):
            yield "config/judges.yaml", f"policies.{name}", judge, settings.judging.judges
    for name, model in settings.models.items():
        for counterpart in model.counterparts:
            yield settings.model_files[name], f"models.{name}.counterparts", counterpart.model, settings.models
    arms = {model.arm for model in settings.models.values() if model.arm is not None}
    for name, protocol in settings.protocols.items():
        file = f"config/protocols/{name}.yaml"
        for key, contrast in protocol.contrasts.items():
            yield from ((file, f"contrasts.{key}.terms", arm, arms) for arm in contrast.terms)
    for name, study in settings.studies.items():
        yield from ((f"config/studies/{name}.yaml", *rest) for rest in _study_references(settings, study))


def _data_references(settings: Settings) -> Iterator[tuple[str, str, str, Collection[str]]]:
    for name, dataset in settings.datasets.items():
        yield "config/datasets.yaml", f"{name}.taxonomy", dataset.taxonomy, settings.taxonomies
        for other in dataset.controls:
            yield "config/datasets.yaml", f"{name}.controls", other, settings.datasets
    for name, labelled in settings.labelled.items():
        yield "config/labelled.yaml", f"{name}.taxonomy", labelled.taxonomy, settings.taxonomies
    for name, taxonomy in settings.taxonomies.items():
        file = f"config/taxonomies/{name}.yaml"
        yield from ((file, "unmapped", other, settings.taxonomies) for other in taxonomy.unmapped)
        for other, entries in taxonomy.maps_to.items():
            yield file, "maps_to", other, settings.taxonomies
            if other in settings.taxonomies:
                known = settings.taxonomies[other].categories
                yield from ((file, f"maps_to.{other}.{leaf}", target, known) for leaf, target in entries.items())


def _study_references(settings: Settings, study: Study) -> Iterator[tuple[str, str, Collection[str]]]:
    if isinstance(study, ExperimentStudy | BenchmarkStudy):
        yield "dataset", study.dataset, settings.datasets
    if isinstance(study, ExperimentStudy | PublishedStudy):
        yield from (("models", model, settings.models) for model in study.models)
    if isinstance(study, ValidationStudy):
        yield from (("labelled", name, settings.labelled) for name in study.labelled)
    if isinstance(study, ExperimentStudy | ValidationStudy):
        yield from (("detectors", name, settings.judging.detectors) for name in study.detectors)
        yield from (("judges", name, settings.judging.judges) for name in study.judges)
        yield from (("annotators", name, settings.judging.annotators) for name in study.annotators)
        yield from (("extractor", name, settings.judging.extractors) for name in filter(None, [study.extractor]))
        yield "policy", study.policy, settings.judging.policies
    if isinstance(study, ExperimentStudy):
        yield from (("sensitivity", name, settings.judging.policies) for name in study.sensitivity)
        if study.protocol is not None:
            yield "protocol", study.protocol, settings.protocols
        yield from (("analysis.common_tasks", task, study.tasks) for task in study.analysis.common_tasks)


def _plugins(settings: Settings) -> Iterator[tuple[str, str, str, str, dict[str, Any]]]:
    for name, dataset in settings.datasets.items():
        yield "config/datasets.yaml", name, "source", dataset.source, dataset.options
    for name, labelled in settings.labelled.items():
        yield "config/labelled.yaml", name, "labelled", labelled.source, labelled.options
    for group in ("detector", "judge", "annotator", "extractor"):
        for name, entry in getattr(settings.judging, f"{group}s").items():
            yield "config/judges.yaml", f"{group}s.{name}", group, entry.plugin, entry.options


def _check_data(file: str, entries: Mapping[str, DataEntry]) -> None:
    """Whether a source reads files is known once it is imported, which takes long; so it is not asked of each entry."""
    for name, entry in entries.items():
        if entry.download is None and entry.folder is None and entry.reads_files:
            wanted = "name their 'folder', or where to 'download' them"
            raise InvalidConfig(f"{file}: {name}: source '{entry.source}' reads files: {wanted}")


def _check_study(settings: Settings, name: str) -> None:
    """What a study promises must be possible: nothing is listed twice, models can run, judges that vote are asked."""
    study, file = settings.studies[name], f"config/studies/{name}.yaml"
    for key in ("models", "labelled"):
        listed = getattr(study, key, ())
        if len(set(listed)) < len(listed):
            raise InvalidConfig(f"{file}: {key}: a name is listed twice; list each once")
    _check_files(study, file)
    if isinstance(study, ExperimentStudy):
        _check_models(settings, name, study, file)
    if isinstance(study, ExperimentStudy | ValidationStudy):
        for chosen in (study.policy, *getattr(study, "sensitivity", ())):
            policy = settings.judging.policies[chosen]
            for judge in (*policy.contextual, *policy.intrinsic):
                if judge not in study.judges:
                    raise InvalidConfig(f"{file}: judges: policy '{chosen}' counts the vote of '{judge}'; add it")
            for detector in policy.detectors():
                if detector not in study.detectors:
                    raise InvalidConfig(f"{file}: detectors: policy '{chosen}' listens to '{detector}'; add it")
    if isinstance(study, ExperimentStudy):
        check_votes(settings, name, study)


def _check_files(study: Study, file: str) -> None:
    if isinstance(study, PublishedStudy) and not Path(study.tables).is_dir():
        raise InvalidConfig(f"{file}: tables: no folder '{study.tables}'; it ships as workflow/resources/published")
    if isinstance(study, ExperimentStudy | ValidationStudy):
        if study.injections and not Path(study.injections).is_file():
            raise InvalidConfig(f"{file}: injections: no file '{study.injections}'; one ships as {_SUITE}")
        for labels in study.human_labels:
            if not Path(labels).is_file():
                raise InvalidConfig(f"{file}: human_labels: no file '{labels}'; name what the annotation page exported")


def _check_models(settings: Settings, name: str, study: ExperimentStudy, file: str) -> None:
    for model in study.models:
        if settings.models[model].run is None:
            raise InvalidConfig(f"{file}: models: '{model}' has no section 'run', so it cannot be asked; add one")
        if not settings.tasks_of(name, model):
            raise InvalidConfig(f"{file}: tasks: '{model}' supports none of them; remove the model or add a task")
        if study.protocol is not None and None in (settings.models[model].arm, settings.models[model].replicate):
            raise InvalidConfig(f"{file}: protocol: '{model}' has no 'arm' and 'replicate', which a protocol compares")
