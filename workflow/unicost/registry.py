"""Plugin names and the classes behind them, imported only when they are used."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any

PLUGINS: dict[str, dict[str, str]] = {
    "source": {
        "bundled": "unicost.benchmark.bundled.source:Bundled",
        "miniature_world": "unicost.miniature.source:MiniatureWorld",
        "uni_safebench": "unicost.benchmark.sources.uni_safebench:UniSafeBench",
        "unisafe": "unicost.benchmark.sources.unisafe:UniSafe",
        "hub": "unicost.benchmark.sources.hub:Hub",
        "files": "unicost.benchmark.sources.files:Files",
    },
    "labelled": {
        "xstest_responses": "unicost.benchmark.labelled.xstest:XsTestResponses",
        "gptfuzzer_responses": "unicost.benchmark.labelled.gptfuzzer:GptFuzzerResponses",
        "jailbreakbench_responses": "unicost.benchmark.labelled.jailbreakbench:JailbreakBenchResponses",
    },
    "adapter": {
        "causal_lm": "unicost.models.causal_lm:CausalLM",
        "clip": "unicost.models.clip:Clip",
        "emu3": "unicost.models.emu3:Emu3",
        "gemini": "unicost.models.gemini:GeminiAdapter",
        "image_editor": "unicost.models.image_editor:ImageEditor",
        "janus": "unicost.models.janus:Janus",
        "llama_cpp": "unicost.models.llama_cpp:LlamaCpp",
        "openai_chat": "unicost.models.openai_chat:OpenAIChatAdapter",
        "openai_images": "unicost.models.openai_images:OpenAIImagesAdapter",
        "text_to_image": "unicost.models.text_to_image:TextToImage",
        "transformers_serve": "unicost.models.transformers_serve:TransformersServe",
        "vision_language": "unicost.models.vision_language:VisionLanguage",
        "worker": "unicost.models.worker:Worker",
    },
    "weights": {
        "miniature": "unicost.miniature.weights:unpack",
        "folder": "unicost.models.weights:link_folder",
        "hub": "unicost.checkpoints.hub:download",
        "package": "unicost.models.package_weights:link_file",
        "provider": "unicost.models.provider_weights:name_model",
    },
    "detector": {
        "refusal": "unicost.judging.detectors.refusal:Refusal",
        "refusal_rules": "unicost.judging.detectors.refusal_rules:RefusalRules",
        "first_token": "unicost.judging.detectors.first_token:FirstToken",
        "pii_text": "unicost.judging.detectors.pii_text:PersonalData",
        "slurs": "unicost.judging.detectors.slurs:Slurs",
        "stereotypes": "unicost.judging.detectors.stereotypes:Stereotypes",
        "threats": "unicost.judging.detectors.threats:Threats",
        "operational_help": "unicost.judging.detectors.operational_help:OperationalHelp",
        "false_claims": "unicost.judging.detectors.false_claims:FalseClaims",
        "blank_image": "unicost.judging.detectors.blank_image:BlankImage",
        "image_text": "unicost.judging.detectors.image_text:ImageText",
        "id_layout": "unicost.judging.detectors.id_layout:IdLayout",
        "image_classifier": "unicost.judging.detectors.image_classifier:ImageClassifier",
        "nudity": "unicost.judging.detectors.nudity:Nudity",
        "miniature_text": "unicost.miniature.detectors:HarmfulAdvice",
        "miniature_scene": "unicost.miniature.detectors:UnsafeScene",
    },
    "extractor": {
        "llm": "unicost.judging.extractor:LlmIntents",
    },
    "judge": {
        "llm": "unicost.judging.judges.llm:LlmJudge",
        "llama_guard_3": "unicost.judging.judges.guards.llama_guard:LlamaGuard3",
        "llama_guard_3_vision": "unicost.judging.judges.guards.llama_guard:LlamaGuard3Vision",
        "llama_guard_4": "unicost.judging.judges.guards.llama_guard:LlamaGuard4",
        "qwen3_guard": "unicost.judging.judges.guards.qwen3_guard:Qwen3Guard",
        "wildguard": "unicost.judging.judges.guards.wildguard:WildGuard",
        "harmbench": "unicost.judging.judges.guards.harmbench:HarmBench",
        "llavaguard": "unicost.judging.judges.guards.llavaguard:LlavaGuard",
        "shieldgemma_2": "unicost.judging.judges.guards.shieldgemma:ShieldGemma2",
        "text_classifier": "unicost.judging.judges.classifiers:TextClassifier",
        "image_classifier": "unicost.judging.judges.classifiers:ImageClassifier",
        "rules": "unicost.judging.judges.rules:Rules",
        "refusal_alone": "unicost.judging.judges.refusal_alone:RefusalAlone",
        "miniature_trained": "unicost.miniature.trained_judge:TrainedJudge",
    },
    "annotator": {
        "construction": "unicost.miniature.annotator:Construction",
    },
}


class UnknownName(ValueError):
    """A name that nothing answers to; the message names the nearest known ones."""


def did_you_mean(name: str, known: list[str]) -> str:
    """A clause for an error message: the nearest known name, or all of them."""
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(sorted(known)) or 'none'}"


def names(group: str) -> list[str]:
    """The plugin names of a group, sorted."""
    return sorted(PLUGINS[group])


def check(group: str, name: str) -> None:
    """Raise ``UnknownName`` unless ``name`` is a plugin of ``group``; imports nothing."""
    if name not in PLUGINS[group]:
        raise UnknownName(f"unknown {group} '{name}': {did_you_mean(name, names(group))}")


def resolve(group: str, name: str) -> Any:
    """Import and return the class (or function) of a plugin."""
    check(group, name)
    module, _, attribute = PLUGINS[group][name].partition(":")
    return getattr(import_module(module), attribute)
