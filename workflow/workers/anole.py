"""Anole-7B, a Chameleon that draws, by its vendor's code: github.com/GAIR-NLP/anole at af563fa13ddc.

Licence of code and weights: Chameleon Research License, non-commercial; the code's headers name it, the repository
holds no text of it. Weights: ``GAIR/Anole-7b-v0.1`` in the vendor's layout (``models/7b`` and ``tokenizer``). Anole
is Chameleon-7B with the output of image tokens trained anew: as a stand-in for Chameleon's own pictures, which its
release withholds, it is another model. Chameleon's own weights in the same layout load too; they draw nothing of use.
About 20 GB of GPU memory. Written after ``text2image.py`` and ``inference.py``. Pictures: 1024 tokens, sampling of
the decoding (the vendor's: temperature 0.7, top_p 0.9), ``guidance_scale`` of it as guidance by text (the vendor's is
3). Texts: the vendor penalises repetition by 1.2; here the decoding says. A turn ends with the model's end-of-turn
token.

NOT TRIED: neither loading nor an answer has been run by this project. Assumed: the seed of the vendor's options
reaches its own process, which it starts beside this one; texts end with ``<racm3:break>``, as in the original of that
code.
"""

from __future__ import annotations

from typing import Any

from protocol import Answer, Request, Start, serve


def load(start: Start) -> Any:
    """Load the vendor's model."""
    from chameleon.inference.chameleon import ChameleonInferenceModel

    if start.device != "cuda":
        raise SystemExit("Anole's code needs a GPU: set run.gpus to 1")
    tokenizer = start.weights / "tokenizer"
    files = [
        start.weights / "models" / "7b",
        *(tokenizer / f for f in ("text_tokenizer.json", "vqgan.yaml", "vqgan.ckpt")),
    ]
    return ChameleonInferenceModel(*map(str, files))


def answer(model: Any, request: Request) -> Answer:
    """Answer one request."""
    from chameleon.inference.chameleon import Options

    turn, decoding = request.only(), request.sampling("do_sample", "temperature", "top_p", "repetition_penalty")
    asked = f"{request.system()}\n{turn.text}" if request.system() else turn.text
    parts = [{"type": "image", "value": picture} for picture in turn.pictures()]
    parts += [{"type": "text", "value": asked}, {"type": "sentinel", "value": "<END-OF-TURN>"}]
    read = len(model.token_manager.tokens_from_ui(parts))
    prompt = "<image>" * len(turn.images) + asked + "<END-OF-TURN>"
    sampling = {"temp": decoding.temperature, "top_p": decoding.top_p, "greedy": not decoding.do_sample}
    if request.task == "text_to_image":
        guidance = Options.Image.CFG(decoding.guidance_scale, request.settings.image_guidance)
        options = Options(seed=request.seed, txt=False, img=Options.Image(cfg=guidance, **sampling))
        tokens = model.generate(prompt_ui=parts, options=options)
        image = model.decode_image(tokens)[0]
        return Answer(image=image, finish_reason="stop", prompt=prompt, prompt_tokens=read)
    options = Options(
        max_gen_len=decoding.max_new_tokens,
        seed=request.seed,
        txt=Options.Text(repetition_penalty=decoding.repetition_penalty, **sampling),
        img=False,
        extra_eos_tokens=["<racm3:break>"],
    )
    tokens = model.generate(prompt_ui=parts, options=options)
    written = tokens.shape[-1]
    (text,) = model.decode_text(tokens) if written else ("",)
    reason = "length" if written >= decoding.max_new_tokens else "stop"
    return Answer(text.strip(), finish_reason=reason, prompt=prompt, prompt_tokens=read, completion_tokens=written)


if __name__ == "__main__":
    texts = ["text_to_text", "image_to_text", "text_image_to_text"]
    settings = {"image_guidance": 1.2}
    serve(tasks=[*texts, "text_to_image"], load=load, answer=answer, images=2, settings=settings)
