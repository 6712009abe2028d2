"""Training of the small trained judge: one hidden layer over hashed features, on labels by construction.

Two cross-entropies, one an aspect. What the annotator leaves unscored is learnt as doubt: its target is the uniform
distribution (outlier exposure: D. Hendrycks et al., Deep anomaly detection with outlier exposure, ICLR 2019).
Deterministic from the recipe's seed, on one thread; it takes about a minute, so it is not resumable.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import save

from unicost import store
from unicost.miniature.judge_examples import LabelledAnswer, labelled_answers
from unicost.miniature.judge_features import BUCKETS
from unicost.miniature.recipes import JudgeRecipe, Recipes
from unicost.miniature.trained_judge import HEADS, features_of, words_of
from unicost.miniature.training import loss_curve
from unicost.miniature.weights import MANIFEST
from unicost.progress import bar
from unicost.records import Label

_ASPECTS: Final = tuple(HEADS)
_OUTPUTS: Final = sum(map(len, HEADS.values()))


@dataclass(frozen=True)
class _Batch:
    """Features of some answers, one after the other, where each begins, and the target distributions (n, outputs)."""

    features: torch.Tensor
    starts: torch.Tensor
    targets: torch.Tensor


class Network(torch.nn.Module):
    """Hashed features -> hidden units -> the labels of both aspects."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.first = torch.nn.EmbeddingBag(BUCKETS, hidden, mode="sum")
        torch.nn.init.normal_(self.first.weight, std=0.05)
        self.first_bias = torch.nn.Parameter(torch.zeros(hidden))
        self.second = torch.nn.Linear(hidden, _OUTPUTS)

    def forward(self, features: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
        """Logits of shape (answers, outputs); ``features`` and ``starts`` as in ``_Batch``."""
        logits: torch.Tensor = self.second(torch.relu(self.first(features, starts) + self.first_bias))
        return logits


def train_judge(recipes: Recipes, *, weights: str | Path, losses_csv: str | Path) -> None:
    """Train the judge and write its half-precision weights, with the manifest that belongs to them, and its losses."""
    recipe = recipes.trained_judge()
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    examples, words = _examples(recipe)
    network = Network(recipe.hidden)
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=0.01, fused=True)
    batches = -(-len(examples) // recipe.batch_size)
    total = recipe.epochs * batches
    rows: list[tuple[str, float]] = []
    with bar(total, "train judge", "step") as progress:
        for batch in _batches(examples, recipe):
            for group in optimiser.param_groups:
                group["lr"] = recipe.learning_rate * (1 - len(rows) / total)
            loss = _loss(network(batch.features, batch.starts), batch.targets)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            rows.append(("judge", loss.item()))
            progress.update(1)
    store.write_csv(losses_csv, loss_curve(rows))
    _write(network, recipes.fingerprint("judge"), words, Path(weights))


def _examples(recipe: JudgeRecipe) -> tuple[list[tuple[torch.Tensor, torch.Tensor]], set[str]]:
    """Features and target distribution of every example, and the words seen."""
    made, words = [], set()
    for example in labelled_answers(recipe):
        words |= words_of(example.request)
        made.append((torch.tensor(features_of(example.request), dtype=torch.int32), _target(example)))
    return made, words


def _target(example: LabelledAnswer) -> torch.Tensor:
    """One distribution an aspect, side by side: certain, or uniform where the annotator leaves it unscored."""
    parts = []
    for aspect in _ASPECTS:
        label, names = example.labels[aspect], HEADS[aspect]
        if label is Label.UNSCORED:
            parts.append(torch.full((len(names),), 1 / len(names)))
        else:
            parts.append(torch.tensor([float(name is label) for name in names]))
    return torch.cat(parts)


def _batches(examples: list[tuple[torch.Tensor, torch.Tensor]], recipe: JudgeRecipe) -> Iterator[_Batch]:
    """The batches of every epoch, each epoch in another order."""
    for epoch in range(recipe.epochs):
        order = list(range(len(examples)))
        random.Random(f"{recipe.seed}/{epoch}").shuffle(order)
        for start in range(0, len(order), recipe.batch_size):
            some = [examples[number] for number in order[start : start + recipe.batch_size]]
            lengths = torch.tensor([len(features) for features, _ in some])
            yield _Batch(
                torch.cat([features for features, _ in some]),
                (lengths.cumsum(0) - lengths).to(torch.int32),
                torch.stack([target for _, target in some]),
            )


def _loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The sum of the aspects' mean cross-entropies."""
    sizes = [len(HEADS[aspect]) for aspect in _ASPECTS]
    parts = zip(torch.split(logits, sizes, 1), torch.split(targets, sizes, 1), strict=True)
    return torch.stack([torch.nn.functional.cross_entropy(given, wanted) for given, wanted in parts]).sum()


def _write(network: Network, fingerprint: str, words: set[str], path: Path) -> None:
    """Half-precision weights with the recipe's fingerprint in the header, and the manifest with the known words."""
    state = {
        "first": network.first.weight,
        "first_bias": network.first_bias,
        "second": network.second.weight.T,
        "second_bias": network.second.bias,
    }
    tensors = {name: value.detach().to(torch.float16).contiguous() for name, value in state.items()}
    # One key alone: the order of several changes from run to run, and equal weights should be equal files.
    content = save(tensors, metadata={"fingerprint": fingerprint})
    with store.atomic(path, "wb") as stream:
        stream.write(content)
    row = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "recipe": fingerprint}
    store.write_json(path.parent / MANIFEST, {path.stem: {**row, "words": " ".join(sorted(words))}})
