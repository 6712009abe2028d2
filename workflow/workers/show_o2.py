"""Show-o2-7B by its vendor's code: github.com/showlab/Show-o at 45a5a2de01d1, folder show-o2 (Apache-2.0).

Weights: ``showlab/show-o2-7B`` (``config.json`` and the ``.bin`` files), with the parts ``qwen``
(``Qwen/Qwen2.5-7B-Instruct``: configuration and tokenizer), ``siglip`` (``google/siglip-so400m-patch14-384``, weights
included) and ``wan`` (``Wan-AI/Wan2.1-T2V-14B``: ``Wan2.1_VAE.pth``). About 22 GB of GPU memory in bfloat16.
Written after ``inference_t2i.py``, ``inference_mmu.py`` and ``configs/showo2_7b_demo_432x432.yaml``. The script that
draws sends its pictures through Stable Diffusion's safety checker; the vendor's evaluation scripts and this worker do
not. Pictures: 432 pixels, 50 Euler steps, ``guidance_scale`` of the decoding (the vendor's: 5, in one command 7.5).
Questions about a picture see its middle, cropped square, and are answered in float32 by the vendor, here in the
entry's dtype. Texts without a picture have no vendor script: they are asked in the format of the other questions.
System prompt: the vendor's own unless one is configured; pictures are drawn from the request alone.

NOT TRIED: neither loading nor an answer has been run by this project. Assumed: paths given to ``from_pretrained``
take the place of the hub's names in the checkpoint's ``config.json``.
"""

from __future__ import annotations

from typing import Any

from protocol import Answer, Request, Start, serve

SIZE, GRID, CHANNELS = 432, 54, 16
IMAGE_TOKENS, SEQUENCE = (GRID // 2) ** 2 + 1, 1024
"""Tokens of an image with the one for the time, and length of the sequence in which an image is drawn."""
SYSTEM = "You are a helpful assistant."


def load(start: Start) -> Any:
    """Load the vendor's model."""
    import torch
    from models import Showo2Qwen2_5, WanVAE
    from models.misc import get_text_tokenizer

    kind, qwen = getattr(torch, start.dtype), str(start.weights / "qwen")
    words, special = get_text_tokenizer(qwen, add_showo_tokens=True, return_showo_token_ids=True, llm_name="qwen2_5")
    siglip = str(start.weights / "siglip")
    model = Showo2Qwen2_5.from_pretrained(
        str(start.weights), use_safetensors=False, llm_model_path=qwen, clip_pretrained_model_path=siglip
    )
    model = model.to(start.device, kind).eval()
    pixels = WanVAE(vae_pth=str(start.weights / "wan" / "Wan2.1_VAE.pth"), dtype=kind, device=start.device)
    return model, words, special, pixels


def answer(loaded: Any, request: Request) -> Answer:
    """Answer one request."""
    import torch

    with torch.no_grad():
        return draw(loaded, request) if request.task == "text_to_image" else write(loaded, request)


def write(loaded: Any, request: Request) -> Answer:
    """The text that answers a request."""
    import torch

    model, words, special, _ = loaded
    turn, decoding = request.only(), request.sampling("do_sample", "temperature", "top_k")
    opening = f"system\n{request.system() or SYSTEM}<|im_end|>\n<|im_start|>user\n"
    closing = f"{turn.text}\n<|im_start|>assistant\n"
    before = [special["bos_id"], *words(opening, add_special_tokens=False)["input_ids"]]
    after = words(closing, add_special_tokens=False)["input_ids"]
    length = decoding.max_new_tokens
    # The vendor's loops always sample; among one token there is no choice.
    drawn = {"temperature": decoding.temperature, "top_k": decoding.top_k or None}
    sampling = drawn if decoding.do_sample else {"temperature": 1.0, "top_k": 1}
    if turn.images:
        embedded, mask = seen(loaded, turn.pictures()[0], before, after)
        end = words.eos_token_id
        tokens = model.mmu_generate(embedded, mask, max_new_tokens=length, eos_token=end, **sampling)
        written = [int(token) for token in tokens]
        read, middle = embedded.shape[1], "<|vision_start|><image><|vision_end|>"
        stopped = written[-1] == end
        text = words.decode(written, skip_special_tokens=True)
    else:
        ids = torch.tensor([before + after])
        raw = model.lm_generate(
            ids[0].tolist(),
            tokenizer=words,
            max_new_tokens=length,
            boi_token=special["boi_id"],
            device=model.device,
            **sampling,
        )
        read, middle = ids.shape[1], ""
        text, *ends = raw.split("<|im_end|>")
        text, *begins = text.split("<|vision_start|>")
        stopped, written = bool(ends or begins), words(raw, add_special_tokens=False)["input_ids"]
    return Answer(
        text.strip(),
        finish_reason="stop" if stopped else "length",
        prompt=f"<|im_start|>{opening}{middle}{closing}",
        prompt_tokens=read,
        completion_tokens=len(written),
    )


def seen(loaded: Any, picture: Any, before: list[int], after: list[int]) -> tuple[Any, Any]:
    """Embeddings (1, length, width) of the request with the picture in its middle, and their attention mask."""
    import torch
    from datasets.utils import image_transform
    from models import omni_attn_mask_naive

    model, _, special, pixels = loaded
    image = image_transform(picture, resolution=SIZE).to(model.device)[None]
    latents = pixels.sample(image.unsqueeze(2)).squeeze(2).to(model.dtype)
    meaning = model.image_embedder_und(latents) + model.position_embedding(model.image_position_ids)
    meaning = model.und_trans(meaning)["last_hidden_state"]
    features = model.fusion_proj(torch.cat([meaning, model.image_embedder_gen(latents)], dim=-1))
    words = [[*before, special["boi_id"]], [special["eoi_id"], *after]]
    first, last = (model.showo.model.embed_tokens(torch.tensor([ids], device=model.device)) for ids in words)
    moment = model.time_embed(torch.ones(1, 1, device=model.device), first.dtype)
    if hasattr(model, "time_embed_proj"):
        moment = model.time_embed_proj(moment)
    embedded = torch.cat([first, moment.view(1, 1, -1), features, last], dim=1).to(model.dtype)
    places = torch.tensor([[[len(words[0]), IMAGE_TOKENS]]], device=model.device)
    mask = omni_attn_mask_naive(B=1, LEN=embedded.shape[1], modalities=places, device=model.device)
    return embedded, mask.to(embedded.dtype)


def draw(loaded: Any, request: Request) -> Answer:
    """The picture that answers a request."""
    import torch
    from models import omni_attn_mask_naive
    from models.misc import prepare_gen_input
    from PIL import Image
    from transport import Sampler, create_transport

    model, words, special, pixels = loaded
    text, scale = request.only().text, request.decoding.guidance_scale
    ids = [special[name] for name in ("bos_id", "eos_id", "boi_id", "eoi_id")]
    room = SEQUENCE - IMAGE_TOKENS - 4
    given, free, places, free_places = prepare_gen_input(
        [text], words, IMAGE_TOKENS, *ids, words.pad_token_id, special["img_pad_id"], room, model.device
    )
    tokens, places = torch.cat([given, free]), torch.cat([places, free_places])
    mask = omni_attn_mask_naive(2, SEQUENCE, places, model.device).to(model.dtype)
    noise = torch.randn(1, CHANNELS, GRID, GRID).to(model.device, model.dtype).repeat(2, 1, 1, 1)
    flow = create_transport(snr_type="lognorm", do_shift=True, seq_len=IMAGE_TOKENS)
    steps = {"num_steps": request.settings.steps, "sampling_method": "euler", "time_shifting_factor": 3.0}
    conditions = {"text_tokens": tokens, "attention_mask": mask, "modality_positions": places}
    drawn = Sampler(flow).sample_ode(**steps)(
        noise, model.t2i_generate, **conditions, max_seq_len=SEQUENCE, guidance_scale=scale, output_hidden_states=True
    )[-1][:1]
    image = pixels.batch_decode(drawn.unsqueeze(2)).squeeze(2)[0].float()
    colours = ((image.clamp(-1, 1) + 1) * 127.5).byte().permute(1, 2, 0).cpu().numpy()
    length = len(words(text, add_special_tokens=False)["input_ids"])
    # A longer prompt loses its end, without a word of the vendor's code.
    reason = "stop" if length <= room else "prompt_cut"
    prompt = f"<|im_start|>{text}<|vision_start|>"
    return Answer(image=Image.fromarray(colours), finish_reason=reason, prompt=prompt, prompt_tokens=min(length, room))


if __name__ == "__main__":
    texts = ["text_to_text", "image_to_text", "text_image_to_text"]
    serve(tasks=[*texts, "text_to_image"], load=load, answer=answer, images=1, settings={"steps": 50})
