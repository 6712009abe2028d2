"""The configuration is read whole, and refused in one sentence that names file, key and what would be right."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from unicost.config import InvalidConfig, PluginEntry, Settings, load_settings, merge, read_yaml, reload_settings
from unicost.config.schemas import schemas


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root / "config", tmp_path / "config"))


def load(folder: Path) -> Settings:
    return load_settings(read_yaml(folder / "config.yaml"), folder)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_the_shipped_configuration_is_valid(folder: Path) -> None:
    settings = load(folder)
    assert set(settings.main.studies) == {"published", "bundled", "miniature"}
    assert len(settings.study_models("published")) == 16


def test_a_job_reads_the_same_settings_unchecked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main = read_yaml(folder / "config.yaml")
    loaded = load_settings(main, folder)

    def refuse(*_: object) -> None:
        raise AssertionError("a job checks what was checked before it began")

    monkeypatch.setattr("unicost.config.loading.check_references", refuse)
    assert reload_settings(main, folder).model_dump() == loaded.model_dump()


def test_an_entry_with_replicates_stands_for_one_model_each(folder: Path) -> None:
    settings = load(folder)
    assert [name for name in settings.study_models("miniature") if name.startswith("unified")] == [
        f"unified-seed{number}" for number in range(5)
    ]
    unified = settings.models["unified-seed3"]
    assert (unified.arm, unified.replicate, unified.display_name) == ("unified", 3, "Unified (seed 3)")
    assert unified.run is not None and unified.run.checkpoint == "unified-seed3"
    assert {other.model for other in unified.counterparts} >= {"base-seed3", "generation-seed3"}
    edit(folder / "models/miniature.yaml", "replicates: [0, 1, 2, 3, 4]\n", "")
    with pytest.raises(InvalidConfig, match="the file names no replicates; add a line"):
        load(folder)


def test_judges_are_calibrated_where_they_state_probabilities_and_answers_have_labels(folder: Path) -> None:
    calibrated = {name: load(folder).calibrated(name) for name in ("published", "bundled", "miniature", "smollm")}
    assert calibrated == {"published": (), "bundled": (), "miniature": ("trained",), "smollm": ()}
    edit(folder / "studies/miniature.yaml", "annotators: [construction]\n", "")
    assert load(folder).calibrated("miniature") == ()
    edit(
        folder / "studies/judge_validation.yaml",
        "judges: [refusal_alone, rules]",
        "judges: [refusal_alone, toxic_texts]",
    )
    assert load(folder).calibrated("judge_validation") == ("toxic_texts",)


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("config.yaml", "studies:", "studys:", "config.yaml: unknown key 'studys': did you mean 'studies'?"),
        ("config.yaml", "miniature]", "minature]", "studies: unknown name 'minature': did you mean 'miniature'?"),
        ("studies/miniature.yaml", "unified-seed*", "unifed-seed0", "unknown name 'unifed-seed0': did you mean 'uni"),
        ("studies/miniature.yaml", "unified-seed*", "unifed-seed*", "no model matches the pattern 'unifed-seed*'"),
        ("studies/bundled.yaml", "\ndataset: bundled", "\ndataset: bundle", "unknown name 'bundle': did you mean"),
        (
            "studies/miniature.yaml",
            "[text_to_text,",
            "[text_to_txt,",
            "tasks.0: unknown value 'text_to_txt': did you mean",
        ),
        ("studies/miniature.yaml", "kind: experiment", "kind: experimnt", "did you mean 'experiment'?"),
        ("studies/miniature.yaml", "policy: rules_alone", "policy: rules", "policy: unknown name 'rules': did you"),
        ("studies/miniature.yaml", "capability_gate: 0.75", "capability_gate: 75", "analysis.capability_gate: input"),
        ("studies/miniature.yaml", "seed: ", "sead: ", "unknown key 'sead': did you mean 'seed'?"),
        ("models/miniature.yaml", "adapter: janus", "adapter: janis", "unknown adapter 'janis': did you mean 'janus'?"),
        ("judges.yaml", "plugin: refusal", "plugin: refusals", "unknown detector 'refusals': did you mean 'refusal'?"),
        ("judges.yaml", "contextual: [rules]", "contextual: [rule]", "unknown name 'rule': did you mean 'rules'?"),
        (
            "config.yaml",
            "[published, bundled, miniature]",
            "published",
            "studies: must be a list, such as [one, two], not 'pub",
        ),
        ("datasets.yaml", "options: {}", "options: {splt: test}", "unknown option 'splt': did you mean 'split'?"),
        ("datasets.yaml", "options: {}", "options: {split: tets}", "miniature_world.options: "),
        ("datasets.yaml", "options: {}", "options: {per_cell: many}", "miniature_world.options: "),
        ("judges.yaml", "{mixed: unsafe}", "{mixd: unsafe}", "unknown option 'mixd': did you mean 'mixed'?"),
        ("studies/published.yaml", "resources/published", "resources/publishd", "tables: no folder"),
        ("datasets.yaml", "taxonomy: seed", "taxonomy: sed", "unknown name 'sed': did you mean 'seed'?"),
    ],
)
def test_bad_configuration_is_refused_in_one_sentence(
    folder: Path, file: str, old: str, new: str, sentence: str
) -> None:
    edit(folder / file, old, new)
    with pytest.raises(InvalidConfig) as error:
        load(folder)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_key_written_twice_is_refused(folder: Path) -> None:
    (folder / "config.yaml").write_text("studies: [published]\nstudies: [miniature]\n")
    with pytest.raises(InvalidConfig, match=r"line 2: not YAML: key 'studies' is written twice"):
        load(folder)


def test_a_file_in_another_encoding_is_named(folder: Path) -> None:
    (folder / "config.yaml").write_bytes(b"studies: [published]  # \xff\n")
    with pytest.raises(InvalidConfig, match=r"config\.yaml: not UTF-8 at byte 24; save it as UTF-8"):
        load(folder)


def test_labels_of_people_that_are_not_there_are_named(folder: Path) -> None:
    path = folder / "studies/miniature.yaml"
    path.write_text(path.read_text() + "\nhuman_labels: [labels/nobody.csv]\n")
    with pytest.raises(InvalidConfig, match=r"miniature\.yaml: human_labels: no file 'labels/nobody\.csv'; name what"):
        load(folder)


def test_broken_yaml_names_the_line(folder: Path) -> None:
    (folder / "judges.yaml").write_text("detectors:\n  refusal: [\n")
    with pytest.raises(InvalidConfig, match=r"judges\.yaml: line 3: not YAML"):
        load(folder)


def test_a_model_without_run_cannot_be_asked(folder: Path) -> None:
    (folder / "models/published.yaml").write_text("models: {known: {display_name: Known, kind: llm}}")
    edit(folder / "studies/miniature.yaml", "  - unified-seed*\n", "  - unified-seed*\n  - known\n")
    with pytest.raises(InvalidConfig, match="'known' has no section 'run'"):
        load(folder)


def test_defaults_are_merged_section_by_section() -> None:
    defaults = {"run": {"adapter": "janus", "decoding": {"max_new_tokens": 8}}, "kind": "unified"}
    own = {"run": {"decoding": {"do_sample": True}}}
    assert merge(defaults, own) == {
        "run": {"adapter": "janus", "decoding": {"max_new_tokens": 8, "do_sample": True}},
        "kind": "unified",
    }


def test_the_fingerprint_covers_what_answers_depend_on_and_nothing_else(folder: Path) -> None:
    entry = load(folder).models["unified-seed0"]
    assert entry.run is not None
    before = entry.run.fingerprint()
    slower = entry.run.model_copy(update={"batch_size": 1})
    longer = entry.run.model_copy(
        update={
            "decoding": entry.run.decoding.model_copy(update={"max_new_tokens": entry.run.decoding.max_new_tokens + 1})
        }
    )
    assert slower.fingerprint() == before
    assert longer.fingerprint() != before
    # A default that is written out is the same configuration.
    written = type(entry.run).model_validate(entry.run.model_dump())
    assert written.fingerprint() == before


def test_the_fingerprint_of_a_judge_covers_what_it_says_and_not_where_it_runs(folder: Path) -> None:
    entry = load(folder).judging.judges["llama_guard_3"]
    plain = PluginEntry(plugin=entry.plugin, options=entry.options)
    assert entry.gpus == 1 and entry.fingerprint("judge") == plain.fingerprint("judge")
    smaller = entry.model_copy(update={"gpus": 0, "memory_gb": 1.0, "hours": 9.0})
    assert smaller.fingerprint("judge") == entry.fingerprint("judge")
    other = entry.model_copy(update={"options": {**entry.options, "max_tokens": 9}})
    assert other.fingerprint("judge") != entry.fingerprint("judge")


def test_what_a_provider_charges_decides_no_judgement(root: Path) -> None:
    entry = load_settings(read_yaml(root / "config" / "config.yaml"), root / "config").judging.judges["llm_openai"]
    assert {"price", "limits"} <= set(entry.options)
    free = {name: value for name, value in entry.options.items() if name not in ("price", "limits")}
    assert entry.model_copy(update={"options": free}).fingerprint("judge") == entry.fingerprint("judge")
    other = entry.model_copy(update={"options": {**entry.options, "model": "another"}})
    assert other.fingerprint("judge") != entry.fingerprint("judge")


def test_the_schemas_on_disk_are_those_of_the_code(root: Path) -> None:
    for name, schema in schemas().items():
        stored = json.loads((root / f"workflow/schemas/{name}.schema.json").read_text())
        assert stored == json.loads(json.dumps(schema)), f"run `make schemas`: {name}.schema.json has drifted"


def test_every_key_is_documented(root: Path) -> None:
    text = (root / "config/README.md").read_text()
    for schema in schemas().values():
        sections = [schema, *schema.get("$defs", {}).values()]
        for key in (key for section in sections for key in section.get("properties", {})):
            assert f"`{key}`" in text, f"config/README.md does not explain `{key}`"
