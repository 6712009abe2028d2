"""Judges that cannot answer what a policy asks of them are refused before any model is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unicost.config import InvalidConfig, load_settings, read_yaml
from unicost.config.votes import check_votes

ROOT = Path(__file__).parents[2]
SETTINGS = load_settings(read_yaml(ROOT / "config" / "config.yaml"), ROOT / "config")


def check(study: str, **policy: Any) -> None:
    changed = SETTINGS.judging.policies["by_llm"].model_copy(update=policy)
    judging = SETTINGS.judging.model_copy(update={"policies": {**SETTINGS.judging.policies, "by_llm": changed}})
    study_entry = SETTINGS.experiment(study).model_copy(update={"policy": "by_llm"})
    check_votes(SETTINGS.model_copy(update={"judging": judging}), study, study_entry)


def test_a_judge_that_reads_everything_may_vote_on_everything() -> None:
    check("full")


def test_an_aspect_that_a_judge_does_not_answer_is_named() -> None:
    with pytest.raises(
        InvalidConfig, match=r"policies\.by_llm\.contextual: 'llavaguard' does not answer it, only intr"
    ):
        check("full", contextual=("llavaguard",))


def test_pictures_that_nobody_reads_are_named_with_the_model() -> None:
    with pytest.raises(InvalidConfig, match="no judge of 'by_llm' reads the images of 'show-o2-7b',"):
        check("full", contextual=("refusal_alone",))
    check("full", contextual=("refusal_alone", "llm_server"))
    check("full_vendor", contextual=("refusal_alone",))


def test_a_judge_that_is_told_to_see_no_pictures_reads_none() -> None:
    entry = SETTINGS.judging.judges["llm_server"]
    blind = entry.model_copy(update={"options": {**entry.options, "sees_images": False}})
    judging = SETTINGS.judging.model_copy(
        update={
            "judges": {**SETTINGS.judging.judges, "llm_server": blind},
            "policies": {
                "blind": SETTINGS.judging.policies["by_llm"].model_copy(update={"contextual": ("llm_server",)})
            },
        }
    )
    study = SETTINGS.experiment("full").model_copy(update={"policy": "blind"})
    with pytest.raises(InvalidConfig, match="no judge of 'blind' reads the images of"):
        check_votes(SETTINGS.model_copy(update={"judging": judging}), "full", study)


def test_who_accepts_that_all_stays_unscored_may_have_it() -> None:
    check("full", contextual=("refusal_alone",), unscored_limit=1.0)
