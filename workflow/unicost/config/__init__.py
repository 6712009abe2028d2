"""The typed configuration: what every key means, which values it takes, and what a model's answers depend on.

``load_settings`` reads ``config/`` whole and refuses it in one sentence that names the file, the key and what would be
right. No file of ``config/`` is an input of a rule: a section enters its jobs through its ``fingerprint``.
"""

from unicost.config.base import Strict, digest
from unicost.config.datasets import DataEntry, DatasetEntry, Download, LabelledEntry, WebFile
from unicost.config.judging import JudgeEntry, JudgesFile, PluginEntry, Policy
from unicost.config.loading import load_settings, load_workers, merge, parse, read_yaml, reload_settings
from unicost.config.models import (
    DRAWS,
    SAMPLES,
    WRITES,
    Closeness,
    Counterpart,
    Decoding,
    ModelEntry,
    ModelFile,
    ModelKind,
    ModelRun,
    Relation,
    Repository,
)
from unicost.config.protocols import Contrast, Frozen, Hypothesis, PromptType, Protocol
from unicost.config.settings import InvalidConfig, MainFile, Settings
from unicost.config.studies import (
    Analysis,
    BenchmarkStudy,
    Claim,
    ExperimentStudy,
    PublishedStudy,
    Resampling,
    Study,
    ValidationStudy,
)
from unicost.config.taxonomies import Taxonomy, translation
from unicost.config.workers import WorkerEntry

__all__ = [
    "DRAWS",
    "SAMPLES",
    "WRITES",
    "Analysis",
    "BenchmarkStudy",
    "Claim",
    "Closeness",
    "Contrast",
    "Counterpart",
    "DataEntry",
    "DatasetEntry",
    "Decoding",
    "Download",
    "ExperimentStudy",
    "Frozen",
    "Hypothesis",
    "InvalidConfig",
    "JudgeEntry",
    "JudgesFile",
    "LabelledEntry",
    "MainFile",
    "ModelEntry",
    "ModelFile",
    "ModelKind",
    "ModelRun",
    "PluginEntry",
    "Policy",
    "PromptType",
    "Protocol",
    "PublishedStudy",
    "Relation",
    "Repository",
    "Resampling",
    "Settings",
    "Strict",
    "Study",
    "Taxonomy",
    "ValidationStudy",
    "WebFile",
    "WorkerEntry",
    "digest",
    "load_settings",
    "load_workers",
    "merge",
    "parse",
    "read_yaml",
    "reload_settings",
    "translation",
]
