"""JanusFlow-1.3B by its vendor's code: github.com/deepseek-ai/Janus at 1daa72fa4090 (MIT).

Weights (DeepSeek Model License): ``deepseek-ai/JanusFlow-1.3B``, with ``stabilityai/sdxl-vae`` as part ``vae``. About
6 GB of GPU memory; bfloat16, because the autoencoder does not work in float16.
Written after ``demo/app_janusflow.py``. Texts: the vendor's template; its demo opens with the processor's default
system prompt, here only a configured one does. Pictures: 384 pixels, ``guidance_scale`` of the decoding (the demo's
slider stands at 2), 30 Euler steps. The demo draws five pictures at once and shows them enlarged; here it is one, as
it is.

NOT TRIED: neither loading nor an answer has been run by this project. Assumed: a sequence without cache gives what
the demo computes, which discards its cache too.
"""

from __future__ import annotations

from typing import Any

from protocol import Answer, Request, Start, serve

SIDE, CHANNELS = 48, 4


def load(start: Start) -> Any:
    """Load the vendor's model."""
    import torch
    from diffusers.models import AutoencoderKL
    from janus.janusflow.models import MultiModalityCausalLM, VLChatProcessor

    kind = getattr(torch, start.dtype)
    processor = VLChatProcessor.from_pretrained(str(start.weights))
    model = MultiModalityCausalLM.from_pretrained(str(start.weights)).to(start.device, kind).eval()
    autoencoder = AutoencoderKL.from_pretrained(str(start.weights / "vae")).to(start.device, kind).eval()
    return model, processor, autoencoder


def answer(loaded: Any, request: Request) -> Answer:
    """Answer one request."""
    import torch

    with torch.inference_mode():
        return draw(loaded, request) if request.task == "text_to_image" else write(loaded, request)


def template(processor: Any, request: Request) -> str:
    """The conversation in the vendor's template."""
    roles = {"user": "User", "assistant": "Assistant"}
    turns = [
        {"role": roles[turn.role], "content": f"{processor.image_tag}\n" * len(turn.images) + turn.text}
        for turn in request.turns
        if turn.role != "system"
    ]
    return processor.apply_sft_template_for_multi_turn_prompts(
        [*turns, {"role": "Assistant", "content": ""}], processor.sft_format, request.system() or ""
    )


def write(loaded: Any, request: Request) -> Answer:
    """The text that answers a request."""
    import torch

    model, processor, _ = loaded
    decoding, words = request.sampling("do_sample", "temperature", "top_p", "top_k"), processor.tokenizer
    prompt = template(processor, request)
    pictures = [picture for turn in request.turns for picture in turn.pictures()]
    if pictures:
        inputs = processor(prompt=prompt, images=pictures).to(model.device, dtype=model.dtype)
        embedded, mask = model.prepare_inputs_embeds(**inputs), inputs.attention_mask
    else:
        ids = torch.tensor([words.encode(prompt)], device=model.device)
        embedded, mask = model.language_model.get_input_embeddings()(ids), torch.ones_like(ids)
    drawn = {"temperature": decoding.temperature, "top_p": decoding.top_p, "top_k": decoding.top_k}
    written = model.language_model.generate(
        inputs_embeds=embedded,
        attention_mask=mask,
        pad_token_id=words.eos_token_id,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        max_new_tokens=decoding.max_new_tokens,
        do_sample=decoding.do_sample,
        **(drawn if decoding.do_sample else {}),
    )[0].tolist()
    return Answer(
        words.decode(written, skip_special_tokens=True).strip(),
        finish_reason="stop" if written[-1] == words.eos_token_id else "length",
        prompt=prompt,
        prompt_tokens=embedded.shape[1],
        completion_tokens=len(written),
    )


def draw(loaded: Any, request: Request) -> Answer:
    """Rectified flow: the language model reads prompt, time and latent, and the decoder says where the latent goes."""
    import torch
    from PIL import Image

    model, processor, autoencoder = loaded
    request.only()
    prompt = template(processor, request) + processor.image_start_tag
    ids = torch.tensor(processor.tokenizer.encode(prompt), device=model.device).repeat(2, 1)
    ids[1, 1:] = processor.pad_id
    # The embedding of the time takes the place of the last token; the second row is without the prompt.
    words = model.language_model.get_input_embeddings()(ids)[:, :-1]
    mask = torch.ones(2, words.shape[1] + 1 + (SIDE // 2) ** 2, dtype=torch.int, device=model.device)
    mask[1, 1 : words.shape[1]] = 0
    latent = torch.randn(1, CHANNELS, SIDE, SIDE, dtype=model.dtype).to(model.device)
    for step in range(request.settings.steps):
        time = torch.full((2,), 1000.0 * step / request.settings.steps, dtype=model.dtype, device=model.device)
        given, free = velocity(model, words, mask, latent.repeat(2, 1, 1, 1), time).chunk(2)
        latent = latent + (free + request.decoding.guidance_scale * (given - free)) / request.settings.steps
    pixels = autoencoder.decode(latent / autoencoder.config.scaling_factor).sample[0].float().clamp(-1, 1)
    colours = ((pixels + 1) * 127.5).byte().permute(1, 2, 0).cpu().numpy()
    return Answer(image=Image.fromarray(colours), finish_reason="stop", prompt=prompt, prompt_tokens=ids.shape[1])


def velocity(model: Any, words: Any, mask: Any, latents: Any, time: Any) -> Any:
    """Direction (2, channels, side, side) of the latents (2, channels, side, side) at ``time`` (2,)."""
    import torch

    patches, moment, skipped = model.vision_gen_enc_model(latents, time)[:3]
    side = patches.shape[-1]
    tokens = model.vision_gen_enc_aligner(patches.flatten(2).transpose(1, 2))
    sequence = torch.cat([words, moment[:, None], tokens], dim=1)
    read = model.language_model.model(inputs_embeds=sequence, attention_mask=mask, use_cache=False).last_hidden_state
    seen = model.vision_gen_dec_aligner(model.vision_gen_dec_aligner_norm(read[:, -tokens.shape[1] :]))
    return model.vision_gen_dec_model(seen.transpose(1, 2).unflatten(2, (side, side)), skipped, moment)


if __name__ == "__main__":
    texts = ["text_to_text", "dialogue", "image_to_text", "text_image_to_text"]
    serve(tasks=[*texts, "text_to_image"], load=load, answer=answer, images=1, settings={"steps": 30})
