"""Reading ``config/``: every refusal is one sentence that names the file, the key and what would be right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import ValidationError

from unicost.config.base import Strict
from unicost.config.datasets import DatasetEntry, LabelledEntry
from unicost.config.judging import JudgesFile
from unicost.config.models import ModelEntry, ModelFile
from unicost.config.protocols import Protocol
from unicost.config.references import check_references
from unicost.config.settings import InvalidConfig, MainFile, Settings
from unicost.config.studies import BenchmarkStudy, Claim, ExperimentStudy, PublishedStudy, Study, ValidationStudy
from unicost.config.taxonomies import Taxonomy
from unicost.config.workers import WorkerEntry
from unicost.options import first_error
from unicost.registry import did_you_mean

Section = TypeVar("Section", bound=Strict)

NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]*"
"""What a model, judge, policy, study or set of data may be called: files and wildcards of rules have their names."""
_NAMES: Final = f"a name is made of letters, digits, '.', '_' and '-', and begins with a letter or digit ({NAME})"

_STUDY_KINDS: dict[str, type[Study]] = {
    "published": PublishedStudy,
    "experiment": ExperimentStudy,
    "benchmark": BenchmarkStudy,
    "validation": ValidationStudy,
}


# The parser in C, where PyYAML has it, is ten times as fast, and every start of Snakemake reads all files.
class _UniqueKeyLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A YAML loader that refuses a key written twice, where YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key '{key}' is written twice", key_node.start_mark
                )
            seen.add(key)
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


def load_settings(config: Mapping[str, Any], folder: str | Path = "config") -> Settings:
    """Validate the main section (``config/config.yaml`` with the command line's changes) and all files beside it.

    Raises ``InvalidConfig`` with one sentence for the first thing that is wrong.
    """
    settings = reload_settings(config, folder)
    check_references(settings)
    return settings


def reload_settings(config: Mapping[str, Any], folder: str | Path = "config") -> Settings:
    """The same for a job of the workflow, which began with ``load_settings``: names and options were checked then.

    Checking them builds every plugin there is, which would take each of hundreds of jobs longer than all the reading.
    """
    folder = Path(folder)
    studies = {path.stem: _study(path) for path in _files(folder / "studies")}
    models, model_files = _models(folder / "models")
    return Settings.model_construct(
        main=parse(MainFile, dict(config), folder / "config.yaml"),
        studies=_with_models(studies, models, folder / "studies"),
        models=models,
        model_files=model_files,
        datasets=_named(DatasetEntry, folder / "datasets.yaml"),
        labelled=_named(LabelledEntry, folder / "labelled.yaml"),
        judging=_judging(folder / "judges.yaml"),
        taxonomies={path.stem: parse(Taxonomy, read_yaml(path), path) for path in _files(folder / "taxonomies")},
        claims=_named(Claim, folder / "claims.yaml"),
        protocols={path.stem: parse(Protocol, read_yaml(path), path) for path in _files(folder / "protocols")},
        workers=load_workers(folder),
    )


def load_workers(folder: str | Path = "config") -> dict[str, WorkerEntry]:
    """The workers by name; raises ``InvalidConfig``."""
    return _named(WorkerEntry, Path(folder) / "workers.yaml")


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; raises ``InvalidConfig`` where it is missing or not YAML."""
    try:
        with path.open(encoding="utf-8") as stream:
            return yaml.load(stream, Loader=_UniqueKeyLoader)
    except FileNotFoundError:
        raise InvalidConfig(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise InvalidConfig(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise InvalidConfig(f"{path}: line {line}: not YAML: {error.problem}") from None


def parse(section: type[Section], data: Any, file: Path, prefix: str = "") -> Section:
    """Validate one section; raises ``InvalidConfig`` naming ``file`` and the first key that is wrong."""
    try:
        return section.model_validate(data)
    except ValidationError as error:
        raise InvalidConfig(f"{file}: {first_error(error, prefix)}") from None


def merge(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """``own`` over ``defaults``, section by section; a list or a value of ``own`` replaces the default whole."""
    merged = dict(defaults)
    for key, value in own.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def _files(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise InvalidConfig(f"{folder}: no file *.yaml in it; the folder ships with the project")
    return files


def _study(path: Path) -> Study:
    _check_name(path, "name of the file", path.stem)
    data = read_yaml(path)
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind not in _STUDY_KINDS:
        raise InvalidConfig(
            f"{path}: kind: '{kind}' is no kind of study: {did_you_mean(str(kind), list(_STUDY_KINDS))}"
        )
    return parse(_STUDY_KINDS[kind], data, path)


def _judging(path: Path) -> JudgesFile:
    judging = parse(JudgesFile, read_yaml(path), path)
    for section in ("judges", "policies"):
        for name in getattr(judging, section):
            _check_name(path, f"{section}.{name}", name)
    return judging


def _named(section: type[Section], path: Path) -> dict[str, Section]:
    data = read_yaml(path)
    if not isinstance(data, dict):
        raise InvalidConfig(f"{path}: must be a mapping from names to sections")
    for name in data:
        _check_name(path, str(name), str(name))
    return {name: parse(section, value, path, f"{name}.") for name, value in data.items()}


def _check_name(file: Path, key: str, name: str) -> None:
    """Results are put in files of these names."""
    if not re.fullmatch(NAME, name):
        raise InvalidConfig(f"{file}: {key}: '{name}' cannot name a file; {_NAMES}")


def _models(folder: Path) -> tuple[dict[str, ModelEntry], dict[str, str]]:
    """The models by name, and the file of each."""
    models: dict[str, ModelEntry] = {}
    files: dict[str, str] = {}
    for path in _files(folder):
        data = read_yaml(path)
        if isinstance(data, dict) and isinstance(data.get("models"), dict):
            data["models"] = _each_replicate(path, data)
        for name, entry in parse(ModelFile, data, path).models.items():
            _check_name(path, f"models.{name}", name)
            if name in models:
                raise InvalidConfig(f"{path}: models.{name}: the name is taken by {files[name]}; names are unique")
            models[name], files[name] = entry, f"config/models/{path.name}"
    return models, files


_REPLICATE = "{replicate}"


def _each_replicate(path: Path, data: Mapping[str, Any]) -> dict[str, Any]:
    """The models of a file with defaults merged, and one model a replicate for a name that holds `{replicate}`."""
    defaults, replicates, made = data.get("defaults") or {}, data.get("replicates") or (), {}
    for name, own in data["models"].items():
        entry = merge(defaults, own or {})
        if _REPLICATE not in name:
            made[name] = entry
            continue
        if not isinstance(replicates, list) or not replicates:
            raise InvalidConfig(f"{path}: models.{name}: the file names no replicates; add a line 'replicates: [0, 1]'")
        for number in replicates:
            made[name.replace(_REPLICATE, str(number))] = {**_filled(entry, number), "replicate": number}
    return made


def _filled(value: Any, number: int) -> Any:
    """The same section with the number of the replicate in every text that asks for it."""
    if isinstance(value, Mapping):
        return {key: _filled(item, number) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, number) for item in value]
    return value.replace(_REPLICATE, str(number)) if isinstance(value, str) else value


def _with_models(studies: Mapping[str, Study], models: Mapping[str, ModelEntry], folder: Path) -> dict[str, Study]:
    """The studies with every pattern such as ``unified-seed*`` replaced by the models that it matches."""
    return {
        name: study
        if isinstance(study, BenchmarkStudy | ValidationStudy)
        else study.model_copy(update={"models": tuple(_matches(folder / f"{name}.yaml", study.models, models))})
        for name, study in studies.items()
    }


def _matches(file: Path, patterns: Sequence[str], models: Mapping[str, ModelEntry]) -> Iterator[str]:
    for pattern in patterns:
        if not set(pattern) & set("*?["):
            yield pattern
            continue
        found = [name for name in models if fnmatchcase(name, pattern)]
        if not found:
            raise InvalidConfig(f"{file}: models: no model matches the pattern '{pattern}'; see config/models/")
        yield from found
