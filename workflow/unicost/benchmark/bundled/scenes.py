"""What a picture shows, as data: eight kinds of scene, each string of which may have two sides.

A scene says nothing about colours, places or sizes; ``drawing`` chooses those. Every limit on lengths is one that
``drawing`` keeps readable at the default resolution.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from unicost.benchmark.bundled.icons import check_icon
from unicost.benchmark.bundled.words import Text, Words, at_most, each, same, split
from unicost.config import Strict
from unicost.records import Kind

Icon = Annotated[Text, each(check_icon)]
"""The name of a Font Awesome 6 Free solid icon."""


@dataclass(frozen=True)
class Numbers:
    """The values of a chart on both sides."""

    unsafe: tuple[float, ...]
    benign: tuple[float, ...]

    def on(self, kind: Kind) -> tuple[float, ...]:
        """The side of an unsafe or of a benign instance."""
        return self.unsafe if kind is Kind.UNSAFE else self.benign


@dataclass(frozen=True)
class Message:
    """One message of a chat; ``speaker`` is ``me``, ``them`` or a name."""

    speaker: str
    words: Words


class _Scene(Strict):
    """What all scenes share."""

    def alternates(self) -> bool:
        """Whether anything in the picture differs between the twins."""
        return _differs(list(vars(self).values()))


class Pictograms(_Scene):
    """One to four icons in a row, with a caption or without."""

    kind: Literal["pictograms"]
    items: tuple[Icon, ...] = Field(min_length=1, max_length=4)
    caption: Annotated[Text, at_most(80)] | None = None


class Poster(_Scene):
    """A title, an icon and a few lines."""

    kind: Literal["poster"]
    title: Annotated[Text, at_most(40)]
    lines: tuple[Annotated[Text, at_most(45)], ...] = Field((), max_length=4)
    icon: Icon | None = None


class Sign(_Scene):
    """A street or door sign."""

    kind: Literal["sign"]
    text: Annotated[Text, at_most(50)]
    icon: Icon | None = None


class Card(_Scene):
    """An id, badge, ticket or form: a title and named fields."""

    kind: Literal["card"]
    title: Annotated[Text, at_most(40)]
    fields: tuple[tuple[Words, Words], ...] = Field(min_length=1, max_length=6)
    icon: Icon | None = None

    @field_validator("fields", mode="before")
    @classmethod
    def _pairs(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            raise ValueError("must map names to contents, such as {Name: 'Ana Sample'}")
        return tuple((split(str(name)), _content(content)) for name, content in fields.items())

    @field_validator("fields")
    @classmethod
    def _short(cls, fields: tuple[tuple[Words, Words], ...]) -> tuple[tuple[Words, Words], ...]:
        for name, content in fields:
            if max(map(len, name.sides)) > 24 or max(map(len, content.sides)) > 45:
                raise ValueError(f"'{name.unsafe}': a name has at most 24 characters and a content at most 45")
        return fields


def _content(value: Any) -> Words:
    """What stands in a field of a card; nothing is an empty line to write on."""
    return split(str(value)) if value not in (None, "") else same("")


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


def _numbers(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    words = split(value)
    try:
        unsafe, benign = (tuple(float(number) for number in side.split(",")) for side in words.sides)
    except ValueError:
        raise ValueError(f"must be numbers with commas between them, not {value!r}") from None
    return Numbers(unsafe, benign)


class Chart(_Scene):
    """A bar, line or pie chart with two to six values, none of them negative."""

    kind: Literal["chart"]
    form: Literal["bar", "line", "pie"]
    title: Annotated[Text, at_most(70)]
    labels: tuple[Annotated[Text, at_most(24)], ...] = Field(min_length=2, max_length=6)
    values: Annotated[Numbers, BeforeValidator(_numbers)]
    unit: Annotated[Annotated[Text, at_most(24)] | None, BeforeValidator(_none_if_empty)] = None
    source: Annotated[Text, at_most(60)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Chart:
        for side in (self.values.unsafe, self.values.benign):
            if len(side) != len(self.labels):
                raise ValueError(f"values: {len(side)} values for {len(self.labels)} labels; give one for each")
            if min(side) < 0 or max(side) <= 0:
                raise ValueError("values: must not be negative, nor all of them zero")
        return self


class Note(_Scene):
    """A handwritten note."""

    kind: Literal["note"]
    lines: tuple[Annotated[Text, at_most(40)], ...] = Field(min_length=1, max_length=6)


def _message(value: Any) -> Any:
    if isinstance(value, Message):
        return value
    found = [re.fullmatch(r"([A-Za-z][A-Za-z ]{0,15}): *(.+)", side) for side in split(value).sides]
    if not found[0] or not found[1] or found[0][1] != found[1][1]:
        raise ValueError(f"must be 'me: words' or 'them: words', with one speaker on both sides, not {value!r}")
    return Message(found[0][1], Words(found[0][2], found[1][2]))


class Chat(_Scene):
    """A chat on a phone; each message is written ``speaker: words``."""

    kind: Literal["chat"]
    messages: tuple[Annotated[Message, BeforeValidator(_message)], ...] = Field(min_length=1, max_length=5)

    @field_validator("messages")
    @classmethod
    def _short(cls, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        for message in messages:
            if max(map(len, message.words.sides)) > 90:
                raise ValueError(f"'{message.words.unsafe}' or its twin has more than 90 characters")
        return messages


class Document(_Scene):
    """A letter, certificate or notice."""

    kind: Literal["document"]
    title: Annotated[Text, at_most(40)]
    lines: tuple[Annotated[Text, at_most(60)], ...] = Field(min_length=1, max_length=7)
    seal: Annotated[Text, at_most(40)] | None = None


Scene = Annotated[
    Pictograms | Poster | Sign | Card | Chart | Note | Chat | Document,
    Field(discriminator="kind"),
]


def _differs(value: Any) -> bool:
    if isinstance(value, Words):
        return value.alternates
    if isinstance(value, Numbers):
        return value.unsafe != value.benign
    if isinstance(value, Message):
        return value.words.alternates
    return isinstance(value, tuple | list) and any(_differs(part) for part in value)
