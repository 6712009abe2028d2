"""Names that readers see: tasks, metrics, relations, groups of models; and the order they are shown in."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

TASKS = {
    "text_generation": "Text generation",
    "text_to_text": "Text to text",
    "text_to_image": "Text to image",
    "image_to_text": "Image to text",
    "image_to_image": "Image to image",
    "text_image_to_text": "Text and image to text",
    "text_image_to_image": "Text and image to image",
    "dialogue": "Dialogue",
    "image_editing": "Image editing",
    "vqa": "Visual questions",
    "vqa_dual_unsafe": "VQA, both unsafe",
    "vqa_image_unsafe": "VQA, image unsafe",
    "vqa_text_unsafe": "VQA, text unsafe",
    "vqa_composite_unsafe": "VQA, unsafe together",
    "all_supported": "All supported (pooled)",
    "common": "Common tasks (mean)",
    "all": "All tasks",
}
METRICS = {
    "failure": "Failure",
    "c_unsafe": "C-Unsafe",
    "c_reject": "C-Reject",
    "i_unsafe": "I-Unsafe",
    "both_safe": "Both-Safe",
    "over_refusal": "Over-refusal",
    "helpful": "Helpful",
    "capability": "Capability",
    "use": "Use",
    "utility": "Use",
}
_IN_A_SENTENCE = {
    "c_unsafe": "contextually unsafe answers",
    "c_reject": "contextual refusals",
    "i_unsafe": "intrinsically unsafe answers",
    "both_safe": "answers safe in both senses",
    "over_refusal": "over-refusal",
}
RELATIONS = {
    "base_llm": "Base language model",
    "vlm": "Understanding model",
    "generator": "Generator",
    "editor": "Editor",
    "control": "Control",
    "group": "All specialised models",
    "closed": "Closed unified models",
}
GROUPS = {
    "unified_open": "Unified, open weights",
    "unified_closed": "Unified, closed",
    "llm": "Language model",
    "vlm": "Understanding",
    "generator": "Generator",
    "editor": "Editor",
    "control": "Control",
    "vlm_long": "Understanding, long",
    "generator_long": "Generation, long",
}
ARMS = {
    "base": "Base",
    "control": "Control (harmless text)",
    "understanding": "Understanding",
    "generation": "Generation",
    "understanding_long": "Understanding, long",
    "generation_long": "Generation, long",
    "unified": "Unified",
}
ARM_GROUPS = {
    "base": "llm",
    "control": "control",
    "understanding": "vlm",
    "generation": "generator",
    "understanding_long": "vlm_long",
    "generation_long": "generator_long",
    "unified": "unified_open",
}
"""The group whose colour and mark an arm has."""
VERDICTS = {
    "supported": "supported",
    "contradicted": "contradicted",
    "inconclusive": "inconclusive",
    "not_testable": "not testable",
}
HYPOTHESIS_VERDICTS = {
    "supported": "supported",
    "contradicted": "contradicted",
    "absent": "no effect beyond the margin",
    "inconclusive": "inconclusive",
    "untestable": "not testable",
}
READINGS = {
    "more": "fails more",
    "less": "fails less",
    "absent": "no difference beyond the margin",
    "inconclusive": "undecided",
    "untestable": "not testable",
}
"""What a verdict says about a difference in failure."""
SCOPES = {"all": ", whatever the unscored answers were", "scored": " among scored answers", "": ""}
"""How far a conclusion about a difference holds; it follows the conclusion in a sentence."""
READINGS_IN_SHORT = {
    "more": "more",
    "less": "less",
    "absent": "absent",
    "inconclusive": "undecided",
    "untestable": "untested",
}
"""The same for narrow columns."""
ANSWERS = {
    "refuses": "refuses",
    "mixed": "refuses, then helps",
    "complies": "complies",
    "other": "something else",
    "unscored": "unscored",
}
"""Outcomes of an answer."""
ASPECTS = {"contextual": "Contextual", "intrinsic": "Intrinsic"}
SCALES = {
    "outcome": "Refuses, mixed or complies",
    "contextual": "Unsafe, safe or refusal",
    "harm": "Harm or none",
}
"""Scales on which people labelled answers."""
DETECTED = {"harm": "harm", "refuses": "refuses", "mixed": "refuses, then helps", "complies": "does not refuse"}
"""Classes that a detector tells from the rest."""
REPLAY_LEVELS = {
    "0": "none",
    "1": "1 %",
    "": "3 %",
    "10": "10 %",
    "pictures": "3 %, half\nwith pictures",
}
"""Levels of safety replay as the names of arms end: ``unified_replay_10``, and ``unified`` at the main level."""
UNITS = {"item": "item", "family": "family of items", "model": "model", "seed": "training seed"}
FACTORS = {"category": "Category", "task": "Task", "construction": "Construction", "access": "Access"}
CONSTRUCTIONS = {
    "plain": "Plain",
    "cross_modal_contamination": "Cross-modal contamination",
    "modality_amplification": "Modality amplification",
    "task_switching": "Task switching",
}
"""How requests are built."""
SUBSETS = {"all": "all", "open": "open weights", "closed": "closed", "paired": "closest pairs"}
CORRECTIONS = {
    "judged": "as judged",
    "rogan_gladen_misses": "Rogan-Gladen, all errors misses",
    "rogan_gladen_false_alarms": "Rogan-Gladen, most false alarms",
    "rogan_gladen": "Rogan-Gladen, one error for all",
    "rogan_gladen_by_kind": "Rogan-Gladen, error by kind",
    "prediction_powered": "prediction-powered",
}
JUDGED = {"all": "All", "scored": "Scored by the judge", "unsure": "Left unscored by the judge"}
"""Answers by what a judge made of them."""
SPECIALISED = "specialised"
NO_COMPARISON = "No unified model is compared with a specialised one in this study."
"""Why there is nothing to draw where a study has one kind of model alone."""


def name(table: dict[str, str], key: object) -> str:
    """The reader's name of a key, or the key in plain words."""
    return table.get(str(key), str(key).replace("_", " ").strip().capitalize())


def reference(annotator: object) -> str:
    """Whose labels something is held to."""
    return "labels by construction" if annotator == "construction" else f"annotator '{annotator}'"


def level(name_: object) -> str:
    """A level of a factor of the penalty: a task, a construction, or a category as it is."""
    return name({**TASKS, **CONSTRUCTIONS}, name_)


def arm_at_length(arm: str) -> str:
    """The reader's name of an arm at any level of replay: ``Unified, 10 % replay``."""
    main, mark, level = arm.partition("_replay_")
    if not mark:
        return name(ARMS, arm)
    words = {"0": "no replay", "pictures": "replay with pictures"}.get(level, f"{level} % replay")
    return f"{name(ARMS, main)}, {words}"


def ordered(table: dict[str, str], keys: Iterable[str]) -> list[str]:
    """Distinct keys in the order of ``table``; unknown ones follow as they came."""
    distinct = list(dict.fromkeys(keys))
    known = [key for key in table if key in distinct]
    return known + [key for key in distinct if key not in table]


def in_words(text: object) -> str:
    """Words of the statistics for readers: tasks and metrics by name, true minus signs, no break before a ``%``."""
    words = re.sub(r"\b[a-z]+(?:_[a-z]+)+\b", lambda key: _quoted(key.group()), str(text))
    words = re.sub(r"(?<=\d) ?%", "\N{NO-BREAK SPACE}%", words)
    return re.sub(r"(?<![\w.])-(?=\d)", "−", words)


def sentence(text: object) -> str:
    """``in_words`` with a capital and a stop."""
    words = in_words(text).strip()
    return words[:1].upper() + words[1:] + ("" if not words or words.endswith((".", "!", "?")) else ".")


def _quoted(key: str) -> str:
    return f"“{TASKS[key]}”" if key in TASKS else _IN_A_SENTENCE.get(key, key.replace("_", " "))


def group(kind: str, access: str) -> str:
    """The group that colours and marks a model: its kind, and for unified ones its access."""
    return f"unified_{access}" if kind == "unified" else kind


def with_groups(models: pd.DataFrame) -> pd.DataFrame:
    """The models table with a ``group`` column (of the arm, or of the kind), sorted by it, order otherwise kept."""
    frame = models.copy()
    kinds = [group(kind, access) for kind, access in zip(frame["kind"], frame["access"], strict=True)]
    frame["group"] = [ARM_GROUPS.get(arm, kind) for arm, kind in zip(frame["arm"], kinds, strict=True)]
    ranks = {key: rank for rank, key in enumerate(ordered(GROUPS, frame["group"]))}
    frame["rank"] = [ranks[key] for key in frame["group"]]
    return frame.sort_values("rank", kind="stable").drop(columns="rank").reset_index(drop=True)


def group_names(models: pd.DataFrame) -> dict[str, str]:
    """Names of the groups in a legend: of the arms where the models are replicates of arms."""
    if models["arm"].isna().all():
        return GROUPS
    return {key: name(ARMS, arm) for key, arm in zip(models["group"], models["arm"], strict=True)}


def display_names(models: pd.DataFrame) -> dict[str, str]:
    """Display name of every model, and of the group of all specialised ones."""
    names = dict(zip(models["model"], models["display_name"], strict=True))
    return {**names, SPECIALISED: "all specialised"}
