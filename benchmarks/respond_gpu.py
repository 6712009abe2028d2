"""The part of ``respond.py`` that needs a GPU: models of full size with random weights, through their adapters in bf16.

Weights are random, so that nothing is downloaded and every answer has its full length; times and memory are those of
trained ones. Words are tokens, images are read and drawn at the real size. ``tiny`` runs the same on a CPU in seconds.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from unicost.config import Decoding
from unicost.models.asking import ask_in_batches
from unicost.models.batch_sizes import BatchSizes, free_memory
from unicost.models.plan import Asker
from unicost.records import Image, Instance, Task, Turn
from unicost.registry import resolve

from tests.data import checkpoints, diffusion_checkpoints, diffusion_parts, language
from tests.data.instances import instance, picture

_GIB: Final = 1024**3
_QWEN: Final = {
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": 152064,
    "max_position_embeddings": 4096,
    "initializer_range": 0.02,
}
_DEEPSEEK: Final = {
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 30,
    "num_attention_heads": 32,
    "num_key_value_heads": 32,
    "vocab_size": 102400,
    "max_position_embeddings": 4096,
    "initializer_range": 0.02,
}


def qwen() -> list[Any]:
    """The shape of Qwen2.5-7B, to be saved with its tokenizer."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    return [Qwen2ForCausalLM(Qwen2Config(**language.settings() | _QWEN)), language.tokenizer()]


def janus() -> list[Any]:
    """The shape of Janus-Pro-7B: 576 tokens an image of 384 by 384 pixels, read or drawn."""
    from transformers import (
        JanusConfig,
        JanusForConditionalGeneration,
        JanusProcessor,
        JanusVisionConfig,
        JanusVQVAEConfig,
        LlamaConfig,
    )
    from transformers.models.janus.image_processing_pil_janus import JanusImageProcessorPil

    words, width = language.tokenizer(), _DEEPSEEK["hidden_size"]
    config = JanusConfig(
        text_config=LlamaConfig(**language.settings() | _DEEPSEEK),
        vision_config=JanusVisionConfig(
            hidden_size=1024,
            num_hidden_layers=24,
            num_attention_heads=16,
            image_size=384,
            patch_size=16,
            projection_dim=width,
            num_image_tokens=576,
            depth=2,
        ),
        vq_config=JanusVQVAEConfig(projection_dim=width, image_token_embed_dim=width),
        image_token_id=words.convert_tokens_to_ids("<image>"),
    )
    processor = JanusProcessor(
        image_processor=JanusImageProcessorPil(),
        tokenizer=words,
        chat_template=language.TEMPLATE,
        num_image_tokens=576,
    )
    return [JanusForConditionalGeneration(config), processor]


def sdxl() -> list[Any]:
    """The shape of SDXL: pictures of 1024 by 1024 pixels."""
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    words = diffusion_parts.clip_tokenizer()
    small = {"vocab_size": 49408, "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12}
    large = {"vocab_size": 49408, "hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32}
    ends = {"bos_token_id": words.bos_token_id, "eos_token_id": words.eos_token_id, "pad_token_id": words.pad_token_id}
    unet = UNet2DConditionModel(
        sample_size=128,
        block_out_channels=(320, 640, 1280),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2, 10),
        attention_head_dim=(5, 10, 20),
        cross_attention_dim=2048,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816,
        use_linear_projection=True,
    )
    vae = AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        sample_size=1024,
        scaling_factor=0.13025,
    )
    pipeline = StableDiffusionXLPipeline(
        vae=vae,
        unet=unet,
        text_encoder=CLIPTextModel(CLIPTextConfig(**small, num_attention_heads=12, **ends)),
        text_encoder_2=CLIPTextModelWithProjection(
            CLIPTextConfig(**large, num_attention_heads=20, projection_dim=1280, **ends)
        ),
        tokenizer=words,
        tokenizer_2=diffusion_parts.clip_tokenizer(),
        scheduler=DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False),
    )
    return [pipeline]


@dataclass(frozen=True)
class Case:
    """A model, how it is built in full size and tiny, what it is asked, and how many times alone and in a batch."""

    adapter: str
    full: Callable[[], list[Any]]
    tiny: Callable[[Path], None]
    tasks: tuple[Task, ...]
    alone: int
    batch: int
    options: dict[str, Any]


CASES: Final = {
    "Qwen2.5-7B": Case("causal_lm", qwen, checkpoints.llama, (Task.TEXT_TO_TEXT,), 4, 64, {}),
    "Janus-Pro-7B": Case(
        "janus", janus, checkpoints.janus, (Task.TEXT_TO_TEXT, Task.IMAGE_TO_TEXT, Task.TEXT_TO_IMAGE), 2, 32, {}
    ),
    "SDXL": Case(
        "text_to_image",
        sdxl,
        diffusion_checkpoints.stable_diffusion_xl,
        (Task.TEXT_TO_IMAGE,),
        2,
        4,
        {"num_inference_steps": 30},
    ),
}


def measure(folder: Path, *, tiny: bool) -> dict[str, Any]:
    """Every case: by task speed in batches and one by one, and memory; and the recovery from a full memory."""
    return {name: _case(case, folder / name, tiny) for name, case in CASES.items()}


def device(tiny: bool) -> str:
    """The device in words."""
    import torch

    return "CPU, tiny shapes" if tiny else str(torch.cuda.get_device_name(0))


def _case(case: Case, folder: Path, tiny: bool) -> dict[str, Any]:
    import torch

    place, precision = ("cpu", "float32") if tiny else ("cuda", "bfloat16")
    usual = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, precision))
    try:
        with torch.device(place):
            torch.manual_seed(0)
            if tiny:
                case.tiny(folder)
            else:
                for part in case.full():
                    part.save_pretrained(folder)
    finally:
        torch.set_default_dtype(usual)
    free_memory()
    options = case.options | ({"num_inference_steps": 2} if case.options and tiny else {})
    decoding = Decoding(max_new_tokens=8 if tiny else 256)
    adapter = resolve("adapter", case.adapter)(dtype=precision, device=place, decoding=decoding, **options)
    adapter.load(folder)
    try:
        found: dict[str, Any] = {task.value: _speeds(adapter, case, task, tiny) for task in case.tasks}
        if case.adapter == "causal_lm":
            found["out_of_memory"] = _recovery(adapter, folder, case.batch if tiny else 1024, tiny)
    finally:
        adapter.close()
        shutil.rmtree(folder)
    return found


def _speeds(adapter: Any, case: Case, task: Task, tiny: bool) -> dict[str, Any]:
    """A batch, and a plain loop over single items, after one of each that is not measured."""
    import torch

    alone, together = (1, 4) if tiny else (case.alone, case.batch)
    some = _instances(task, together, 8 if tiny else 512)
    for warm in (some[:1], some):
        _timed(adapter, [warm])
    if not tiny:
        torch.cuda.reset_peak_memory_stats()
    batch = _timed(adapter, [some])
    peak = None if tiny else round(torch.cuda.max_memory_allocated() / _GIB, 2)
    loop = _timed(adapter, [[one] for one in some[:alone]])
    unit = "images" if task is Task.TEXT_TO_IMAGE else "tokens"
    return {
        "batch": together,
        f"{unit}_per_second": round(batch[unit], 2),
        f"{unit}_per_second_one_by_one": round(loop[unit], 2),
        "times_as_fast": round(batch[unit] / loop[unit], 2),
        "peak_memory_gib": peak,
    }


def _timed(adapter: Any, batches: list[list[Instance]]) -> dict[str, float]:
    """Tokens and images a second."""
    start = time.perf_counter()
    answers = [answer for batch in batches for answer in adapter.answer(batch, [*range(len(batch))])]
    seconds = time.perf_counter() - start
    tokens = sum(answer.completion_tokens or 0 for answer in answers)
    return {"tokens": tokens / seconds, "images": sum(bool(answer.image_png) for answer in answers) / seconds}


def _recovery(adapter: Any, folder: Path, asked: int, tiny: bool) -> dict[str, Any]:
    """What the stage does with a batch that memory does not hold: the sizes that it tries, and the answers."""
    instances = _instances(Task.TEXT_TO_TEXT, asked, 8)
    asker = Asker("model", "fingerprint", "revision", 0)
    sizes = BatchSizes(asked, folder / "sizes.json", "fingerprint")
    tried: list[int] = []

    class Watched:
        def answer(self, some: Any, seeds: Any) -> Any:
            tried.append(len(some))
            return adapter.answer(some, seeds)

    with _little_memory(adapter, tiny):
        work = [([asker.item(one) for one in instances], instances)]
        (answered,) = ask_in_batches(Watched(), sizes, work)  # type: ignore[arg-type]
    return {
        "batch": asked,
        "tried": tried,
        "remembered": sizes.of(Task.TEXT_TO_TEXT),
        "answers": sum(answer.error_kind is None for _, answer, _ in answered),
    }


@contextmanager
def _little_memory(adapter: Any, tiny: bool) -> Iterator[None]:
    """Room for a small batch beside the weights; on a CPU, whose memory has no such limit, one that fails above 16."""
    import torch

    if tiny:

        def full(module: Any, arguments: Any, keywords: dict[str, Any]) -> None:
            if len(keywords["input_ids"]) > 16:
                torch.empty(2**60, dtype=torch.uint8)

        hook = adapter._model.register_forward_pre_hook(full, with_kwargs=True)
        yield
        hook.remove()
        return
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_allocated() + 2 * _GIB) / total)
    yield
    torch.cuda.set_per_process_memory_fraction(1.0)


def _instances(task: Task, number: int, pixels: int) -> list[Instance]:
    words = language.WORDS.split()
    made = []
    for place in range(number):
        text = " ".join(words[(place * 11 + k * 5) % len(words)] for k in range(20))
        images = (Image(picture(place, pixels).bytes),) if task is Task.IMAGE_TO_TEXT else ()
        made.append(instance(f"request-{place}", text, task, turns=(Turn("user", text, images),)))
    return made
