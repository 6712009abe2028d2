"""Any decoder-only language model that transformers knows: text in, text out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from unicost.checkpoints.loading import BadCheckpoint, chat_template, load_model, load_tokenizer, model_type
from unicost.config import WRITES, Decoding
from unicost.interfaces import Answer
from unicost.models.conversation import Unanswerable, checked_template, converse, render
from unicost.models.decoding import generate_text
from unicost.records import Instance, Task, Turn


class CausalLM:
    """Adapter of ``AutoModelForCausalLM`` checkpoints (Llama, Qwen, DeepSeek, ...).

    The prompt is what the checkpoint's chat template makes of the turns, and holds all special tokens, as
    ``apply_chat_template`` has it. No template is guessed; one that the checkpoint lacks, or the prompt of another
    model that this one is to be asked with, is given as an option. An image in the request is an error of that item.
    """

    version: ClassVar[int] = 3
    packages: ClassVar[tuple[str, ...]] = ("torch", "transformers", "safetensors", "tokenizers")
    tasks: ClassVar[frozenset[Task]] = frozenset({Task.TEXT_TO_TEXT, Task.DIALOGUE})
    heeds_writing: ClassVar[frozenset[str]] = WRITES

    def __init__(
        self,
        *,
        dtype: str = "float32",
        decoding: Decoding | None = None,
        system_prompt: str | None = None,
        device: str = "cpu",
        chat_template: str | None = None,
    ) -> None:
        """``dtype`` and ``device`` are torch's names; ``system_prompt`` opens every conversation, none by default.

        ``chat_template`` is Jinja text that is used instead of the checkpoint's own.
        """
        self._dtype, self._device = dtype, device
        self._decoding = decoding or Decoding()
        self._system_prompt = system_prompt
        self._chat_template = checked_template(chat_template)
        self._model: Any = None
        self._tokenizer: Any = None

    def load(self, weights: Path) -> None:
        """Load the checkpoint folder; raises ``BadCheckpoint``."""
        from transformers import AutoModelForCausalLM
        from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

        architecture = model_type(weights)
        if architecture not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
            raise BadCheckpoint(f"{weights}: a '{architecture}' checkpoint is not a causal language model")
        self._tokenizer = load_tokenizer(weights)
        self._tokenizer.chat_template = chat_template(weights, self._chat_template, self._tokenizer.chat_template)
        self._model = load_model(AutoModelForCausalLM, weights, self._dtype, self._device)

    def answer(self, instances: Sequence[Instance], seeds: Sequence[int]) -> list[Answer]:
        """Answer a batch of conversations; see ``conversation`` for which turns are answered."""
        return converse(instances, seeds, self._system_prompt, self._reply)

    def close(self) -> None:
        """Free the model."""
        self._model = self._tokenizer = None

    def _reply(self, histories: list[list[Turn]], seeds: list[int]) -> list[Answer]:
        if any(turn.images for history in histories for turn in history):
            raise Unanswerable("the request holds an image, which a language model cannot see")
        prompts = [render(self._tokenizer, _messages(history)) for history in histories]
        inputs = self._tokenizer(
            prompts, padding=True, add_special_tokens=False, return_token_type_ids=False, return_tensors="pt"
        ).to(self._device)
        return generate_text(
            self._model, self._tokenizer, prompts=prompts, inputs=inputs, decoding=self._decoding, seeds=seeds
        )


def _messages(history: list[Turn]) -> list[dict[str, Any]]:
    return [{"role": turn.role, "content": turn.text} for turn in history]
