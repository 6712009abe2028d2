"""LlavaGuard: is a picture within a policy (Helff et al., 2024)? It answers about the response's picture by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from unicost.interfaces import JudgeRequest
from unicost.judging.answers import Unreadable, json_object
from unicost.judging.asking import Unjudgeable
from unicost.judging.items import modalities
from unicost.judging.judges.guards.guard import Guard, read_format
from unicost.providers.chat import Message
from unicost.records import Aspect, Label, Modality

_POLICY = "llavaguard_policy.txt"


class LlavaGuard(Guard):
    """A picture alone. Further option: ``policy``, a file with another policy in LlavaGuard's layout."""

    name: ClassVar[str] = "llavaguard"
    checkpoint: ClassVar[str] = "AIML-TUDA/LlavaGuard-v1.2-7B-OV-hf"
    able: ClassVar[frozenset[Aspect]] = frozenset({Aspect.INTRINSIC})
    reads: ClassVar[frozenset[Modality]] = frozenset({Modality.IMAGE})

    def __init__(self, *, policy: str | None = None, max_tokens: int = 256, **options: Any) -> None:
        super().__init__(max_tokens=max_tokens, **options)
        self._policy = _policy(policy)

    @classmethod
    def revision(cls, *, policy: str | None = None, **options: Any) -> str:
        """The policy and, on this machine, the weights."""
        return f"{_policy(policy)}{super().revision(**options)}"

    def conversation(self, request: JudgeRequest, aspect: Aspect) -> list[Message]:
        """The picture over the policy."""
        present, image = modalities(request.response), request.response.image
        if image is None or present != {Modality.IMAGE}:
            raise Unjudgeable("this judge reads pictures alone")
        return [Message("user", self._policy, (image.bytes,))]

    def label(self, answer: str, aspect: Aspect) -> tuple[Label, str]:
        """One JSON object with a rating, a category and a rationale."""
        found = json_object(answer)
        rating = found.get("rating")
        if rating not in ("Safe", "Unsafe") or not isinstance(found.get("category"), str):
            raise Unreadable("the judge's answer is not an object of a rating, a category and a rationale")
        return Label(rating.lower()), f"{rating.lower()}: {found['category']}"


def _policy(path: str | None) -> str:
    """The text of a policy; raises ``ValueError`` where there is no such file."""
    if path is None:
        return read_format(_POLICY).strip()
    if not Path(path).is_file():
        raise ValueError(f"judge 'llavaguard': policy: no file '{path}'; it holds a policy in LlavaGuard's layout")
    return Path(path).read_text(encoding="utf-8").strip()
