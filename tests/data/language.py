"""The language of the tiny checkpoints: a few words, their tokenizer, its chat template and a model's settings."""

from __future__ import annotations

from typing import Any

WIDTH = 32
SPECIAL = ("<pad>", "<s>", "</s>", "<|user|>", "<|assistant|>", "<|system|>", "<image>", "<boi>", "<eoi>", "<unk>")
WORDS = (
    "a the red blue green cat dog box tree house draw show tell me what is this picture of and why how do you please "
    "help with my very long question about nothing one two three four five six seven eight nine ten yes no maybe"
)
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|> "
    "{% if message['content'] is string %}{{ message['content'] }} {% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image> {% else %}{{ part['text'] }} {% endif %}{% endfor %}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def settings(more: int = 0) -> dict[str, Any]:
    """Configuration of a decoder of two layers whose vocabulary has ``more`` tokens behind the words."""
    return {
        "vocab_size": len(SPECIAL) + len(WORDS.split()) + more,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": 128,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "initializer_range": 0.4,
    }


def tokenizer(more: tuple[str, ...] = (), *, opens: bool = False, **options: Any) -> Any:
    """One token a word; the special tokens ``more`` come behind the words. One that ``opens`` adds a start token."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: place for place, word in enumerate((*SPECIAL, *WORDS.split(), *more))}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.add_special_tokens([*SPECIAL, *more])
    if opens:
        words.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    named = {"image_token": "<image>", "boi_token": "<boi>", "eoi_token": "<eoi>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        extra_special_tokens=named | options.pop("named", {}),
        **{"chat_template": TEMPLATE, **options},
    )
