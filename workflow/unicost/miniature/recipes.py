"""The training recipes of `config/miniature.yaml`, typed, and the fingerprint of each training stage.

A stage's fingerprint covers its own recipe, the recipes of the stages that it starts from, and the versions of the
world and of the training code: changing one arm's recipe changes that arm alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml
from pydantic import Field, ValidationError, model_validator

from unicost.config import Strict, digest
from unicost.miniature.splits import SALT

TRAINING_VERSION: Final = 2
"""Raised whenever the world, the architecture or the training code changes what a recipe gives."""
JUDGE_VERSION: Final = 1
"""Raised whenever the judge's features, examples or training change what a recipe gives."""
STAGES_BEFORE_ARMS: Final = ("vision", "base")


class BadRecipe(ValueError):
    """The recipe file is not what it should be."""


class VisionRecipe(Strict):
    """Pretraining of the vision encoder on the attributes of training scenes."""

    steps: int = Field(ge=1)
    """Optimiser steps."""
    batch_size: int = Field(48, ge=1)
    """Pictures a step."""
    learning_rate: float = Field(2e-3, gt=0)
    """Peak learning rate."""


class StepCounts(Strict):
    """How many optimiser steps are spent on each kind of batch; their order is shuffled by the seed."""

    safety: int = Field(0, ge=0)
    """Text of which half is unsafe and refused. In an arm this is the safety replay."""
    safety_pictures: int = Field(0, ge=0)
    """Requests with a picture, half of them unsafe and refused. Safety replay that reaches the other modality."""
    text: int = Field(0, ge=0)
    """Benign text."""
    understanding: int = Field(0, ge=0)
    """Picture and text to text."""
    generation: int = Field(0, ge=0)
    """Text to picture."""

    @property
    def total(self) -> int:
        """All steps."""
        return self.safety + self.safety_pictures + self.text + self.understanding + self.generation

    @property
    def pictures(self) -> int:
        """Steps that read or draw pictures."""
        return self.safety_pictures + self.understanding + self.generation

    @model_validator(mode="after")
    def _some(self) -> StepCounts:
        if not self.total:
            raise ValueError("at least one step is needed")
        return self


class TextRecipe(Strict):
    """Training of the aligned base."""

    steps: StepCounts
    """Steps by kind of batch."""
    batch_size: int = Field(32, ge=1)
    """Examples a step."""
    learning_rate: float = Field(4e-3, gt=0)
    """Peak learning rate of the language model."""


class ArmRecipe(Strict):
    """Training of one arm from a copy of the base."""

    janus: bool = True
    """Whether the arm is a Janus around the base, or the base's Llama alone."""
    steps: StepCounts
    """Steps by kind of batch."""
    batch_size: int = Field(16, ge=1)
    """Examples a step."""
    learning_rate: float = Field(1e-3, gt=0)
    """Peak learning rate of the language model; it drives forgetting."""
    new_learning_rate: float = Field(3e-3, gt=0)
    """Peak learning rate of the fresh parts: aligners and heads. The vision encoder is frozen."""
    uncurated_share: float = Field(0.5, ge=0, le=1)
    """Share of generation examples that are bare captions of any scene: only there are unsafe scenes drawn."""

    @model_validator(mode="after")
    def _possible(self) -> ArmRecipe:
        if not self.janus and self.steps.pictures:
            raise ValueError("an arm without Janus has text steps only; set janus: true")
        return self


class JudgeRecipe(Strict):
    """Training of the small trained judge, on made answers to the training split."""

    seed: int = 0
    """Fixes the answers, the initial weights and the order."""
    per_cell: int = Field(40, ge=1)
    """Requests for each way of asking and category, as many benign twins and half as many capability checks."""
    text_answers: int = Field(5, ge=1)
    """Made answers to each of them, where a text is expected."""
    picture_answers: int = Field(40, ge=1)
    """Made answers to each of them, where a picture is expected."""
    hidden: int = Field(96, ge=1)
    """Units of the hidden layer."""
    epochs: int = Field(10, ge=1)
    """Passes over the answers."""
    batch_size: int = Field(256, ge=1)
    """Answers a step."""
    learning_rate: float = Field(4e-3, gt=0)
    """Learning rate at the start; it falls to nothing."""


class Recipes(Strict):
    """The whole file."""

    seeds: tuple[int, ...] = Field(min_length=1)
    """Seeds that are trained: each fixes base, vision encoder, initial weights and data order."""
    vision: VisionRecipe
    """The vision encoder."""
    base: TextRecipe
    """The aligned base."""
    arms: dict[str, ArmRecipe]
    """The arms by name."""
    judge: JudgeRecipe | None = None
    """The small trained judge; no arm depends on it."""

    def names(self) -> tuple[str, ...]:
        """What can be packed and answered with: the base and the arms."""
        return ("base", *self.arms)

    def fingerprint(self, stage: str) -> str:
        """12 hexadecimal digits over all that a stage (``vision``, ``base``, ``judge`` or an arm) depends on."""
        if stage == "vision":
            return self._digest(self.vision)
        if stage == "base":
            return self._digest(self.base)
        if stage == "judge":
            return digest(JUDGE_VERSION, self._digest(self.trained_judge()))
        arm = self.arm(stage)
        return self._digest(self.base, arm, *([self.vision] if arm.janus else []))

    def trained_judge(self) -> JudgeRecipe:
        """The recipe of the trained judge; raises ``BadRecipe``."""
        if self.judge is None:
            raise BadRecipe("config/miniature.yaml: no section 'judge'; the trained judge needs its recipe")
        return self.judge

    def arm(self, name: str) -> ArmRecipe:
        """The recipe of an arm; raises ``BadRecipe``."""
        if name not in self.arms:
            raise BadRecipe(f"config/miniature.yaml: no arm '{name}'; known: {', '.join(self.arms)}")
        return self.arms[name]

    @staticmethod
    def _digest(*recipes: Strict) -> str:
        return digest(TRAINING_VERSION, SALT, *(recipe.model_dump_json() for recipe in recipes))


def load_recipes(path: str | Path) -> Recipes:
    """Read a recipe file; raises ``BadRecipe`` with one sentence that names file and key."""
    try:
        return Recipes.model_validate(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise BadRecipe(f"{path}: no such file") from None
    except yaml.YAMLError as error:
        raise BadRecipe(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise BadRecipe(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
