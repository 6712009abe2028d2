"""Detector that asks a classifier of pictures: any checkpoint that sorts pictures, or CLIP with phrases of one's own.

A CLIP model compares the picture with phrases (Radford et al., ICML 2021): the share of each label is the sum of its
phrases' shares under the model's softmax, so the labels need a harmless counterpart among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final

from PIL import Image as Picture

from unicost.interfaces import Finds
from unicost.judging.pictures import Mark, Pixels, look
from unicost.judging.wording import refuse_unknown
from unicost.records import Detection, Instance, Modality, Response

READ: Final = "read_image"
HARMFUL: Final = "harmful"


class ImageClassifier:
    """Gives ``harmful`` where a harmful class has at least ``threshold``, and ``read_image`` for every picture it read.

    Options: ``weights`` (folder of a checkpoint in the layout of transformers, safetensors alone); ``harmful``, a list
    of the checkpoint's labels, or for CLIP of the names in ``phrases``; ``phrases`` (name -> list of phrases) makes it
    zero-shot; ``threshold``, 0.5 by default. The evidence is the class.
    """

    version: ClassVar[int] = 1
    reads: ClassVar[Modality] = Modality.IMAGE
    finds: ClassVar[Finds] = Finds.HARM
    packages: ClassVar[tuple[str, ...]] = ("torch", "transformers")

    def __init__(
        self,
        *,
        weights: str,
        harmful: Sequence[str],
        phrases: Mapping[str, Sequence[str]] | None = None,
        threshold: float = 0.5,
        **unknown: Any,
    ) -> None:
        refuse_unknown("image_classifier", unknown, ["weights", "harmful", "phrases", "threshold"])
        if isinstance(harmful, str) or not harmful:
            raise ValueError(f"detector 'image_classifier': option 'harmful' must be a list of labels, not {harmful!r}")
        if phrases is not None and (len(phrases) < 2 or not set(harmful) < set(phrases)):
            raise ValueError(
                f"detector 'image_classifier': option 'phrases' must have {list(harmful)} and a harmless counterpart"
            )
        self._weights, self._harmful, self._phrases = Path(weights), tuple(harmful), phrases
        self._threshold = threshold

    def detect(self, instances: Sequence[Instance], responses: Sequence[Response]) -> list[Detection]:
        """Detections in the order of the pictures. Raises ``ValueError`` for a label that the checkpoint lacks."""
        return look("image_classifier", self._find, instances, responses)

    def _find(self, picture: Pixels) -> Iterator[Mark]:
        box = (0, 0, picture.shape[1], picture.shape[0])
        yield Mark(READ, 0.0, box)
        shares = self._zero_shot(picture) if self._phrases else self._classes(picture)
        for name in self._harmful:
            if name not in shares:
                raise ValueError(
                    f"detector 'image_classifier': {self._weights} has no label '{name}': {sorted(shares)}"
                )
            if shares[name] >= self._threshold:
                yield Mark(HARMFUL, min(1.0, round(shares[name], 4)), box, name)

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        from transformers import AutoImageProcessor, AutoModelForImageClassification, CLIPModel, CLIPProcessor

        model, processor = (
            (CLIPModel, CLIPProcessor) if self._phrases else (AutoModelForImageClassification, AutoImageProcessor)
        )
        only: dict[str, Any] = {"local_files_only": True}
        loaded = model.from_pretrained(self._weights, use_safetensors=True, **only).eval()
        return loaded, processor.from_pretrained(self._weights, **only)

    def _classes(self, picture: Pixels) -> dict[str, float]:
        import torch

        model, processor = self._loaded
        with torch.inference_mode():
            logits = model(**processor(images=Picture.fromarray(picture), return_tensors="pt")).logits[0]
        return {model.config.id2label[place]: float(share) for place, share in enumerate(logits.softmax(-1))}

    def _zero_shot(self, picture: Pixels) -> dict[str, float]:
        import torch

        model, processor = self._loaded
        named = [(name, phrase) for name, given in (self._phrases or {}).items() for phrase in given]
        text = [phrase for _, phrase in named]
        with torch.inference_mode():
            inputs = processor(text=text, images=Picture.fromarray(picture), return_tensors="pt", padding=True)
            shares = model(**inputs).logits_per_image[0].softmax(-1)
        return {name: sum(float(share) for (own, _), share in zip(named, shares) if own == name) for name, _ in named}
