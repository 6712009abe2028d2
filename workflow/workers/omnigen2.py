"""OmniGen2 by its vendor's code: github.com/VectorSpaceLab/OmniGen2 at 0f72fa92564d (Apache-2.0).

Weights (Apache-2.0): ``OmniGen2/OmniGen2``, of it the folders ``mllm``, ``processor``, ``transformer`` and ``vae``.
About 17 GB of GPU memory in bfloat16.
Written after ``inference.py`` and ``app.py``. The vendor's default negative prompt steers away from censored
pictures; it is a safety confound, so ``negative_prompt`` is empty here unless it is set. The vendor's chat pipeline
forces a system prompt about pictures and stops at 256 tokens; here texts come from the language model itself, with
the system prompt that is configured or else that of its chat template. Pictures: 1024 pixels, 50 Euler steps,
``guidance_scale`` of the decoding as text guidance (the vendor's: 4 for drawing, 5 for editing). Pictures of one
request alone make the drawing; the system prompt of drawing is the vendor's.

NOT TRIED: neither loading nor an answer has been run by this project. Assumed: the parts put together by hand are
those that ``from_pretrained`` of the pipeline would load with code from the checkpoint, which is never run here.
"""

from __future__ import annotations

from typing import Any

from protocol import Answer, Request, Start, serve

SETTINGS = {"steps": 50, "size": 1024, "image_guidance": 2.0, "negative_prompt": ""}


def load(start: Start) -> Any:
    """Load the vendor's model."""
    import torch
    from diffusers.models.autoencoders import AutoencoderKL
    from omnigen2.models.transformers.transformer_omnigen2 import OmniGen2Transformer2DModel
    from omnigen2.pipelines.omnigen2.pipeline_omnigen2 import OmniGen2Pipeline
    from omnigen2.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
    from transformers import AutoProcessor, Qwen2_5_VLForConditionalGeneration

    kind = {"torch_dtype": getattr(torch, start.dtype)}
    return OmniGen2Pipeline(
        transformer=OmniGen2Transformer2DModel.from_pretrained(start.weights / "transformer", **kind),
        vae=AutoencoderKL.from_pretrained(start.weights / "vae", **kind),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        mllm=Qwen2_5_VLForConditionalGeneration.from_pretrained(start.weights / "mllm", **kind),
        processor=AutoProcessor.from_pretrained(start.weights / "processor"),
    ).to(start.device)


def answer(pipeline: Any, request: Request) -> Answer:
    """Answer one request."""
    import torch

    with torch.no_grad():
        return draw(pipeline, request) if request.task.endswith("_to_image") else write(pipeline, request)


def write(pipeline: Any, request: Request) -> Answer:
    """The text that answers a request."""
    words, decoding = pipeline.processor.tokenizer, request.decoding
    messages = [
        {"role": turn.role, "content": [{"type": "image"}] * len(turn.images) + [{"type": "text", "text": turn.text}]}
        for turn in request.turns
    ]
    prompt = pipeline.processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    pictures = [picture for turn in request.turns for picture in turn.pictures()]
    inputs = pipeline.processor(text=[prompt], images=pictures or None, return_tensors="pt").to(pipeline.mllm.device)
    sampling = {"temperature": decoding.temperature, "top_p": decoding.top_p, "top_k": decoding.top_k}
    if not decoding.do_sample:
        sampling = {"temperature": None, "top_p": None, "top_k": None}
    read = inputs["input_ids"].shape[1]
    written = pipeline.mllm.generate(
        **inputs,
        max_new_tokens=decoding.max_new_tokens,
        do_sample=decoding.do_sample,
        repetition_penalty=decoding.repetition_penalty,
        **sampling,
    )[0, read:].tolist()
    return Answer(
        words.decode(written, skip_special_tokens=True).strip(),
        finish_reason="length" if len(written) == decoding.max_new_tokens else "stop",
        prompt=prompt,
        prompt_tokens=read,
        completion_tokens=len(written),
    )


def draw(pipeline: Any, request: Request) -> Answer:
    """The picture that answers a request."""
    import torch

    turn, settings = request.only(), request.settings
    (image,) = pipeline(
        prompt=turn.text,
        input_images=turn.pictures() or None,
        negative_prompt=settings.negative_prompt,
        width=settings.size,
        height=settings.size,
        num_inference_steps=settings.steps,
        max_sequence_length=1024,
        text_guidance_scale=request.decoding.guidance_scale,
        image_guidance_scale=settings.image_guidance if turn.images else 1.0,
        generator=torch.Generator(pipeline.device).manual_seed(request.seed),
        output_type="pil",
    ).images
    return Answer(image=image, finish_reason="stop", prompt=pipeline._apply_chat_template(turn.text))


if __name__ == "__main__":
    texts = ["text_to_text", "dialogue", "image_to_text", "text_image_to_text"]
    drawings = ["text_to_image", "image_to_image", "text_image_to_image"]
    serve(tasks=texts + drawings, load=load, answer=answer, images=3, settings=SETTINGS)
