r"""The numbers of the paper for authors who write in LaTeX: ``\unicost{published/size/models}`` prints that number.

Keys are the paths in numbers.json. They hold digits and slashes, which names of commands cannot, so one command looks
all of them up; an unknown key stops the run with its name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from unicost.reporting.formatting import MINUS, MISSING
from unicost.store import atomic

_HEAD = r"""% Written by the rule `numbers`; do not edit. \input{numbers.tex}, then \unicost{published/size/models}.
\newcommand{\unicost}[1]{\ifcsname unicost@#1\endcsname\csname unicost@#1\endcsname\else
  \errmessage{no number '#1' in numbers.tex}\fi}
\newcommand{\unicostdefine}[2]{\expandafter\newcommand\csname unicost@#1\endcsname{#2}}
"""
_ESCAPES = {
    "\\": r"\textbackslash{}",
    **{symbol: f"\\{symbol}" for symbol in "%&#_${}"},
    MINUS: r"\ensuremath{-}",
    MISSING: "--",
    "\N{NO-BREAK SPACE}": "~",
    "<": r"\ensuremath{<}",
    ">": r"\ensuremath{>}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\n": " ",
}


def write_latex(numbers: Path, output: Path) -> None:
    """Write ``output`` from the file that ``numbers.write_numbers`` wrote."""
    leaves = _leaves(json.loads(numbers.read_text(encoding="utf-8")), "")
    with atomic(output) as stream:
        stream.write(_HEAD)
        for key, text, source in leaves:
            stream.write(f"\\unicostdefine{{{key}}}{{{escaped(text)}}} % {source}\n")


def escaped(text: str) -> str:
    """Text as LaTeX source."""
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def _leaves(node: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """The path, the text and the file of every number."""
    if not isinstance(node, dict):
        return
    if isinstance(node.get("text"), str):
        yield path, node["text"], node["source"]
        return
    for key, child in node.items():
        yield from _leaves(child, f"{path}/{key}" if path else str(key))
