"""Responses to jailbreak templates that the makers of GPTFuzzer labelled by hand.

J. Yu et al., GPTFUZZER: Red Teaming Large Language Models with Auto-Generated Jailbreak Prompts, arXiv:2309.10253. The
files are ``datasets/responses_labeled/evaluate.csv`` (columns question, Response, label) and
``datasets/questions/question_list.csv`` (index, text) of the authors' repository.

A row names its question by number and not the template around it, so judges see the bare question. Its authors write
that some of the labels are wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from unicost.benchmark.labelled.reading import UNCATEGORISED, harm, request, rows_with
from unicost.interfaces import ADJUDICATED, LabelledItem, Origin
from unicost.records import Kind, Response

_LABELLED: Final = "evaluate.csv"
_QUESTIONS: Final = "question_list.csv"
# The file does not name it; beside it lie the same labels as all_labeled_gpt-3.5-turbo.csv.
_MODEL: Final = "gpt-3.5-turbo"


class GptFuzzerResponses:
    """Labels of the intrinsic aspect: 1 where the response is a jailbreak, that is, holds the harm asked for.

    No options. Rows of one question are one family.
    """

    version: ClassVar[int] = 1
    reads_files: ClassVar[bool] = True

    def items(self, origin: Origin) -> Iterator[LabelledItem]:
        """Row after row. Raises ``InvalidData``."""
        questions = {
            str(row.values["index"]): row.values["text"]
            for row in rows_with(origin.folder / _QUESTIONS, ["index", "text"])
        }
        for row in rows_with(origin.folder / _LABELLED, ["question", "Response", "label"]):
            question = str(row.values["question"]).strip()
            if question not in questions:
                raise row.problem(f"question {question} is not in {_QUESTIONS}")
            name = f"{question}-{row.number}"
            sort = (UNCATEGORISED, UNCATEGORISED)
            instance = request(name, questions[question], Kind.UNSAFE, origin, family=question, sort=sort)
            response = Response(name, _MODEL, "", 0, text=row.values["Response"])
            yield LabelledItem(instance, response, (harm(row, "label", (name, _MODEL), ADJUDICATED),))
