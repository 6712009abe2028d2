"""Label Studio: tasks out and annotations in, for people who label there and not on the annotation page.

Its formats are those of its documentation: a task is ``{"data": {...}}``; an export in JSON repeats it with
``annotations``, each with ``result``, ``completed_by`` and ``lead_time``; JSON-MIN is one flat row an annotation, with
``annotator`` and the choices under their names in the labelling interface.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from unicost.store import atomic

_NOTE = "note"


def write_tasks(
    items: Sequence[Mapping[str, Any]], questions: Sequence[Mapping[str, Any]], sample: str, output: Path
) -> None:
    """Write the items of the annotation page as tasks, and beside them the labelling interface (suffix ``.xml``).

    ``sample`` is the digest of the sample, which an export brings back with each task. Images are data URLs, so
    that nothing has to be served.
    """
    with atomic(output) as stream:
        json.dump([{"data": _data(item) | {"sample": sample}} for item in items], stream, ensure_ascii=False, indent=1)
    with atomic(output.with_suffix(".xml")) as stream:
        stream.write(_interface(questions))


def rows(export: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """One row for each annotation that was not cancelled: item, sample, annotator, the choices, note and seconds.

    Raises ``KeyError``, ``TypeError`` or ``AttributeError`` for what is no export.
    """
    for task in export:
        if "annotations" not in task:
            yield {**task, "annotator": _name(task["annotator"]), "seconds": task.get("lead_time", "")}
            continue
        for annotation in task["annotations"]:
            if not annotation.get("was_cancelled"):
                given = {result["from_name"]: _value(result["value"]) for result in annotation["result"]}
                person, seconds = _name(annotation["completed_by"]), annotation.get("lead_time", "")
                of = {"item": task["data"]["item"], "sample": task["data"].get("sample", "")}
                yield {**given, **of, "annotator": person, "seconds": seconds}


def _data(item: Mapping[str, Any]) -> dict[str, Any]:
    request = "\n\n".join(f"{turn['role']}: {turn['text']}" for turn in item["turns"])
    asked = [image for turn in item["turns"] for image in turn["images"]]
    answer = item["response"]
    return {
        "item": item["item"],
        "request": request,
        "request_images": asked,
        "response": answer["text"],
        "response_images": answer["images"],
    }


def _interface(questions: Sequence[Mapping[str, Any]]) -> str:
    shown = "".join(
        f'  <Header value="{name.title()}"/>\n  <Text name="{name}" value="${name}"/>\n'
        f'  <Image name="{name}_images" valueList="${name}_images"/>\n'
        for name in ("request", "response")
    )
    asked = "".join(_question(question) for question in questions)
    note = f'  <TextArea name="{_NOTE}" toName="response" placeholder="Note (optional)" maxSubmissions="1"/>\n'
    return f"<View>\n{shown}{asked}{note}</View>\n"


def _question(question: Mapping[str, Any]) -> str:
    choices = "".join(
        f"    <Choice value={quoteattr(choice['value'])} hint={quoteattr(choice['meaning'])} "
        f"hotkey={quoteattr(choice['key'])}/>\n"
        for choice in question["choices"]
    )
    return (
        f"  <Header value={quoteattr(question['title'])}/>\n"
        f'  <Choices name={quoteattr(question["aspect"])} toName="response" choice="single" required="true">\n'
        f"{choices}  </Choices>\n"
    )


def _value(value: Mapping[str, Any]) -> str:
    chosen = value.get("choices", value.get("text", ""))
    return chosen if isinstance(chosen, str) else " ".join(map(str, chosen))


def _name(person: Any) -> str:
    """Who annotated: an e-mail address where there is one, else the number of the account."""
    return str(person.get("email") or person["id"]) if isinstance(person, dict) else str(person)
