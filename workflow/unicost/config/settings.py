"""The whole configuration of a run, and the checks that need more than one file of it."""

from __future__ import annotations

from typing import Literal

from unicost import registry
from unicost.config.base import Strict, digest
from unicost.config.datasets import DataEntry, DatasetEntry, LabelledEntry
from unicost.config.judging import JudgesFile
from unicost.config.models import ModelEntry, ModelRun
from unicost.config.protocols import Protocol
from unicost.config.studies import BenchmarkStudy, Claim, ExperimentStudy, PublishedStudy, Study, ValidationStudy
from unicost.config.taxonomies import Taxonomy
from unicost.config.workers import WorkerEntry
from unicost.records import Task


class InvalidConfig(ValueError):
    """The configuration cannot be run; the message names the file, the key and what would be right."""


class MainFile(Strict):
    """`config/config.yaml`."""

    studies: tuple[str, ...]
    """Studies of this run (files of `config/studies/` without their ending)."""
    miniature_weights: Literal["shipped", "trained"] = "shipped"
    """Weights of the miniature arms: those that ship, or those that the workflow trains here."""
    export: str = "bundled"
    """Study of kind `benchmark` that `snakemake export_benchmark` writes as a dataset for the hub."""


class Settings(Strict):
    """All files of `config/`, validated."""

    main: MainFile
    """What this run does."""
    studies: dict[str, Study]
    """All studies by name."""
    models: dict[str, ModelEntry]
    """All models by name."""
    model_files: dict[str, str]
    """The file that each of them stands in."""
    datasets: dict[str, DatasetEntry]
    """All benchmarks by name."""
    labelled: dict[str, LabelledEntry]
    """All sets of labelled responses by name."""
    judging: JudgesFile
    """Detectors, judges, annotators, policies."""
    taxonomies: dict[str, Taxonomy]
    """All taxonomies by name."""
    claims: dict[str, Claim]
    """All claims by name."""
    protocols: dict[str, Protocol]
    """All protocols by name."""
    workers: dict[str, WorkerEntry]
    """All workers by name."""

    def place_of(self, model: str) -> str:
        """Where the run of a model is set, for a message: its file and key."""
        return f"{self.model_files[model]}: models.{model}.run"

    def experiment(self, name: str) -> ExperimentStudy:
        """The experiment of that name; raises ``KeyError`` if there is none."""
        study = self.studies[name]
        if not isinstance(study, ExperimentStudy):
            raise KeyError(name)
        return study

    def judged(self, name: str) -> ExperimentStudy | ValidationStudy:
        """The study of that name if responses are judged in it; raises ``KeyError`` if there is none."""
        study = self.studies[name]
        if not isinstance(study, ExperimentStudy | ValidationStudy):
            raise KeyError(name)
        return study

    def calibrated(self, name: str) -> tuple[str, ...]:
        """The judges of a study that state probabilities, if its answers have labels to hold them to."""
        study = self.studies[name]
        if not isinstance(study, ExperimentStudy | ValidationStudy):
            return ()
        if isinstance(study, ExperimentStudy) and not (study.annotators or study.human_labels):
            return ()
        return tuple(judge for judge in study.judges if self.judging.judges[judge].states_probabilities())

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
        """The entries of a study's models, in the study's order; none where no model of the project answers.

        Each is as the study has it: counterparts that are not in it are left out, and ``run`` is under its decoding
        policy; a study of published tables runs nothing.
        """
        study = self.studies[name]
        if isinstance(study, BenchmarkStudy | ValidationStudy):
            return {}
        policy = None if isinstance(study, PublishedStudy) else study.decoding
        return {model: self.models[model].within(study.models, policy) for model in study.models}

    def run_of(self, study: str, model: str) -> ModelRun:
        """How a model is run in an experiment, under its decoding policy; raises ``KeyError`` where it is not run."""
        run = self.models[model].run
        if run is None:
            raise KeyError(model)
        return run.decoded(self.experiment(study).decoding)

    def dataset_of(self, name: str) -> DatasetEntry:
        """The benchmark of an experiment or of a study of a benchmark; raises ``KeyError`` for another study."""
        study = self.studies[name]
        if isinstance(study, PublishedStudy | ValidationStudy):
            raise KeyError(name)
        return self.datasets[study.dataset]

    def datasets_of(self, name: str) -> dict[str, DataEntry]:
        """The data of a study by name: its benchmark and controls, or its labelled sets; ``KeyError`` without any."""
        study = self.studies[name]
        if isinstance(study, ValidationStudy):
            return {labelled: self.labelled[labelled] for labelled in study.labelled}
        if isinstance(study, PublishedStudy):
            raise KeyError(name)
        return {dataset: self.datasets[dataset] for dataset in (study.dataset, *self.dataset_of(name).controls)}

    def benchmark_fingerprint(self, name: str) -> str:
        """12 hexadecimal digits over all that the benchmark of a study is built from."""
        first, *controls = [entry.fingerprint() for entry in self.datasets_of(name).values()]
        return digest(first, *controls) if controls else first

    def data_entry(self, name: str) -> DataEntry:
        """The benchmark or set of labelled responses of that name; raises ``KeyError`` if there is none."""
        return self.labelled[name] if name in self.labelled else self.datasets[name]

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
