"""Protocols are refused in one sentence where they do not fit together, and say whether an experiment is as frozen."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from unicost import cli
from unicost.config import InvalidConfig, Settings, load_settings, read_yaml
from unicost.config.freezing import frozen_now, measured_under, standing

STUDY = "studies/miniature.yaml"
FILE = "protocols/miniature.yaml"


@pytest.fixture
def folder(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ``config/`` whose miniature study follows the protocol, in the current folder."""
    copy = Path(shutil.copytree(root / "config", tmp_path / "config"))
    for part in ("envs", "workflow"):
        (tmp_path / part).symlink_to(root / part)
    monkeypatch.chdir(tmp_path)
    change(copy / STUDY, lambda study: study.update(protocol="miniature"))
    change(copy / "studies/miniature_replay.yaml", lambda study: study.pop("protocol", None))
    change(copy / FILE, lambda protocol: protocol.pop("frozen", None))
    return copy


def change(file: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    data = yaml.safe_load(file.read_text())
    edit(data)
    file.write_text(yaml.safe_dump(data, sort_keys=False))


def load(folder: Path) -> Settings:
    return load_settings(read_yaml(folder / "config.yaml"), folder)


def now(folder: Path) -> dict[str, str]:
    return frozen_now(load(folder), "miniature")


def test_the_shipped_protocol_is_complete(folder: Path) -> None:
    protocol = load(folder).protocol_of("miniature")
    primary = [entry for entry in protocol.hypotheses.values() if entry.family == "primary"]
    assert len(primary) == 4 and {entry.outcome for entry in primary} == {"failure"}
    assert {entry.contrast for entry in protocol.hypotheses.values()} == set(protocol.contrasts)
    assert all(abs(sum(c.terms.values())) == (c.minus_prompts is not None) for c in protocol.contrasts.values())
    assert all(prompt.task in load(folder).experiment("miniature").tasks for prompt in protocol.prompts.values())


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda data: data["groups"].update(in_words=["wrods"]), "groups.in_words: unknown name 'wrods': did you mean"),
        (lambda data: dose(data).update(prompts="in_word"), "replay_dose.prompts: unknown name 'in_word': did you"),
        (lambda data: dose(data).update(minus_prompts="x"), "replay_dose.minus_prompts: unknown name 'x': known:"),
        (lambda data: dose(data)["terms"].update(contrl=1), "replay_dose.terms: unknown name 'contrl': did you mean"),
        (lambda data: dose(data).update(terms={}), "contrasts.replay_dose.terms: "),
        (lambda data: protects(data).update(contrast="dose"), "hypotheses.replay_protects.contrast: unknown name 'do"),
        (lambda data: protects(data).update(predicted="lower"), "predicted: unknown value 'lower': known: greater, l"),
        (lambda data: protects(data).update(outcome="refusals"), "outcome: unknown value 'refusals': did you mean 'r"),
        (lambda data: data["prompts"]["drawing_in_words"].update(construction="plain"), "asks the same as 'words'"),
        (lambda data: data["groups"].update(words=["words"]), "groups.words: the name is taken by a prompt type"),
        (lambda data: data.update(margin=5), "margin: input should be less than 1, not 5"),
        (lambda data: data.update(margn=0.05), "unknown key 'margn': did you mean 'margin'?"),
        (lambda data: data.pop("recipes"), "recipes: is missing"),
    ],
)
def test_what_does_not_fit_together_is_refused_in_one_sentence(folder: Path, edit: Any, sentence: str) -> None:
    change(folder / FILE, edit)
    with pytest.raises(InvalidConfig) as error:
        load(folder)
    assert sentence in str(error.value) and "config/protocols/miniature.yaml: " in str(error.value)
    assert "\n" not in str(error.value)


def dose(data: dict[str, Any]) -> dict[str, Any]:
    contrast: dict[str, Any] = data["contrasts"]["replay_dose"]
    return contrast


def protects(data: dict[str, Any]) -> dict[str, Any]:
    hypothesis: dict[str, Any] = data["hypotheses"]["replay_protects"]
    return hypothesis


def test_a_study_follows_a_known_protocol_with_models_that_are_replicates(folder: Path) -> None:
    change(folder / STUDY, lambda study: study.update(protocol="minature"))
    with pytest.raises(InvalidConfig, match="protocol: unknown name 'minature': did you mean 'miniature'"):
        load(folder)
    plain = {"display_name": "Plain", "kind": "unified", "run": {"adapter": "janus", "checkpoint": "unified-seed0"}}
    change(folder / "models/miniature.yaml", lambda data: data["models"].update(plain=plain))
    change(folder / STUDY, lambda study: study.update(protocol="miniature", models=[*study["models"], "plain"]))
    with pytest.raises(InvalidConfig, match="protocol: 'plain' has no 'arm' and 'replicate'"):
        load(folder)


@pytest.mark.parametrize(
    ("file", "edit", "key"),
    [
        ("miniature.yaml", lambda data: data["arms"]["unified"]["steps"].update(text=1), "recipes"),
        ("datasets.yaml", lambda data: data["miniature_world"]["options"].update(per_cell=19), "benchmark"),
        ("models/miniature.yaml", lambda data: data["defaults"]["run"].update(system_prompt="be kind ."), "answering"),
        (STUDY, lambda data: data.update(seed=1), "answering"),
        ("judges.yaml", lambda data: data["judges"]["rules"]["options"].update(mixed="refusal"), "judging"),
        (STUDY, lambda data: data["detectors"].pop(), "judging"),
        (STUDY, lambda data: data["analysis"].update(capability_gate=0.8), "analysis"),
        (FILE, lambda data: data["contrasts"]["replay_dose"]["terms"].update(unified_replay_0=2), "analysis"),
        (FILE, lambda data: data["hypotheses"]["replay_protects"].update(predicted="less"), "analysis"),
        (FILE, lambda data: data["groups"]["in_words"].pop(), "analysis"),
        (FILE, lambda data: data.update(margin=0.1), "analysis"),
    ],
)
def test_each_digest_covers_its_settings_alone(folder: Path, file: str, edit: Any, key: str) -> None:
    before, measured = now(folder), measured_under(load(folder), "miniature")
    change(folder / file, edit)
    after = now(folder)
    assert [name for name in before if before[name] != after[name]] == [key]
    same = measured_under(load(folder), "miniature") == measured
    assert same == (file == FILE), "outcomes depend on all settings but the protocol's own"


def test_words_and_speed_are_free_to_change(folder: Path) -> None:
    before = now(folder)
    change(folder / FILE, lambda data: data["hypotheses"]["replay_protects"].update(statement="Replay protects."))
    change(folder / FILE, lambda data: data["contrasts"]["replay_dose"].update(label="Dose"))
    change(folder / "models/miniature.yaml", lambda data: data["defaults"]["run"].update(batch_size=8))
    assert now(folder) == before


def test_the_command_prints_digests_that_freeze_the_protocol(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["protocol"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("# config/protocols/miniature.yaml in study 'miniature': not frozen\n")
    change(folder / FILE, lambda data: data.update(yaml.safe_load(printed)))
    assert cli.main(["protocol"]) == 0
    assert "'miniature': as frozen" in capsys.readouterr().out
    change(folder / STUDY, lambda data: data["analysis"].update(capability_gate=0.8))
    assert cli.main(["protocol"]) == 1
    assert ": analysis\n" in capsys.readouterr().out


def test_what_changed_since_is_named(folder: Path) -> None:
    digests = {**now(folder), "date": "2026-01-02", "recipes": "0", "judging": "0"}
    change(folder / FILE, lambda data: data.update(frozen=digests))
    protocol = load(folder).protocol_of("miniature")
    assert standing(protocol, now(folder)) == "changed since 2026-01-02: recipes, judging"
