"""Ovis-U1-3B by its vendor's code: github.com/AIDC-AI/Ovis-U1 at dccf5eb36a72 (Apache-2.0).

Weights (Apache-2.0): ``AIDC-AI/Ovis-U1-3B`` with the ``*.py`` beside them, which are the model's own code and are run.
About 12 GB of GPU memory, in bfloat16 alone, which the vendor's scripts write out.
Pictures are made by the functions of ``test_txt_to_img.py`` and ``test_img_edit.py``: 1024 pixels, or the size of the
picture that is edited, up to a megapixel; 50 steps. ``guidance_scale`` of the decoding is that of drawing by text (the
vendor's is 5); editing has settings of its own, the vendor's 6 for the text and 1.5 for the picture. Before a request
that is drawn the vendor puts a sentence, and no system prompt reaches a picture.
Texts are written after ``test_img_to_txt.py``, with the vendor's template: an image comes before the text of its turn,
thinking is closed before it begins, and there is a system turn where one is configured.

NOT TRIED with its weights, in its environment or on a GPU. Tried with random weights in a small model of that code, on
a CPU, with stand-ins for flash-attn and torchvision: it wrote, drew and edited as said here. The code was read in the
copy of github.com/chenerg/ImageWAM at a76b7b84e817, ``third_party/ovis_u1_hf``. Assumed: that beside the weights is
still the same, and a request without pictures, of which the vendor's scripts show none, is read as it provides for.
"""

from __future__ import annotations

from typing import Any

from protocol import Answer, Request, Start, Turn, serve

SETTINGS = {"steps": 50, "size": 1024, "editing_guidance": 6.0, "image_guidance": 1.5}
ROLES = {"system": "system", "user": "human", "assistant": "gpt"}
DRAWING = (
    "Describe the image by detailing the color, shape, size, texture, quantity, text, and spatial relationships of "
    "the objects:"
)


def load(start: Start) -> Any:
    """Load the vendor's model."""
    import torch
    from transformers import AutoModelForCausalLM

    if start.dtype != "bfloat16":
        raise SystemExit(f"Ovis-U1 runs in bfloat16, and dtype {start.dtype} is asked for")
    model, report = AutoModelForCausalLM.from_pretrained(
        str(start.weights), torch_dtype=torch.bfloat16, trust_remote_code=True, output_loading_info=True
    )
    # The last layer of the language model is its embedding.
    missing = [name for name in report["missing_keys"] if name != "llm.lm_head.weight"]
    if missing:
        raise SystemExit(f"the checkpoint lacks {len(missing)} weights, among them {missing[0]}")
    return model.eval().to(start.device, torch.bfloat16)


def answer(model: Any, request: Request) -> Answer:
    """Answer one request."""
    import torch

    # Where a request holds the words for a picture, the vendor's code would put one there, or lose one.
    if any(word in turn.text for turn in request.turns for word in ("<image>", "<video>")):
        raise ValueError("the request holds <image> or <video>, which the model's code takes for a picture")
    with torch.inference_mode():
        return draw(model, request) if request.task.endswith("_to_image") else write(model, request)


def said(turn: Turn) -> str:
    """A turn as the vendor words it."""
    return "<image>\n" * len(turn.images) + turn.text


def write(model: Any, request: Request) -> Answer:
    """The text that answers a request."""
    words, decoding = model.get_text_tokenizer(), request.decoding
    prompt, ids, patches, grids = model.preprocess_inputs(
        [{"from": ROLES[turn.role], "value": said(turn)} for turn in request.turns],
        [picture for turn in request.turns for picture in turn.pictures()],
    )
    read = prompt_tokens(model, ids, grids)
    sampling = {"temperature": decoding.temperature, "top_p": decoding.top_p, "top_k": decoding.top_k}
    request.sampling("do_sample", *sampling)
    if not decoding.do_sample:
        sampling = dict.fromkeys(sampling)
    ids = ids[None].to(model.device)
    written = model.generate(
        ids,
        pixel_values=None if patches is None else patches.to(model.device, model.dtype),
        grid_thws=[None] if grids is None else grids.to(model.device),
        attention_mask=ids != words.pad_token_id,
        max_new_tokens=decoding.max_new_tokens,
        do_sample=decoding.do_sample,
        repetition_penalty=1.0,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
        use_cache=True,
        **sampling,
    )[0].tolist()
    return Answer(
        words.decode(written, skip_special_tokens=True).strip(),
        finish_reason="stop" if written[-1] == words.eos_token_id else "length",
        prompt=prompt,
        prompt_tokens=read,
        completion_tokens=len(written),
    )


def prompt_tokens(model: Any, ids: Any, grids: Any) -> int:
    """How many tokens are read; raises ``ValueError`` where the model's code would cut off the first of them.

    Each picture, a grid of patches (its row in ``grids``), holds one place among ``ids``.
    """
    merged = model.get_visual_tokenizer().config.hidden_stride ** 2
    pictures = [] if grids is None else [int(grid.prod()) // merged for grid in grids]
    read, most = len(ids) + sum(pictures) - len(pictures), model.config.multimodal_max_length
    if read > most:
        raise ValueError(f"the request has {read} tokens and the model reads {most}")
    return read


def draw(model: Any, request: Request) -> Answer:
    """The picture that answers a request."""
    from test_img_edit import pipe_img_edit
    from test_txt_to_img import pipe_t2i

    turn, settings, seed = request.only(), request.settings, request.seed
    if turn.images:
        text = turn.text.strip()
        guidance = settings.editing_guidance, settings.image_guidance
        (image,) = pipe_img_edit(model, turn.pictures()[0], text, settings.steps, *guidance, seed=seed)
    else:
        text, guidance = turn.text, request.decoding.guidance_scale
        (image,) = pipe_t2i(model, text, settings.size, settings.size, settings.steps, guidance, seed=seed)
        text = DRAWING + text
    prompt, _ = model.get_conversation_formatter().format_query(f"<image>\n{text}", generation_preface=None)
    return Answer(image=image, finish_reason="stop", prompt=prompt)


if __name__ == "__main__":
    texts = ["text_to_text", "dialogue", "image_to_text", "text_image_to_text"]
    drawings = ["text_to_image", "image_to_image", "text_image_to_image"]
    serve(tasks=texts + drawings, load=load, answer=answer, images=1, settings=SETTINGS)
