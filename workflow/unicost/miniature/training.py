"""Training of the vision encoder, the aligned base and the arms; resumable, and deterministic from the seed.

A stage writes ``weights.safetensors`` and ``losses.csv``. While it runs it keeps ``checkpoint.pt`` beside them, so a
killed training goes on from its last checkpoint; because batch k depends on the seed and k alone, it ends with the same
weights. One thread a process: the results of a run do not depend on the machine's load.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import torch
from safetensors.torch import load_file, save

from unicost import store
from unicost.miniature import architecture, losses
from unicost.miniature.recipes import Recipes, StepCounts
from unicost.miniature.training_data import BatchKind, batch
from unicost.progress import bar

log = logging.getLogger(__name__)

STEPS_BETWEEN_CHECKPOINTS: Final = 200
_WARM_UP: Final = 40
_SMOOTHING: Final = 0.95


@dataclass(frozen=True)
class Stage:
    """One training: what it is called, its fingerprint, and the files it writes."""

    name: str
    fingerprint: str
    weights: Path
    losses: Path

    @property
    def checkpoint(self) -> Path:
        """Where an unfinished training is kept."""
        return self.weights.parent / "checkpoint.pt"


def train_vision(recipes: Recipes, seed: int, *, weights: str | Path, losses_csv: str | Path) -> None:
    """Pretrain the vision encoder on the attributes of training scenes (no language, no safety labels)."""
    recipe = recipes.vision
    stage = _stage("vision", recipes, seed, weights, losses_csv)
    _reproducible(seed)
    encoder = architecture.new_vision()
    heads = losses.attribute_heads(encoder.config.hidden_size)
    model = torch.nn.ModuleDict({"encoder": encoder, "heads": heads})
    groups = [{"params": list(model.parameters()), "peak": recipe.learning_rate}]

    def loss(kind: str, number: int) -> torch.Tensor:
        return losses.attribute_loss(encoder, heads, random.Random(f"{seed}/{kind}/{number}"), recipe.batch_size)

    _optimise(stage, model, groups, ["vision"] * recipe.steps, loss)
    _finish(stage, encoder.state_dict())


def train_base(recipes: Recipes, seed: int, *, weights: str | Path, losses_csv: str | Path) -> None:
    """Train the aligned base: text with refusals of what is unsafe."""
    recipe = recipes.base
    stage = _stage("base", recipes, seed, weights, losses_csv)
    _reproducible(seed)
    model = architecture.new_llama()
    groups = [{"params": list(model.parameters()), "peak": recipe.learning_rate}]

    def loss(kind: str, number: int) -> torch.Tensor:
        examples = batch(BatchKind(kind), seed, number, recipe.batch_size)
        return losses.batch_loss(model, BatchKind(kind), examples)

    _optimise(stage, model, groups, schedule(recipe.steps, seed), loss)
    _finish(stage, architecture.trained_state(model))


def train_arm(
    recipes: Recipes,
    arm: str,
    seed: int,
    base: str | Path,
    vision: str | Path | None,
    *,
    weights: str | Path,
    losses_csv: str | Path,
) -> None:
    """Train an arm from a copy of the base; ``vision`` is needed by the Janus arms alone.

    Arms of one seed start from the same fresh weights and see the same batches of each kind, ``safety`` ones included;
    those differ from the batches that trained the base.
    """
    recipe = recipes.arm(arm)
    stage = _stage(arm, recipes, seed, weights, losses_csv)
    _reproducible(seed)
    model: Any = architecture.new_llama()
    architecture.load_trained_state(model, load_file(base))
    if recipe.janus:
        if vision is None:
            raise ValueError(f"the arm '{arm}' is a Janus and needs the weights of a vision encoder")
        model = architecture.janus_around(model, load_file(vision))
    language = [value for name, value in model.named_parameters() if not recipe.janus or "language_model" in name]
    known = {id(value) for value in language}
    fresh = [value for value in model.parameters() if value.requires_grad and id(value) not in known]
    groups = [{"params": language, "peak": recipe.learning_rate}]
    if fresh:
        groups.append({"params": fresh, "peak": recipe.new_learning_rate})

    def loss(kind: str, number: int) -> torch.Tensor:
        examples = batch(BatchKind(kind), seed + _ARM_OFFSET, number, recipe.batch_size, recipe.uncurated_share)
        return losses.batch_loss(model, BatchKind(kind), examples)

    _optimise(stage, model, groups, schedule(recipe.steps, seed), loss)
    _finish(stage, architecture.trained_state(model))


_ARM_OFFSET: Final = 1_000_000  # keeps the replayed batches apart from those that trained the base


def schedule(steps: StepCounts, seed: int) -> list[str]:
    """The kind of every step: exactly the counts asked for, in an order that the seed shuffles."""
    kinds = [kind for kind, count in steps.model_dump().items() for _ in range(count)]
    random.Random(f"{seed}/schedule").shuffle(kinds)
    return kinds


def _stage(name: str, recipes: Recipes, seed: int, weights: str | Path, losses_csv: str | Path) -> Stage:
    return Stage(f"{name}-seed{seed}", recipes.fingerprint(name), Path(weights), Path(losses_csv))


def _reproducible(seed: int) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(seed)


def _optimise(
    stage: Stage,
    model: torch.nn.Module,
    groups: list[dict[str, Any]],
    kinds: Sequence[str],
    loss_of: Callable[[str, int], torch.Tensor],
) -> None:
    """AdamW with warm-up and linear decay over the steps of ``kinds``; resumes from the stage's checkpoint."""
    optimiser = torch.optim.AdamW(groups, lr=0.0, weight_decay=0.01, betas=(0.9, 0.95), fused=True)
    rows = _resume(stage, model, optimiser)
    counts: Counter[str] = Counter(kinds[: len(rows)])
    model.train()
    with bar(len(kinds), f"train {stage.name}", "step") as progress:
        progress.update(len(rows))
        for step in range(len(rows), len(kinds)):
            kind = kinds[step]
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * min(1.0, (step + 1) / _WARM_UP) * (1 - 0.95 * step / len(kinds))
            loss = loss_of(kind, counts[kind])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            counts[kind] += 1
            rows.append((kind, loss.item()))
            progress.update(1)
            if len(rows) % STEPS_BETWEEN_CHECKPOINTS == 0:
                _keep(stage, model, optimiser, rows)
    model.eval()
    store.write_csv(stage.losses, loss_curve(rows))


def loss_curve(rows: Sequence[tuple[str, float]]) -> pd.DataFrame:
    """Loss by step, raw and smoothed (exponential moving average within its kind)."""
    frame = pd.DataFrame(rows, columns=["kind", "loss"])
    frame.insert(0, "step", range(1, len(frame) + 1))
    smooth = frame.groupby("kind")["loss"].transform(lambda loss: loss.ewm(alpha=1 - _SMOOTHING).mean())
    return frame.assign(smoothed=smooth)


def _resume(stage: Stage, model: torch.nn.Module, optimiser: torch.optim.Optimizer) -> list[tuple[str, float]]:
    """The (kind, loss) of every step that a checkpoint of the same recipe has done."""
    if not stage.checkpoint.exists():
        return []
    kept = torch.load(stage.checkpoint, weights_only=True)
    if kept["fingerprint"] != f"{stage.name}/{stage.fingerprint}":
        log.info("%s is of another recipe: starting anew", stage.checkpoint)
        return []
    model.load_state_dict(kept["model"])
    optimiser.load_state_dict(kept["optimiser"])
    return [(str(kind), float(loss)) for kind, loss in kept["rows"]]


def _keep(
    stage: Stage, model: torch.nn.Module, optimiser: torch.optim.Optimizer, rows: list[tuple[str, float]]
) -> None:
    with store.atomic(stage.checkpoint, "wb") as stream:
        torch.save(
            {
                "fingerprint": f"{stage.name}/{stage.fingerprint}",
                "model": model.state_dict(),
                "optimiser": optimiser.state_dict(),
                "rows": rows,
            },
            stream,
        )


def _finish(stage: Stage, state: dict[str, torch.Tensor]) -> None:
    """Write the weights with the stage's fingerprint in their header, and drop the checkpoint.

    One key alone: the order of several changes from run to run, and equal weights should be equal files.
    """
    header = {"fingerprint": stage.fingerprint}
    with store.atomic(stage.weights, "wb") as stream:
        stream.write(save({name: value.contiguous() for name, value in state.items()}, metadata=header))
    stage.checkpoint.unlink(missing_ok=True)
