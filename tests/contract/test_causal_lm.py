"""``causal_lm`` on the architectures of the study's language models, and chat templates that cannot work."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from unicost.checkpoints.loading import BadCheckpoint
from unicost.config import Decoding
from unicost.models.causal_lm import CausalLM
from unicost.models.transformers_serve import TransformersServe
from unicost.records import Task

from tests.contract.asking import TALKING, asked, build
from tests.data.language import settings, tokenizer


def qwen2(folder: Path) -> None:
    from transformers import Qwen2Config, Qwen2ForCausalLM

    Qwen2ForCausalLM(Qwen2Config(**settings())).save_pretrained(folder)


def qwen3(folder: Path) -> None:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    Qwen3ForCausalLM(Qwen3Config(**settings(), head_dim=8)).save_pretrained(folder)


@pytest.mark.parametrize("make", [qwen2, qwen3])
def test_a_batch_of_each_architecture_equals_its_items_one_by_one(make: Callable[[Path], None], tmp_path: Path) -> None:
    import torch

    torch.manual_seed(0)
    make(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    adapter: Any = CausalLM(decoding=Decoding(max_new_tokens=8))
    adapter.load(tmp_path)
    items = asked(Task.TEXT_TO_TEXT)
    together = adapter.answer(items, list(range(len(items))))
    alone = [adapter.answer([item], [seed])[0] for seed, item in enumerate(items)]
    assert [answer.text for answer in together] == [answer.text for answer in alone]
    assert len({answer.text for answer in together}) > 1


def test_a_checkpoint_without_a_chat_template_is_not_served(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(checkpoints["causal_lm"], tmp_path / "weights")
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(BadCheckpoint, match="has no chat template"):
        TransformersServe().load(folder)


@pytest.mark.parametrize("name", [name for name in TALKING if name != "janus"])
def test_a_template_that_is_not_jinja_is_refused_before_anything_is_loaded(name: str) -> None:
    with pytest.raises(ValueError, match="option 'chat_template' is no Jinja template"):
        build(name, chat_template="{% for x in %}")
    build(name, chat_template="{% generation %}{{ messages[0]['content'] }}{% endgeneration %}")
