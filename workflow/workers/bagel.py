"""BAGEL-7B-MoT by its vendor's code: github.com/ByteDance-Seed/Bagel at 056b5fd51a88 (Apache-2.0).

Weights (Apache-2.0): all files of ``ByteDance-Seed/BAGEL-7B-MoT``. About 32 GB of GPU memory in bfloat16.
Written after ``app.py`` and ``inferencer.py``. The model knows no roles: the system prompt, if any, the image and the
text come one after the other, each text between start and end tokens, and no conversations are asked.
``guidance_scale`` of the decoding is the guidance by text (the vendor's is 4); the other settings below are the
vendor's, for drawing and for editing.

NOT TRIED: neither loading nor an answer has been run by this project. Assumed: one GPU, on which the device map of
``app.py`` comes to what is written here; the autoencoder stays on the CPU, as there.
"""

from __future__ import annotations

from typing import Any

from protocol import Answer, Request, Start, serve

SETTINGS = {"steps": 50, "shift": 3.0, "size": 1024, "image_guidance": 2.0, "renorm_min": 0.0}


def load(start: Start) -> Any:
    """Load the vendor's model."""
    import torch
    from accelerate import init_empty_weights, load_checkpoint_and_dispatch
    from data.data_utils import add_special_tokens
    from data.transforms import ImageTransform
    from inferencer import InterleaveInferencer
    from modeling import bagel
    from modeling.autoencoder import load_ae
    from modeling.qwen2 import Qwen2Tokenizer

    words = bagel.Qwen2Config.from_json_file(str(start.weights / "llm_config.json"))
    words.qk_norm, words.tie_word_embeddings, words.layer_module = True, False, "Qwen2MoTDecoderLayer"
    sight = bagel.SiglipVisionConfig.from_json_file(str(start.weights / "vit_config.json"))
    sight.rope, sight.num_hidden_layers = False, sight.num_hidden_layers - 1
    autoencoder, latents = load_ae(local_path=str(start.weights / "ae.safetensors"))
    config = bagel.BagelConfig(
        visual_gen=True,
        visual_und=True,
        llm_config=words,
        vit_config=sight,
        vae_config=latents,
        vit_max_num_patch_per_side=70,
        connector_act="gelu_pytorch_tanh",
        latent_patch_size=2,
        max_latent_size=64,
    )
    with init_empty_weights():
        model = bagel.Bagel(bagel.Qwen2ForCausalLM(words), bagel.SiglipVisionModel(sight), config)
        model.vit_model.vision_model.embeddings.convert_conv2d_to_linear(sight, meta=True)
    tokenizer, special, _ = add_special_tokens(Qwen2Tokenizer.from_pretrained(str(start.weights)))
    model = load_checkpoint_and_dispatch(
        model,
        checkpoint=str(start.weights / "ema.safetensors"),
        device_map={"": f"{start.device}:0"},
        dtype=getattr(torch, start.dtype),
        force_hooks=True,
    ).eval()
    seen, drawn = ImageTransform(980, 224, 14), ImageTransform(1024, 512, 16)
    return InterleaveInferencer(model, autoencoder, tokenizer, drawn, seen, special)


def answer(inferencer: Any, request: Request) -> Answer:
    """Answer one request."""
    turn, decoding = request.only(), request.decoding
    parts = [request.system(), *turn.pictures(), turn.text]
    parts = [part for part in parts if part]
    prompt = "".join(f"<|im_start|>{part}<|im_end|>" if isinstance(part, str) else "<image>" for part in parts)
    if request.task.endswith("_to_image"):
        return Answer(image=draw(inferencer, parts, bool(turn.images), request), prompt=prompt)
    request.sampling("do_sample", "temperature")
    (text,) = inferencer.interleave_inference(
        parts,
        understanding_output=True,
        do_sample=decoding.do_sample,
        text_temperature=decoding.temperature,
        max_think_token_n=decoding.max_new_tokens,
    )
    written = len(inferencer.tokenizer.encode(text))
    # The loop counts the start token, and gives back no sign of why it stopped.
    reason = "length" if written >= decoding.max_new_tokens - 1 else "stop"
    return Answer(text.strip(), finish_reason=reason, prompt=prompt, completion_tokens=written)


def draw(inferencer: Any, parts: list[Any], edits: bool, request: Request) -> Any:
    """The picture that answers a request."""
    settings = request.settings
    (image,) = inferencer.interleave_inference(
        parts,
        cfg_text_scale=request.decoding.guidance_scale,
        cfg_img_scale=settings.image_guidance if edits else 1.0,
        cfg_interval=[0.0 if edits else 0.4, 1.0],
        cfg_renorm_min=settings.renorm_min,
        cfg_renorm_type="text_channel" if edits else "global",
        timestep_shift=settings.shift,
        num_timesteps=settings.steps,
        image_shapes=(settings.size, settings.size),
    )
    return image


if __name__ == "__main__":
    texts = ["text_to_text", "image_to_text", "text_image_to_text"]
    drawings = ["text_to_image", "image_to_image", "text_image_to_image"]
    serve(tasks=texts + drawings, load=load, answer=answer, images=1, settings=SETTINGS)
