"""Janus and Janus-Pro in transformers' port: one model that reads images and draws them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from unicost.checkpoints.loading import BadCheckpoint, chat_template, load_model, load_tokenizer, model_type
from unicost.checkpoints.multimodal import messages, tokenise
from unicost.config import DRAWS, WRITES, Decoding
from unicost.interfaces import Answer
from unicost.models import images
from unicost.models.conversation import converse, opening, render
from unicost.models.decoding import generate_text, sampling
from unicost.records import Instance, Task, Turn

if TYPE_CHECKING:
    import torch


class Janus:
    """Adapter of ``JanusForConditionalGeneration`` checkpoints.

    Editing is not among the tasks: in image mode the model sees no input image. When it draws, ``max_new_tokens`` and
    ``repetition_penalty`` do not apply: an image has a fixed number of tokens, none of them of the text's vocabulary.
    The system prompt opens every conversation, drawing included. Images are read and written with Pillow alone, so
    that an installed torchvision changes nothing.
    """

    version: ClassVar[int] = 3
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
        image_decoding: Decoding | None = None,
    ) -> None:
        """``dtype`` and ``device`` are torch's names; ``system_prompt`` opens every conversation, none by default.

        ``image_decoding`` is how images are decoded, as text is by default.
        """
        self._dtype, self._device = dtype, device
        self._decoding = decoding or Decoding()
        self._image_decoding = image_decoding or self._decoding
        self._system_prompt = system_prompt
        self._model: Any = None
        self._processor: Any = None

    def load(self, weights: Path) -> None:
        """Load the checkpoint folder; raises ``BadCheckpoint``."""
        from transformers import JanusForConditionalGeneration, JanusProcessor
        from transformers.models.janus.image_processing_pil_janus import JanusImageProcessorPil

        architecture = model_type(weights)
        if architecture != "janus":
            raise BadCheckpoint(f"{weights}: a '{architecture}' checkpoint is not a Janus model")
        tokenizer = load_tokenizer(weights)
        stored, _ = JanusProcessor.get_processor_dict(weights, local_files_only=True)
        template = chat_template(weights, stored.get("chat_template"), tokenizer.chat_template)
        self._model = load_model(JanusForConditionalGeneration, weights, self._dtype, self._device)
        self._processor = JanusProcessor(
            image_processor=JanusImageProcessorPil.from_pretrained(weights, local_files_only=True),
            tokenizer=tokenizer,
            chat_template=template,
            num_image_tokens=self._model.config.vision_config.num_image_tokens,
        )

    def answer(self, instances: Sequence[Instance], seeds: Sequence[int]) -> list[Answer]:
        """Answer a batch: text as ``conversation`` describes it, an image from all turns at once."""
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
        inputs = self._tokenise(prompts, images=pictures or None, generation_mode="text")
        return generate_text(
            self._model,
            self._processor.tokenizer,
            prompts=prompts,
            inputs=inputs,
            decoding=self._decoding,
            seeds=seeds,
        )

    def _draw(self, instances: list[Instance], seeds: list[int]) -> list[Answer]:
        """One image an item. Tokens are decoded item by item, so that the bytes do not depend on the batch.

        Equal tokens are decoded once: small models draw the same picture for many prompts.
        """
        histories = [[*opening(self._system_prompt), *instance.turns] for instance in instances]
        prompts = [render(self._processor, messages(history)) for history in histories]
        inputs = self._tokenise(prompts, generation_mode="image")
        tokens = self._image_tokens(inputs, seeds)
        sizes = inputs["attention_mask"].sum(-1).tolist()
        pictures = {tuple(row.tolist()): row for row in tokens}
        encoded = {key: self._png(row) for key, row in pictures.items()}
        return [
            Answer(
                image_png=encoded[tuple(row.tolist())],
                finish_reason="stop",
                prompt_tokens=size,
                completion_tokens=len(row),
                prompt=prompt + self._processor.image_start_token,
            )
            for prompt, size, row in zip(prompts, sizes, tokens, strict=True)
        ]

    def _tokenise(self, prompts: list[str], **options: Any) -> Any:
        return tokenise(self._model, self._processor, prompts, **options)

    def _image_tokens(self, inputs: Any, seeds: list[int]) -> torch.Tensor:
        """Codebook indices (items, tokens of an image), guided by ``guidance_scale``.

        The library's own loop, written out for three reasons: it computes the unconditional half even where there is no
        guidance, and then fails; it guides behind the sampling; and its default cache is as long as the longest one
        before, which would make results depend on earlier batches.
        """
        import torch
        from transformers import DynamicCache

        model, scale = self._model, self._image_decoding.guidance_scale
        steps = model.config.vision_config.num_image_tokens
        ids, mask = inputs["input_ids"], inputs["attention_mask"]
        processors = sampling(self._image_decoding, seeds, steps)
        if scale > 1:
            ids, mask = torch.cat([ids, self._without_prompt(ids)]), mask.repeat(2, 1)
            processors = [_guidance(scale), *processors]
        cache = DynamicCache(config=model.config.get_text_config())
        chosen: list[torch.Tensor] = []
        with torch.inference_mode():
            embeddings = model.get_input_embeddings()(ids)
            for _ in range(steps):
                read = model.model.language_model(
                    inputs_embeds=embeddings, attention_mask=mask, past_key_values=cache, use_cache=True
                )
                scores = model.model.generation_head(read.last_hidden_state[:, -1])
                for processor in processors:
                    scores = processor(inputs["input_ids"], scores)
                chosen.append(scores.argmax(-1))
                following = chosen[-1].repeat(len(ids) // len(seeds))[:, None]
                embeddings = model.prepare_embeddings_for_image_generation(following)
                mask = torch.cat([mask, mask.new_ones(len(ids), 1)], dim=1)
        return torch.stack(chosen, dim=1)

    def _without_prompt(self, ids: torch.Tensor) -> torch.Tensor:
        """The unconditional prompts of guidance: padding wherever no image and no sequence starts."""
        tokenizer = self._processor.tokenizer
        start = tokenizer.convert_tokens_to_ids(self._processor.image_start_token)
        kept = (ids == tokenizer.bos_token_id) | (ids == start)
        return ids.masked_fill(~kept, tokenizer.pad_token_id)

    def _png(self, tokens: torch.Tensor) -> bytes:
        """Decode one image. Values are rounded; the library's own post-processing cuts them off, so that an exact
        colour comes out one level too dark whenever its float lies a hair below the integer."""
        import torch

        with torch.inference_mode():
            decoded = self._model.decode_image_tokens(tokens[None])[0].float().cpu().permute(2, 0, 1).numpy()
        processor = self._processor.image_processor
        unit = processor.unnormalize(decoded, processor.image_mean, processor.image_std, "channels_first")
        return images.png((unit * 255).round().clip(0, 255).astype("uint8").transpose(1, 2, 0))


def _guidance(scale: float) -> Any:
    """Classifier-free guidance: scores of twice the items, the conditional ones first, become those of the items."""
    from transformers import ClassifierFreeGuidanceLogitsProcessor

    guided: Any = ClassifierFreeGuidanceLogitsProcessor
    return guided(scale)
