"""The models of config/models/ fit together: what they are, how they are run and decoded, and what that depends on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from unicost import registry
from unicost.config import Decoding, InvalidConfig, ModelKind, ModelRun, Settings, load_settings, read_yaml
from unicost.records import Task

ROOT = Path(__file__).parents[2]
SETTINGS = load_settings(read_yaml(ROOT / "config" / "config.yaml"), ROOT / "config")
FULL = SETTINGS.study_models("full")
WRITES = {Task.TEXT_TO_TEXT, Task.TEXT_IMAGE_TO_TEXT}
QWEN = {"adapter": "causal_lm", "weights": "hub", "checkpoint": "Qwen/Qwen2.5-7B-Instruct", "revision": "main"}


def run_of(model: str) -> ModelRun:
    return SETTINGS.run_of("full", model)


@pytest.mark.parametrize("model", list(FULL))
def test_an_entry_names_its_licence_and_builds_its_adapter(model: str) -> None:
    run = run_of(model)
    assert run.licence and run.weights == ("provider" if FULL[model].access == "closed" else "hub")
    assert set(run.tasks or ()) <= registry.resolve("adapter", run.adapter).tasks
    assert run.build() is not None


def test_the_papers_models_are_all_run() -> None:
    published = SETTINGS.study_models("published")
    assert len(published) == 16
    assert set(published) <= set(FULL)


def test_counterparts_outside_a_study_are_left_out_of_it() -> None:
    tar = [other.model for other in SETTINGS.study_models("published")["tar-1.5b"].counterparts]
    assert tar == ["qwen2.5-7b-instruct", "qwen2.5-vl-7b-instruct"]
    assert "qwen2.5-1.5b-instruct" in [other.model for other in FULL["tar-1.5b"].counterparts]


def test_a_safety_checker_makes_a_second_entry_of_the_same_weights() -> None:
    for plain, filtered in (("sd-1.5", "sd-1.5-filtered"), ("instruct-pix2pix", "instruct-pix2pix-filtered")):
        alone, system = run_of(plain), run_of(filtered)
        assert alone.weights_fingerprint() == system.weights_fingerprint()
        assert {**alone.options, "safety_checker": True} == system.options
        assert FULL[filtered].kind is ModelKind.CONTROL, "it must not count twice among the specialised models"


def test_under_the_common_policy_every_text_is_decoded_alike() -> None:
    writers = [name for name in FULL if WRITES & set(SETTINGS.tasks_of("full", name))]
    assert {run_of(name).decoding for name in writers} == {Decoding()}
    assert Decoding().model_dump() | {"do_sample": False, "repetition_penalty": 1.0, "max_new_tokens": 1024} == (
        Decoding().model_dump()
    )


def test_under_the_vendors_policy_each_is_decoded_as_its_vendor_does() -> None:
    vendors = SETTINGS.study_models("full_vendor")
    for name, entry in vendors.items():
        run = entry.run
        assert run is not None and run.decoding == SETTINGS.models[name].run.vendor_decoding != Decoding()
        assert run == SETTINGS.run_of("full_vendor", name)
        assert run.fingerprint() != run_of(name).fingerprint()
        assert run.weights_fingerprint() == run_of(name).weights_fingerprint()
    others = {name for name, entry in FULL.items() if entry.run and entry.run.vendor_decoding and name not in vendors}
    assert not others, "study full_vendor leaves out a model that its vendor decodes otherwise"


@pytest.mark.parametrize(
    ("change", "answers", "weights"),
    [
        ({"licence": "MIT"}, False, False),
        ({"vendor_decoding": {"max_new_tokens": 8}}, False, False),
        ({"image_decoding": {"do_sample": True}}, True, False),
        ({"files": ["*.bin"], "revision": "0" * 40}, True, True),
        ({"parts": {"vae": {"checkpoint": "a/b", "revision": "main"}}}, True, True),
        ({"options": {"chat_template": "{{ bos_token }}"}}, True, False),
        ({"weights": "provider", "revision": None, "limits": {"concurrency": 9}}, True, True),
    ],
)
def test_what_answers_and_weights_depend_on(change: dict[str, Any], answers: bool, weights: bool) -> None:
    before, after = ModelRun(**QWEN), ModelRun(**QWEN | change)
    assert (before.fingerprint() != after.fingerprint()) == answers
    assert (before.weights_fingerprint() != after.weights_fingerprint()) == weights


def test_a_decoding_of_images_needs_an_adapter_that_has_two(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ROOT / "config", tmp_path / "config"))
    file = folder / "models" / "qwen.yaml"
    given = "licence: Apache-2.0\n      image_decoding: {do_sample: true}\n"
    file.write_text(file.read_text().replace("licence: Apache-2.0\n", given, 1))
    with pytest.raises(InvalidConfig, match="image_decoding: adapter 'causal_lm' has one decoding; set 'decoding'"):
        load(folder)


def test_an_option_of_a_pipeline_is_checked_by_the_adapter(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ROOT / "config", tmp_path / "config"))
    file = folder / "models" / "pixart.yaml"
    file.write_text(file.read_text().replace("num_inference_steps", "num_inference_step"))
    with pytest.raises(InvalidConfig, match="pixart-sigma.run.options: unknown key 'num_inference_step': did you mean"):
        load(folder)


def load(folder: Path) -> Settings:
    return load_settings(read_yaml(folder / "config.yaml"), folder)


def test_a_control_is_asked_with_the_prompt_of_a_descendant(tmp_path: Path) -> None:
    from unicost.models.causal_lm import CausalLM

    from tests.data.checkpoints import llama
    from tests.data.instances import instance

    llama(tmp_path / "llama")
    prompts = {}
    for name in ("qwen2.5-7b-instruct-as-bagel", "qwen2.5-1.5b-instruct-as-harmon", "deepseek-llm-7b-base"):
        model = CausalLM(decoding=Decoding(max_new_tokens=1), **run_of(name).options)
        model.load(tmp_path / "llama")
        (answer,) = model.answer([instance("one", "tell me why")], [0])
        prompts[name] = answer.prompt
    assert prompts == {
        # Bagel/modeling/bagel/bagel.py, prepare_prompts and prepare_start_tokens, at 056b5fd5.
        "qwen2.5-7b-instruct-as-bagel": "<|im_start|>tell me why<|im_end|><|im_start|>",
        # Harmon/configs/models/qwen2_5_1_5b_kl16_mar_h.py, INSTRUCTION, at 4eb60876.
        "qwen2.5-1.5b-instruct-as-harmon": "<|im_start|>user\ntell me why<|im_end|>\n<|im_start|>assistant\n",
        # The template of the chat model.
        "deepseek-llm-7b-base": "<s>User: tell me why\n\nAssistant:",
    }


def test_images_and_text_of_one_model_are_decoded_apart(tmp_path: Path) -> None:
    from unicost.models.janus import Janus

    from tests.data.checkpoints import janus
    from tests.data.instances import instance

    janus(tmp_path / "janus")
    wanted = [instance("one", "tell me why"), instance("two", "draw a cat", Task.TEXT_TO_IMAGE)]

    def answers(**decodings: Decoding) -> tuple[str | None, bytes | None]:
        model = Janus(**decodings)
        model.load(tmp_path / "janus")
        text, image = model.answer(wanted, [1, 2])
        return text.text, image.image_png

    greedy, sampled = Decoding(max_new_tokens=8), Decoding(max_new_tokens=8, do_sample=True)
    assert answers(decoding=greedy, image_decoding=sampled) == (
        answers(decoding=greedy)[0],
        answers(decoding=sampled)[1],
    )
    assert answers(decoding=greedy)[1] != answers(decoding=sampled)[1]
