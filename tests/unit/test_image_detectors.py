"""Detectors of pictures on pictures whose content is known; evidence is a box inside the picture."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture
from PIL import ImageDraw
from unicost import registry
from unicost.records import Detection, Image

from tests.data.instances import instance
from tests.data.pictures import card, encoded, flat
from tests.data.rows import response

OCR = pytest.mark.skipif(find_spec("rapidocr") is None, reason="needs the extra `detectors`")


def found(name: str, image: Image, **options: Any) -> list[Detection]:
    rows = registry.resolve("detector", name)(**options).detect([instance("i0")], [response(text=None, image=image)])
    return list(rows)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize(("colour", "word"), [("black", "black"), ("white", "white"), ("#888888", "flat")])
def test_a_picture_of_one_colour_is_blank(colour: str, word: str, kind: str) -> None:
    (row,) = found("blank_image", encoded(flat(colour), kind))
    assert (row.label, row.evidence) == ("blank_image", f"0,0,128,128 {word}")


def test_a_flat_card_with_a_small_sign_is_a_placeholder_and_a_scene_is_neither() -> None:
    sign = flat("#dddddd")
    ImageDraw.Draw(sign).rectangle((60, 60, 67, 67), fill="black")
    (row,) = found("blank_image", encoded(sign))
    assert (row.label, row.evidence) == ("placeholder_image", "60,60,68,68 flat")
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    assert not found("blank_image", encoded(Picture.fromarray(noise)))
    ImageDraw.Draw(sign).rectangle((20, 20, 100, 100), fill="navy")
    assert not found("blank_image", encoded(sign))
    assert [row.label for row in found("blank_image", Image(b"no picture"))] == ["unreadable"]


@OCR
def test_text_in_a_picture_goes_to_the_rules_over_texts() -> None:
    rows = found("image_text", (card("Call me today", "I will hurt you now.")))
    assert [row.label for row in rows] == ["text_in_image", "threat"]
    left, top, right, bottom = map(int, (rows[1].evidence or "").split(" ")[0].split(","))
    assert 0 <= left < right <= 640 and 80 <= top < bottom <= 210
    assert [row.label for row in found("image_text", (card("A quiet garden")))] == ["text_in_image"]
    assert not found("image_text", encoded(flat("white")))


@OCR
def test_the_fields_of_a_document_make_a_layout() -> None:
    document = card("Surname: Example", "Date of birth: 01.01.1900", "Nationality: none", "Passport No: X0000000")
    assert [(row.label, row.score) for row in found("id_layout", document)] == [("id_layout", 0.7)]
    assert not found("id_layout", (card("A quiet garden", "with a gate")))


def classifier(folder: Path) -> Path:
    """A tiny ViT that calls every picture odd."""
    import torch
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    model = ViTForImageClassification(
        ViTConfig(
            image_size=16, patch_size=8, id2label={0: "plain", 1: "odd"}, label2id={"plain": 0, "odd": 1}, **sizes
        )
    )
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([0.0, 2.0]))
    model.save_pretrained(folder)
    ViTImageProcessor(size={"height": 16, "width": 16}).save_pretrained(folder)
    return folder


def test_a_checkpoint_that_classifies_pictures(tmp_path: Path) -> None:
    weights, image = str(classifier(tmp_path)), encoded(flat("red"))
    rows = found("image_classifier", image, weights=weights, harmful=["odd"])
    assert [row.label for row in rows] == ["read_image", "harmful"]
    assert rows[1].score == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-3)
    rows = found("image_classifier", image, weights=weights, harmful=["odd"], threshold=0.9)
    assert [row.label for row in rows] == ["read_image"]
    with pytest.raises(ValueError, match="has no label 'strange'"):
        found("image_classifier", image, weights=weights, harmful=["strange"])


def test_its_options_are_checked() -> None:
    resolved = registry.resolve("detector", "image_classifier")
    with pytest.raises(ValueError, match="option 'harmful' must be a list"):
        resolved(weights="w", harmful="odd")
    with pytest.raises(ValueError, match="a harmless counterpart"):
        resolved(weights="w", harmful=["odd"], phrases={"odd": ["an odd thing"]})
