"""The word-level tokenizer of the miniature models: every word of the closed language is one token."""

from __future__ import annotations

from typing import Final

from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from unicost.miniature import language, scenes

SPECIAL: Final = (
    "<pad>", "<s>", "</s>", "<|user|>", "<|assistant|>", "<image>", "<begin_of_image>", "<end_of_image>", "<unk>",
)  # fmt: skip
PAD, BOS, EOS, USER, ASSISTANT, IMAGE, BEGIN_IMAGE, END_IMAGE = range(8)
MAXIMUM_LENGTH: Final = 256
CHAT_TEMPLATE: Final = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}<|user|> {% elif message['role'] == 'assistant' %}<|assistant|> "
    "{% else %}{{ raise_exception('the miniature models know no role but user and assistant') }}{% endif %}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image> {% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def vocabulary() -> list[str]:
    """Every word of the language, sorted."""
    texts = [*language.OPENERS, *language.CLOSERS, *language.HOW_TO, *language.DRAW, *language.DESCRIBE]
    texts += [*language.WHAT_IS_IT, *language.DO_YOU_SEE, language.RESTATED, language.SEEN, language.UNSEEN]
    texts += [*language.IS_IT_WRONG, *language.POINTERS, *language.USES, *language.PRECAUTIONS, *language.TIPS]
    texts += [language.REFUSAL, language.ADVICE, language.OFFER, language.WRONG, language.FINE]
    for category in language.CATEGORIES:
        texts += [category.word, *category.objects, *category.unsafe, *category.benign]
    texts += [scene.caption for scene in scenes.SCENES]
    return sorted({word for text in texts for word in text.split() if "{" not in word})


def build_tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer with its chat template, padding on the left."""
    known = {word: number for number, word in enumerate([*SPECIAL, *vocabulary()])}
    tokenizer = Tokenizer(models.WordLevel(known, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(list(SPECIAL))
    wrapped = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        padding_side="left",
        model_max_length=MAXIMUM_LENGTH,
        clean_up_tokenization_spaces=False,
        extra_special_tokens={
            "image_token": "<image>",
            "boi_token": "<begin_of_image>",
            "eoi_token": "<end_of_image>",
        },
    )
    wrapped.chat_template = CHAT_TEMPLATE
    return wrapped
