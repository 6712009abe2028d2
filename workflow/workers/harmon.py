"""Harmon-1.5B by its vendor's code: github.com/wusize/Harmon at 4eb608765629 (NTU S-Lab License 1.0, non-commercial).

Weights: ``wusize/harmon`` (``harmon_1.5b.pth`` and ``kl16.ckpt``; ``harmon_1.5b-o.pth`` is another model), with
``Qwen/Qwen2.5-1.5B-Instruct`` as part ``qwen``. About 9 GB of GPU memory in bfloat16.
Written after ``scripts/text2image.py``, ``scripts/image2text.py`` and ``configs/models/qwen2_5_1_5b_kl16_mar_h.py``;
the configuration file itself is not read, because it imports a training library, and attention is PyTorch's own in
place of flash-attn. Pictures: 512 pixels, 64 steps of 100, ``guidance_scale`` and ``temperature`` of the decoding
(the vendor's: 3 and 1). The vendor passes no system prompt; a configured one goes before the request in the format of
its template, and pictures are drawn without.

NOT TRIED: neither loading nor an answer has been run by this project. Assumed: the checkpoint holds all weights but
the autoencoder's, which ``kl16.ckpt`` has; anything else that is missing is an error, where the vendor's script goes
on.
"""

from __future__ import annotations

from typing import Any

from protocol import Answer, Request, Start, serve

SIZE, PATCH, BUFFER = 512, 16, 64
SETTINGS = {"checkpoint": "harmon_1.5b.pth", "steps": 64}
TEMPLATE = {
    "SYSTEM": "<|im_start|>system\n{system}<|im_end|>\n",
    "INSTRUCTION": "<|im_start|>user\n{input}<|im_end|>\n<|im_start|>assistant\n",
}


def load(start: Start) -> Any:
    """Load the vendor's model."""
    import torch
    from src.models.harmon import Harmon
    from src.models.mar.mar import mar_huge
    from src.models.mar.vae import AutoencoderKL
    from transformers import AutoModelForCausalLM, AutoTokenizer

    qwen = {"pretrained_model_name_or_path": str(start.weights / "qwen")}
    kind = {"torch_dtype": getattr(torch, start.dtype), "attn_implementation": "sdpa"}
    pixels = {"embed_dim": 16, "ch_mult": (1, 1, 2, 2, 4), "ckpt_path": str(start.weights / "kl16.ckpt")}
    latents = {"img_size": 256, "vae_stride": PATCH, "patch_size": 1, "vae_embed_dim": 16, "buffer_size": BUFFER}
    training = {"mask_ratio_min": 0.7, "label_drop_prob": 0.1, "class_num": 1000, "attn_dropout": 0.1}
    diffusion = {"diffloss_d": 12, "diffloss_w": 1536, "num_sampling_steps": "100", "diffusion_batch_mul": 4}
    model = Harmon(
        tokenizer={"type": AutoTokenizer.from_pretrained, **qwen, "padding_side": "right"},
        prompt_template=TEMPLATE,
        vae={"type": AutoencoderKL, **pixels},
        vae_scale=0.2325,
        llm={"type": AutoModelForCausalLM.from_pretrained, **qwen, **kind},
        mar={"type": mar_huge, **latents, **training, **diffusion, "proj_dropout": 0.1, "grad_checkpointing": True},
    ).eval()
    model = model.to(start.device, model.dtype)
    stored = torch.load(start.weights / start.settings.checkpoint, map_location=start.device, weights_only=True)
    report = model.load_state_dict(stored, strict=False)
    missing = [name for name in report.missing_keys if not name.startswith("vae.")]
    if missing:
        raise SystemExit(f"{start.settings.checkpoint} lacks {len(missing)} weights, among them {missing[0]}")
    model.tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    return model


def answer(model: Any, request: Request) -> Answer:
    """Answer one request."""
    import torch

    with torch.no_grad():
        return draw(model, request) if request.task == "text_to_image" else write(model, request)


def opening(request: Request) -> str:
    """The system turn, if there is one, in the vendor's template."""
    return TEMPLATE["SYSTEM"].format(system=request.system()) if request.system() else ""


def write(model: Any, request: Request) -> Answer:
    """The text that answers a request."""
    turn, words, decoding = request.only(), model.tokenizer, request.decoding
    length = (SIZE // PATCH) ** 2 + BUFFER
    seen = ("<image>" * length + "\n") * len(turn.images)
    prompt = opening(request) + TEMPLATE["INSTRUCTION"].format(input=seen + turn.text)
    ids = words.encode(prompt, return_tensors="pt").to(model.device)
    embedded = model.llm.get_input_embeddings()(ids.where(ids != words.convert_tokens_to_ids("<image>"), 0))
    if turn.images:
        _, features = model.extract_visual_feature(model.encode(pixels(model, turn.pictures()[0])))
        embedded[ids == words.convert_tokens_to_ids("<image>")] = features.flatten(0, 1).to(embedded.dtype)
    sampling = {"temperature": decoding.temperature, "top_p": decoding.top_p, "top_k": decoding.top_k}
    if not decoding.do_sample:
        sampling = {"temperature": None, "top_p": None, "top_k": None}
    request.sampling("do_sample", *sampling)
    written = model.llm.generate(
        inputs_embeds=embedded,
        max_new_tokens=decoding.max_new_tokens,
        do_sample=decoding.do_sample,
        repetition_penalty=1.0,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
        **sampling,
    )[0].tolist()
    reason = "stop" if written[-1] == words.eos_token_id else "length"
    text = words.decode(written, skip_special_tokens=True).strip()
    shown = prompt.replace("<image>" * length, "<image>")
    return Answer(text, finish_reason=reason, prompt=shown, prompt_tokens=ids.shape[1], completion_tokens=len(written))


def pixels(model: Any, picture: Any) -> Any:
    """A picture as (1, 3, 512, 512) in [-1, 1], made square with grey bars."""
    import numpy as np
    import torch
    from PIL import Image

    side = max(picture.size)
    square = Image.new("RGB", (side, side), (127, 127, 127))
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    colours = torch.from_numpy(np.array(square.resize((SIZE, SIZE)))).to(model.device, model.dtype)
    return (2 * (colours / 255) - 1).permute(2, 0, 1)[None]


def draw(model: Any, request: Request) -> Answer:
    """The picture that answers a request."""
    from PIL import Image

    prompt = f"Generate an image: {request.only().text}"
    scale, side = request.decoding.guidance_scale, SIZE // PATCH
    conditions = model.prepare_text_conditions(prompt, "Generate an image.")
    rows = slice(0, 1 if scale == 1 else 2)
    drawn = model.sample(
        input_ids=conditions["input_ids"][rows],
        attention_mask=conditions["attention_mask"][rows],
        num_iter=request.settings.steps,
        cfg=scale,
        cfg_schedule="constant",
        temperature=request.decoding.temperature,
        progress=False,
        image_shape=(side, side),
    )
    colours = (127.5 * drawn[0] + 128).clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy()
    return Answer(image=Image.fromarray(colours), prompt=TEMPLATE["INSTRUCTION"].format(input=prompt))


if __name__ == "__main__":
    texts = ["text_to_text", "image_to_text", "text_image_to_text"]
    serve(tasks=[*texts, "text_to_image"], load=load, answer=answer, images=1, settings=SETTINGS)
