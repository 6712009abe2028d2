"""An entry that its adapter cannot run as it says is refused before the DAG, in a sentence with file and key."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from unicost import registry
from unicost.config import InvalidConfig, Settings, load_settings, read_yaml
from unicost.options import build, parameters

HUB = {"weights": "hub", "checkpoint": "owner/name", "revision": "main"}
API = {"weights": "provider", "checkpoint": "openai/one"}
WRITER = {"adapter": "causal_lm", **HUB}
PAINTER = {"adapter": "text_to_image", **HUB}
EDITOR = {"adapter": "image_editor", **HUB}
SERVED_PAINTER = {"adapter": "openai_images", **API}
SERVED = {"adapter": "openai_chat", **API}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the configuration with one model more."""
    folder = tmp_path_factory.mktemp("project") / "config"
    return Path(shutil.copytree(Path(__file__).parents[2] / "config", folder))


def load(folder: Path, name: str, **run: Any) -> Settings:
    entry = {"display_name": "Mine", "kind": "llm", "run": run}
    (folder / "models" / "mine.yaml").write_text(yaml.safe_dump({"models": {name: entry}}))
    return load_settings(read_yaml(folder / "config.yaml"), folder)


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (WRITER | {"tasks": ["text_to_image"]}, "tasks: adapter 'causal_lm' cannot do text_to_image; it does"),
        (
            WRITER | {"tasks": ["text_to_text", "image_to_text"]},
            "tasks: adapter 'causal_lm' cannot do image_to_text; it does dialogue, text_to_text",
        ),
        (PAINTER | {"decoding": {"temperature": 0.5}}, "decoding.temperature: adapter 'text_to_image' does not"),
        (EDITOR | {"decoding": {"max_new_tokens": 1024}}, "decoding.max_new_tokens: adapter 'image_editor' does not"),
        (EDITOR | {"vendor_decoding": {"do_sample": True}}, "vendor_decoding.do_sample: adapter 'image_editor' does"),
        (SERVED_PAINTER | {"decoding": {"top_p": 0.5}}, "decoding.top_p: adapter 'openai_images' does not"),
        (WRITER | {"decoding": {"guidance_scale": 3}}, "decoding.guidance_scale: adapter 'causal_lm' does not heed"),
        (
            HUB | {"adapter": "emu3", "tasks": ["text_to_image"], "decoding": {"max_new_tokens": 8}},
            "decoding.max_new_tokens: adapter 'emu3' does not heed it; it heeds do_sample, guidance_s",
        ),
        (
            HUB | {"adapter": "janus", "image_decoding": {"repetition_penalty": 1.1}},
            "image_decoding.repetition_penalty: adapter 'janus' does not heed it",
        ),
        (PAINTER | {"system_prompt": "Draw."}, "run: system_prompt: a diffusion pipeline has no system message"),
        (WRITER | {"weights": "provider", "checkpoint": "a/b", "revision": None}, "weights: adapter 'causal_lm' loads"),
        (SERVED | HUB, "weights: adapter 'openai_chat' asks an API; set it to 'provider'"),
        (WRITER | {"batch_size": "x"}, "batch_size: input should be a valid integer"),
        (WRITER | {"options": {"chat_template": 5}}, "options: chat_template: input should be a valid string, not 5"),
        (WRITER | {"options": {"chat_templat": "x"}}, "options: unknown option 'chat_templat': did you mean"),
        (WRITER | {"options": {"device": "cuda"}}, "options: unknown option 'device'"),
        (PAINTER | {"options": {"safety_checker": "yes"}}, "options: safety_checker: input should be a valid boolean"),
        (PAINTER | {"options": {"height": "tall"}}, "options: height: input should be a valid integer, "),
        (EDITOR | {"options": {"most_images": 1.5}}, "options: most_images: input should be a valid integer, "),
        (SERVED | {"options": {"strict_nam": True}}, "options: unknown option 'strict_nam': did you mean 'strict_na"),
        (SERVED | {"options": {"base_url": 8000}}, "options: base_url: input should be a valid string, not 8000"),
        (SERVED | {"options": {"model": "x"}}, "options: unknown option 'model'"),
        (SERVED_PAINTER | {"options": {"parameters": [1]}}, "options: parameters: input should be a valid dictionary"),
        (
            {"adapter": "llama_cpp", "weights": "folder", "checkpoint": "x", "options": {"threads": "two"}},
            "options: threads: input should be a valid integer, not 'two'",
        ),
    ],
)
def test_a_run_that_cannot_be_is_refused(shipped: Path, run: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidConfig) as error:
        load(shipped, "mine", **run)
    told = str(error.value)
    assert "config/models/mine.yaml: models.mine.run" in told
    assert sentence in told and "\n" not in told


@pytest.mark.parametrize("name", ["a.b/c", "My Model", ".hidden", "-first", "naïve", ""])
def test_a_name_that_no_file_can_have_is_refused(shipped: Path, name: str) -> None:
    with pytest.raises(
        InvalidConfig, match=r"mine\.yaml: models\..*cannot name a file; .*begins with a letter or digit"
    ):
        load(shipped, name, **WRITER)


def test_other_names_of_files_are_held_to_the_same(shipped: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(shipped, tmp_path / "config"))
    judges = folder / "judges.yaml"
    judges.write_text(judges.read_text().replace("  llm_server:\n", "  llm/server:\n", 1))
    with pytest.raises(InvalidConfig, match=r"judges\.yaml: judges\.llm/server: 'llm/server' cannot name a file"):
        load(folder, "mine", **WRITER)


def test_names_of_real_models_pass(shipped: Path) -> None:
    assert "Qwen2.5-7B_v0.1" in load(shipped, "Qwen2.5-7B_v0.1", **WRITER).models


def test_a_counterpart_that_leads_nowhere_is_named_with_its_file(shipped: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(shipped, tmp_path / "config"))
    file = folder / "models" / "emu3.yaml"
    file.write_text(file.read_text().replace("model: sdxl", "model: sdxxl"))
    with pytest.raises(InvalidConfig, match=r"config/models/emu3\.yaml: models\.emu3-gen\.counterparts: unknown name"):
        load(folder, "mine", **WRITER)


PLUGINS = [(group, name) for group in sorted(set(registry.PLUGINS) - {"weights"}) for name in registry.names(group)]


@pytest.mark.parametrize(("group", "name"), PLUGINS)
def test_the_types_of_all_options_can_be_read(group: str, name: str) -> None:
    plugin = registry.resolve(group, name)
    for option in parameters(plugin)[0]:
        with pytest.raises(ValueError, match=option):
            build(plugin, **{option: object()})
