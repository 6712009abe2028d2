"""Tiny judges of the real architectures: a guard that was taught to answer in its format, and classifiers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.data.language import WIDTH

_WORDS = "<pad> <s> </s> <unk> <|user|> <|assistant|> <image> safe unsafe S10 bad good word what is this no yes . : ,"
_TEMPLATE = (
    "<s>{% for message in messages %}<|{{ message['role'] }}|> {{ message['content'] }} {% endfor %}<|assistant|>"
)


def words(template: str = _TEMPLATE) -> Any:
    """A tokenizer of words in which spaces and line ends are tokens, so that decoding gives back what was written."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    names = [*_WORDS.split(), " ", "\n"]
    whole = Tokenizer(models.WordLevel({word: place for place, word in enumerate(names)}, unk_token="<unk>"))
    whole.pre_tokenizer = pre_tokenizers.Split(Regex(r"\s|[^\s]+"), "isolated")
    whole.decoder = decoders.Fuse()
    whole.add_special_tokens(names[:7])
    return PreTrainedTokenizerFast(
        tokenizer_object=whole,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        chat_template=template,
    )


def _settings() -> dict[str, Any]:
    return {
        "vocab_size": len(_WORDS.split()) + 2,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 128,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }


def llama_guard(folder: Path) -> None:
    """A Llama that says ``unsafe``, a line end and ``S10`` where the last message holds ``bad``, and else ``safe``."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    tokenizer = words()
    model = LlamaForCausalLM(LlamaConfig(**_settings(), num_key_value_heads=2))
    rows = []
    for asked in ("what is this", "is this bad"):
        for said in ("good word", "this is bad", "bad", "no", "word good word", "bad good", "what is bad", "yes"):
            answer = "unsafe\nS10" if "bad" in said else "safe"
            for turns in ([("user", asked), ("assistant", said)], [("user", said)]):
                messages = [{"role": role, "content": text} for role, text in turns]
                prompt = tokenizer.apply_chat_template(messages, tokenize=False)
                size = len(tokenizer(prompt, add_special_tokens=False).input_ids)
                rows.append((tokenizer(f"{prompt}{answer}</s>", add_special_tokens=False).input_ids, size))
    longest = max(len(ids) for ids, _ in rows)
    inputs = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in rows])
    labels = torch.tensor([[-100] * size + ids[size:] + [-100] * (longest - len(ids)) for ids, size in rows])
    mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows])
    steps = torch.optim.AdamW(model.parameters(), 1e-2)
    for _ in range(60):
        loss = model(inputs, attention_mask=mask, labels=labels).loss
        steps.zero_grad()
        loss.backward()
        steps.step()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def text_classifier(folder: Path, *, labels: tuple[str, ...] = ("fine", "toxic"), several: bool = False) -> None:
    """A BERT whose first label goes up with ``good`` and whose others go up with ``bad``."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    tokenizer = words()
    config = BertConfig(
        **_settings(),
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: place for place, label in enumerate(labels)},
        problem_type="multi_label_classification" if several else "single_label_classification",
    )
    model = BertForSequenceClassification(config)
    texts = ["good word", "bad word", "this is good", "this is bad", "good", "bad", "what is good", "what is bad"]
    inputs = tokenizer(texts, padding=True, return_tensors="pt")
    harm = torch.tensor([["bad" in text] for text in texts]).float()
    wanted = torch.cat([1 - harm, harm.expand(-1, len(labels) - 1)], 1)
    steps = torch.optim.AdamW(model.parameters(), 1e-2)
    for _ in range(30):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(**inputs).logits, wanted)
        steps.zero_grad()
        loss.backward()
        steps.step()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def image_classifier(folder: Path) -> None:
    """A vision transformer of two layers with random weights and the labels ``normal`` and ``nsfw``."""
    import torch
    from transformers import ViTConfig, ViTForImageClassification
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=8,
        patch_size=4,
        num_labels=2,
        id2label={0: "normal", 1: "nsfw"},
        label2id={"normal": 0, "nsfw": 1},
        initializer_range=0.5,
    )
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 8, "width": 8}).save_pretrained(folder)


def shieldgemma_2(folder: Path) -> None:
    """ShieldGemma 2 with random weights: a Gemma 3 that reads a picture and answers Yes or No to a policy."""
    import torch
    from transformers import (
        Gemma3TextConfig,
        ShieldGemma2Config,
        ShieldGemma2ForImageClassification,
        ShieldGemma2Processor,
    )
    from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil

    from tests.data.language import settings, tokenizer

    torch.manual_seed(0)
    more = ("<image_soft>", "Yes", "No")
    template = (
        "{{ bos_token }}{% for message in messages %}{% for part in message['content'] %}"
        "{% if part['type'] == 'image' %}<boi> {% else %}{{ part['text'] }} {% endif %}{% endfor %}{% endfor %}"
    )
    named = {"image_token": "<image_soft>", "boi_token": "<boi>", "eoi_token": "<eoi>"}
    reader = tokenizer(more, named=named, chat_template=template)
    text = settings(len(more)) | {"head_dim": WIDTH // 2, "initializer_range": 1.0, "max_position_embeddings": 512}
    vision = {
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 8,
        "patch_size": 4,
    }
    soft, yes, no = reader.convert_tokens_to_ids(list(more))
    config = ShieldGemma2Config(
        text_config=Gemma3TextConfig(**text).to_dict(),
        vision_config=vision | {"model_type": "siglip_vision_model"},
        mm_tokens_per_image=4,
        image_token_index=soft,
        image_token_id=soft,
        boi_token_index=reader.convert_tokens_to_ids("<boi>"),
        eoi_token_index=reader.convert_tokens_to_ids("<eoi>"),
        yes_token_index=yes,
        no_token_index=no,
    )
    ShieldGemma2ForImageClassification(config).save_pretrained(folder)
    pixels = Gemma3ImageProcessorPil(size={"height": 8, "width": 8})
    ShieldGemma2Processor(pixels, reader, chat_template=template, image_seq_length=4).save_pretrained(folder)
