"""Conversations: which turns a model answers, and how they become the prompt that it reads.

A user turn that no assistant turn follows is answered by the model itself, and its answer is fed back before the next
turn. An instance with user turns alone is therefore a real dialogue, in which the model meets its own earlier answers;
assistant turns that the instance gives are taken as they are. The answer to the last user turn is the one recorded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from unicost.interfaces import Answer
from unicost.records import Instance, Turn

Reply = Callable[[list[list[Turn]], list[int]], list[Answer]]


class Unanswerable(ValueError):
    """A request that this model cannot be asked; the message says why."""


def rounds(instance: Instance) -> list[list[Turn]]:
    """The turns cut after every user turn that the model must answer; raises ``Unanswerable`` where none is last."""
    if not instance.turns or instance.turns[-1].role != "user":
        raise Unanswerable(f"instance '{instance.id}' does not end with a user turn, so there is nothing to answer")
    parts: list[list[Turn]] = [[]]
    for turn, following in zip(instance.turns, [*instance.turns[1:], None], strict=True):
        parts[-1].append(turn)
        if turn.role == "user" and following is not None and following.role != "assistant":
            parts.append([])
    return parts


def opening(system: str | None) -> list[Turn]:
    """The turns before an instance's own: the configured system message, if any."""
    return [Turn("system", system)] if system else []


def converse(instances: Sequence[Instance], seeds: Sequence[int], system: str | None, reply: Reply) -> list[Answer]:
    """Answer a batch of conversations, all of their first rounds at once, then all second ones, and so on.

    ``reply`` answers histories that end with a user turn; an item that it answers with an error is asked no further.
    Round r of item k draws from a seed of k and r alone.
    """
    parts = [rounds(instance) for instance in instances]
    histories = [opening(system) for _ in instances]
    answers = [Answer()] * len(instances)
    for number in range(max(map(len, parts), default=0)):
        active = [k for k in range(len(instances)) if number < len(parts[k]) and answers[k].error_kind is None]
        for item in active:
            histories[item] += parts[item][number]
        replies = reply([histories[item] for item in active], [seeds[item] + (number << 32) for item in active])
        for item, answer in zip(active, replies, strict=True):
            answers[item] = answer
            histories[item].append(Turn("assistant", answer.text or ""))
    return answers


def checked_template(template: str | None) -> str | None:
    """A chat template of an entry's options, unchanged; raises ``ValueError`` where it is not Jinja.

    It is parsed with nothing that transformers adds (its ``generation`` tag aside), so what it means is seen later.
    """
    from jinja2 import TemplateSyntaxError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    if template is not None:
        plain = re.sub(r"{%-?\s*(?:end)?generation\s*-?%}", "", template)
        try:
            ImmutableSandboxedEnvironment(extensions=["jinja2.ext.loopcontrols"]).parse(plain)
        except TemplateSyntaxError as error:
            raise ValueError(f"option 'chat_template' is no Jinja template (line {error.lineno}: {error})") from None
    return template


def render(templated: Any, messages: list[dict[str, Any]]) -> str:
    """The prompt that the chat template of a tokenizer or processor makes of the messages."""
    from jinja2 import TemplateError

    try:
        prompt: str = templated.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    except TemplateError as error:
        raise Unanswerable(f"the chat template refuses the conversation: {error}") from None
    return prompt
