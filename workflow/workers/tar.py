"""Tar-1.5B and Tar-7B by their vendor's code: github.com/csuhan/Tar at 47da8e15ee71 (the repository names no licence).

Weights: ``csuhan/Tar-1.5B`` or ``csuhan/Tar-7B-v0.1`` (hub: Apache-2.0), with the parts ``tokens``
(``csuhan/TA-Tok``: ``ta_tok.pth`` and one ``ar_dtok_lp_*px.pth``), ``pixels`` (``peizesun/llamagen_t2i``:
``vq_ds16_t2i.pt``) and ``siglip`` (``google/siglip2-so400m-patch14-384``: ``config.json``). About 8 or 21 GB of GPU
memory in bfloat16.
Written after ``t2i_inference.py``, ``i2t_inference.py`` and ``app.py``. An image is 729 words of the text's
vocabulary. Sampling of the decoding is that of these words (the vendor's: temperature 1, top_p 0.95, top_k 1200),
``guidance_scale`` that of the de-tokenizer (the vendor's is 4). The vendor fills words that are missing with zeros;
here the finish reason then is ``incomplete``, and an answer without any is the text that it is. System prompt: the
vendor's own unless one is configured. Editing has no vendor script and is not asked.

NOT TRIED: neither loading nor an answer has been run by this project. Assumed: weights of the parts load in the
versions of PyTorch that are pinned, and the de-tokenizer that lies in ``tokens`` is the wanted one.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

from protocol import Answer, Request, Start, serve

LENGTH, SYSTEM = 729, "You are a helpful assistant."


def load(start: Start) -> Any:
    """Load the vendor's model."""
    import torch
    from tok import ta_tok
    from tok.mm_autoencoder import MMAutoEncoder
    from transformers import AutoConfig, AutoTokenizer, Qwen2ForCausalLM

    # The vendor's code would read the configuration of its image encoder from the hub.
    siglip = AutoConfig.from_pretrained(start.weights / "siglip")
    ta_tok.AutoConfig = SimpleNamespace(from_pretrained=lambda _: siglip)
    (detokenizer,) = sorted((start.weights / "tokens").glob("ar_dtok_lp_*.pth"))
    kind = getattr(torch, start.dtype)
    images = MMAutoEncoder(
        ar_path=str(detokenizer),
        encoder_path=str(start.weights / "tokens" / "ta_tok.pth"),
        decoder_path=str(start.weights / "pixels" / "vq_ds16_t2i.pt"),
        encoder_args={"input_type": "rec"},
        decoder_args={},
    )
    images = images.eval().to(dtype=kind, device=start.device)
    images.ar_model.cls_token_num, images.encoder.pool_scale = LENGTH, 1
    model = Qwen2ForCausalLM.from_pretrained(start.weights, torch_dtype=kind).to(start.device).eval()
    return model, AutoTokenizer.from_pretrained(start.weights), images


def answer(loaded: Any, request: Request) -> Answer:
    """Answer one request."""
    import torch
    from PIL import Image

    model, words, images = loaded
    draws = request.task == "text_to_image"
    messages = [{"role": "system", "content": request.system() or SYSTEM}]
    messages += [
        {"role": turn.role, "content": described(images, turn) + turn.text}
        for turn in request.turns
        if turn.role != "system"
    ]
    prompt = words.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    prompt += "<im_start><S0>" if draws else ""
    inputs = words(prompt, return_tensors="pt").to(model.device)
    read = inputs["input_ids"].shape[1]
    written = generated(model, inputs, request, LENGTH if draws else request.decoding.max_new_tokens)[read:]
    counts = {"prompt": prompt, "prompt_tokens": read, "completion_tokens": len(written)}
    text = words.decode(written, skip_special_tokens=not draws)
    codes = [int(code) for code in re.findall(r"<I(\d+)>", text)][:LENGTH] if draws else []
    if not codes:
        ended = written and written[-1] in (words.eos_token_id, words.pad_token_id)
        return Answer(text.strip(), finish_reason="stop" if ended else "length", **counts)
    padded = torch.tensor([codes + [0] * (LENGTH - len(codes))], device=model.device)
    with torch.inference_mode():
        pixels = images.decode_from_encoder_indices(padded, {"cfg_scale": request.decoding.guidance_scale})[0]
    reason = "stop" if len(codes) == LENGTH else "incomplete"
    return Answer(image=Image.fromarray(pixels.numpy()), finish_reason=reason, **counts)


def described(images: Any, turn: Any) -> str:
    """The images of a turn as words."""
    import torch
    from torchvision.transforms.functional import to_tensor

    text = ""
    with torch.inference_mode():
        for picture in turn.pictures():
            pixels = to_tensor(picture)[None].to(images.encoder.device, images.encoder.dtype)
            text += "".join(f"<I{code}>" for code in images.encoder(pixels)["bottleneck_rep"][0].tolist()) + "\n"
    return text


def generated(model: Any, inputs: Any, request: Request, length: int) -> list[int]:
    """The tokens of the prompt and of what follows it."""
    decoding = request.decoding
    sampling = {"temperature": decoding.temperature, "top_p": decoding.top_p, "top_k": decoding.top_k}
    if not decoding.do_sample:
        sampling = {"temperature": None, "top_p": None, "top_k": None}
    return model.generate(
        **inputs,
        max_new_tokens=length,
        do_sample=decoding.do_sample,
        repetition_penalty=decoding.repetition_penalty,
        **sampling,
    )[0].tolist()


if __name__ == "__main__":
    texts = ["text_to_text", "dialogue", "image_to_text", "text_image_to_text"]
    serve(tasks=[*texts, "text_to_image"], load=load, answer=answer, images=1)
