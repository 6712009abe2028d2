"""ShieldGemma 2: does a picture violate one of several policies (Zeng et al., 2025)? It answers about pictures alone.

Each policy is put as a question, and the probability of the answer Yes is that of a violation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from unicost.checkpoints.loading import load_tokenizer
from unicost.checkpoints.multimodal import load_processor
from unicost.interfaces import JudgeRequest
from unicost.judging.judges.classifiers import Classifier
from unicost.judging.local import decode
from unicost.records import Modality

_POLICIES: Final = ("dangerous", "sexual", "violence")


class ShieldGemma2(Classifier):
    """Options: those of a classifier, and as ``unsafe`` the policies of the checkpoint that count, by default all."""

    name: ClassVar[str] = "shieldgemma_2"
    modality: ClassVar[Modality] = Modality.IMAGE
    reads: ClassVar[frozenset[Modality]] = frozenset({modality})

    def __init__(
        self,
        *,
        unsafe: Sequence[str] = _POLICIES,
        checkpoint: str = "google/shieldgemma-2-4b-it",
        batch_size: int = 8,
        **options: Any,
    ) -> None:
        super().__init__(unsafe=unsafe, checkpoint=checkpoint, batch_size=batch_size, **options)

    @staticmethod
    def local_checkpoint(
        *, checkpoint: str = "google/shieldgemma-2-4b-it", revision: str | None = None, **_: Any
    ) -> tuple[str, str | None]:
        """The checkpoint that is loaded, with its revision."""
        return checkpoint, revision

    def kinds(self) -> Any:
        """See ``Classifier``."""
        return ("shieldgemma2",)

    def architecture(self) -> Any:
        """See ``Classifier``."""
        from transformers import ShieldGemma2ForImageClassification

        return ShieldGemma2ForImageClassification

    def reader(self) -> Any:
        """See ``Classifier``."""
        return load_processor(self._weights, self._model.config, load_tokenizer(self._weights))

    def outputs(self, config: Any) -> tuple[list[str], bool]:
        """The policies that are put, of those that the checkpoint has."""
        known = self._reader.policy_definitions
        return [policy for policy in known if policy in self._unsafe], True

    def probabilities(self, requests: Sequence[JudgeRequest]) -> Any:
        """The probability of a violation, a tensor (pictures, policies)."""
        pictures = [decode(request.response.image) for request in requests if request.response.image]
        inputs = self._reader(images=pictures, policies=self._labels, return_tensors="pt")
        output = self._model(**inputs.to(self._model.device, self._model.dtype))
        return output.probabilities[:, 0].reshape(len(pictures), len(self._labels))
