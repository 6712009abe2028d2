"""A worker of the real Janus architecture, as tests/data/checkpoints.py writes one: it reads and draws pictures."""

from __future__ import annotations

from typing import Any

from protocol import Answer, Request, Start, serve


def load(start: Start) -> tuple[Any, Any]:
    import torch
    from transformers import AutoTokenizer, JanusForConditionalGeneration, JanusProcessor
    from transformers.models.janus.image_processing_pil_janus import JanusImageProcessorPil

    print("words that a vendor's code prints while it loads")
    torch.set_num_threads(1)
    model = JanusForConditionalGeneration.from_pretrained(start.weights, dtype=getattr(torch, start.dtype)).eval()
    words = AutoTokenizer.from_pretrained(start.weights)
    pixels = JanusImageProcessorPil.from_pretrained(start.weights)
    tokens = model.config.vision_config.num_image_tokens
    return model, JanusProcessor(pixels, words, chat_template=words.chat_template, num_image_tokens=tokens)


def answer(loaded: tuple[Any, Any], request: Request) -> Answer:
    from PIL import Image

    model, processor = loaded
    parts = [(turn.role, [{"type": "image"}] * len(turn.images), turn.text) for turn in request.turns]
    messages = [{"role": role, "content": [*seen, {"type": "text", "text": text}]} for role, seen, text in parts]
    prompt = processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    pictures = [picture for turn in request.turns for picture in turn.pictures()] or None
    mode = "image" if request.task == "text_to_image" else "text"
    inputs = processor(
        text=[prompt], images=pictures, add_special_tokens=False, generation_mode=mode, return_tensors="pt"
    ).to(model.device, dtype=model.dtype)
    read = inputs["input_ids"].shape[1]
    print("words that it prints while it answers")
    if mode == "image":
        model.generation_config.generation_kwargs = {"boi_token_id": inputs["input_ids"][0, -1].item()}
        tokens = model.generate(**inputs, generation_mode=mode, do_sample=True, top_k=0, guidance_scale=5.0)
        colours = ((model.decode_image_tokens(tokens)[0].float() * 0.5 + 0.5) * 255).round().clip(0, 255)
        return Answer(image=Image.fromarray(colours.byte().numpy()), prompt=prompt, prompt_tokens=read)
    lengths = {"max_new_tokens": request.decoding.max_new_tokens, "do_sample": request.decoding.do_sample, "top_k": 0}
    written = model.generate(**inputs, generation_mode=mode, **lengths)[0, read:]
    text = processor.tokenizer.decode(written, skip_special_tokens=True)
    return Answer(text, prompt=prompt, prompt_tokens=read, completion_tokens=len(written))


if __name__ == "__main__":
    serve(tasks=["text_to_text", "dialogue", "image_to_text", "text_to_image"], load=load, answer=answer, images=1)
