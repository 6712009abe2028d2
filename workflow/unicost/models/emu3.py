"""Emu3 in transformers' port: one architecture that reads images and draws them, token by token."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from unicost.checkpoints.loading import BadCheckpoint, load_model, load_tokenizer, model_type
from unicost.checkpoints.multimodal import load_processor, messages
from unicost.config import DRAWS, WRITES, Decoding
from unicost.interfaces import Answer
from unicost.models import images
from unicost.models.conversation import Unanswerable, checked_template, converse, opening, render
from unicost.models.decoding import generate_text, generation_config, sampling
from unicost.models.token_grid import TokenGrid
from unicost.records import Instance, Task, Turn

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image as Picture


class Emu3:
    """Adapter of ``Emu3ForConditionalGeneration`` checkpoints.

    Emu3 is published as one checkpoint that writes (Emu3-Chat) and another that draws (Emu3-Gen), which nothing in
    their files tells apart: a model's entry names, under ``tasks``, those of its checkpoint.

    Editing is not among the tasks. The port's processor refuses images where one is to be drawn, and neither
    checkpoint is trained to draw after an image; that the tokens would fit into one sequence makes no editor of it.

    When it writes, the prompt is what the chat template makes of the turns; the checkpoint's makers ask Emu3-Chat about
    images alone, so plain text is outside of what it was made for. Images are read as their tokens, each by itself: the
    library pads the images of a batch to one size, and its tokeniser attends to the padding.

    When it draws, the prompt is the text of the request, a system prompt before it and ``prompt_suffix`` behind it;
    ``max_new_tokens`` and ``repetition_penalty`` do not apply, for an image has a fixed number of tokens. Emu3-Gen's
    own settings are sampling with ``top_k`` 2048, ``guidance_scale`` 3, and a suffix and a negative prompt about
    quality; guidance with an empty negative prompt is the neutral choice, and the default.
    """

    version: ClassVar[int] = 1
    packages: ClassVar[tuple[str, ...]] = ("torch", "transformers", "safetensors", "tokenizers")
    tasks: ClassVar[frozenset[Task]] = frozenset(
        {Task.TEXT_TO_TEXT, Task.DIALOGUE, Task.IMAGE_TO_TEXT, Task.TEXT_IMAGE_TO_TEXT, Task.TEXT_TO_IMAGE}
    )
    heeds_writing: ClassVar[frozenset[str]] = WRITES
    heeds_drawing: ClassVar[frozenset[str]] = DRAWS

    def __init__(
        self,
        *,
        dtype: str = "float32",
        decoding: Decoding | None = None,
        system_prompt: str | None = None,
        device: str = "cpu",
        chat_template: str | None = None,
        ratio: str = "1:1",
        image_area: int = 518400,
        prompt_suffix: str = "",
        negative_prompt: str = "",
    ) -> None:
        """``dtype`` and ``device`` are torch's names; ``system_prompt`` opens every conversation, none by default.

        ``chat_template`` is Jinja text that is used instead of the checkpoint's own. A drawn image has about
        ``image_area`` pixels, and ``ratio`` of width to height. Raises ``ValueError`` where an option is none.
        """
        if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", ratio):
            raise ValueError(f"adapter 'emu3': option 'ratio' must be width:height, such as 4:3, not {ratio!r}")
        if not (isinstance(image_area, int) and image_area > 0):
            raise ValueError(f"adapter 'emu3': option 'image_area' must be a number of pixels, not {image_area!r}")
        self._dtype, self._device = dtype, device
        self._decoding = decoding or Decoding()
        self._system_prompt = system_prompt
        self._chat_template = checked_template(chat_template)
        self._ratio, self._image_area = ratio, image_area
        self._prompt_suffix, self._negative_prompt = prompt_suffix, negative_prompt
        self._model: Any = None
        self._processor: Any = None

    def unsupported(self, instance: Instance) -> str | None:
        """Why the instance cannot be asked: an image is drawn from one text, which has no turns."""
        turns = sum(turn.role != "system" for turn in instance.turns)
        if instance.task is Task.TEXT_TO_IMAGE and turns > 1:
            return f"Emu3 draws from one text, and the request has {turns} turns"
        return None

    def load(self, weights: Path) -> None:
        """Load the checkpoint folder; raises ``BadCheckpoint``."""
        from transformers import AutoConfig, Emu3ForConditionalGeneration

        architecture = model_type(weights)
        if architecture != "emu3":
            raise BadCheckpoint(f"{weights}: a '{architecture}' checkpoint is not an Emu3 model of this kind")
        config = AutoConfig.from_pretrained(weights, local_files_only=True)
        self._processor = load_processor(weights, config, load_tokenizer(weights), self._chat_template)
        self._model = load_model(Emu3ForConditionalGeneration, weights, self._dtype, self._device)

    def answer(self, instances: Sequence[Instance], seeds: Sequence[int]) -> list[Answer]:
        """Answer a batch: text as ``conversation`` describes it, an image from the request's text."""
        answers = [Answer()] * len(instances)
        for draws, reply in ((False, self._write), (True, self._draw)):
            chosen = [k for k, instance in enumerate(instances) if (instance.task is Task.TEXT_TO_IMAGE) == draws]
            if chosen:
                replies = reply([instances[k] for k in chosen], [seeds[k] for k in chosen])
                for k, answer in zip(chosen, replies, strict=True):
                    answers[k] = answer
        return answers

    def close(self) -> None:
        """Free the model."""
        self._model = self._processor = None

    def _write(self, instances: list[Instance], seeds: list[int]) -> list[Answer]:
        return converse(instances, seeds, self._system_prompt, self._reply)

    def _reply(self, histories: list[list[Turn]], seeds: list[int]) -> list[Answer]:
        prompts = [render(self._processor, messages(history)) for history in histories]
        pictures = [images.decode(image) for history in histories for turn in history for image in turn.images]
        return generate_text(
            self._model,
            self._processor.tokenizer,
            prompts=prompts,
            inputs=self._tokenise(prompts, pictures),
            decoding=self._decoding,
            seeds=seeds,
        )

    def _tokenise(self, prompts: list[str], pictures: Sequence[Picture] = ()) -> Any:
        """Left-padded ids and attention mask on the model's device, the pictures' tokens in their places.

        The processor puts a start token before every prompt, whatever ``add_special_tokens`` says.
        """
        start = self._processor.tokenizer.bos_token
        inputs = self._processor(
            text=[prompt.removeprefix(start) for prompt in prompts],
            images=list(pictures) or None,
            padding=True,
            add_special_tokens=False,
            return_tensors="pt",
        ).to(self._device)
        if pictures:
            places = inputs["input_ids"] == self._processor.image_token_id
            inputs["input_ids"][places] = self._image_tokens(inputs.pop("pixel_values"), inputs.pop("image_sizes"))
        return inputs

    def _image_tokens(self, pixels: torch.Tensor, sizes: torch.Tensor) -> torch.Tensor:
        """The tokens of padded images (items, 3, height, width), one image after the other."""
        import torch

        with torch.inference_mode():
            apart = [
                self._model.model.get_image_tokens(image[None, :, :height, :width], [(height, width)])
                for image, (height, width) in zip(pixels, sizes.tolist(), strict=True)
            ]
        return torch.cat(apart).long()

    def _draw(self, instances: list[Instance], seeds: list[int]) -> list[Answer]:
        """One image an item. Tokens are decoded item by item, so that the bytes do not depend on the batch."""
        processor = self._processor
        height, width = processor.calculate_generate_size(self._ratio, self._image_area, processor.downsample_ratio)
        frame = f"{processor.image_start_token}{height}*{width}{processor.fake_token_around_image}"
        prompts = [self._description(instance) + self._prompt_suffix + frame for instance in instances]
        inputs = self._tokenise(prompts)
        rows = self._drawn_tokens(inputs, self._tokenise([self._negative_prompt + frame]), height, width, seeds)
        sizes = inputs["attention_mask"].sum(-1).tolist()
        return [
            Answer(
                image_png=self._png(row, height, width),
                finish_reason="stop",
                prompt_tokens=size,
                completion_tokens=len(row),
                prompt=prompt,
            )
            for prompt, size, row in zip(prompts, sizes, rows, strict=True)
        ]

    def _description(self, instance: Instance) -> str:
        return " ".join(turn.text for turn in [*opening(self._system_prompt), *instance.turns])

    def _drawn_tokens(self, inputs: Any, negative: Any, height: int, width: int, seeds: list[int]) -> torch.Tensor:
        """Image tokens (items, tokens of an image) by the library's ``generate``, guided away from ``negative``."""
        from transformers import GenerationMixin, LogitsProcessorList

        tokenizer, model, scale = self._processor.tokenizer, self._model, self._decoding.guidance_scale
        grid = TokenGrid(
            height,
            width,
            visual=model.vocabulary_mapping.image_tokens,
            line_end=model.vocabulary_mapping.eol_token_id,
            closing=[tokenizer.eof_token_id, tokenizer.eoi_token_id, tokenizer.eos_token_id],
            device=self._device,
        )
        longest, context = inputs["input_ids"].shape[1], model.config.get_text_config().max_position_embeddings
        if longest + len(grid) > context:
            raise Unanswerable(
                f"the prompt has {longest} tokens, the image {len(grid)}, and the model's context holds {context}"
            )
        output = GenerationMixin.generate(
            model,
            **inputs,
            generation_config=generation_config(
                model, tokenizer, max_new_tokens=len(grid), repetition_penalty=1.0, guidance_scale=scale
            ),
            logits_processor=LogitsProcessorList([grid, *sampling(self._decoding, seeds, len(grid))]),
            negative_prompt_ids=negative["input_ids"].repeat(len(seeds), 1),
            negative_prompt_attention_mask=negative["attention_mask"].repeat(len(seeds), 1),
        )
        drawn: torch.Tensor = output[:, longest:]
        return drawn

    def _png(self, tokens: torch.Tensor, height: int, width: int) -> bytes:
        """Decode one image; values are rounded, where the library's own post-processing cuts them off."""
        decoded = self._model.decode_image_tokens(image_tokens=tokens[None], height=height, width=width)[0]
        processor = self._processor.image_processor
        unit = processor.unnormalize(
            decoded.float().cpu().numpy(), processor.image_mean, processor.image_std, "channels_first"
        )
        return images.png((unit * 255).round().clip(0, 255).astype("uint8").transpose(1, 2, 0))
