"""Sampling with one random stream an item."""

from __future__ import annotations

import torch
from unicost.config import Decoding
from unicost.models.decoding import RepetitionPenalty, SeededSampling, sampling

LOGITS = torch.tensor([2.0, 0.0, -torch.inf, 1.0, -3.0])


def draw(decoding: Decoding, seeds: list[int]) -> torch.Tensor:
    scores = LOGITS.repeat(len(seeds), 1)
    for processor in sampling(decoding, seeds, steps=1):
        scores = processor(torch.zeros(len(seeds), 1, dtype=torch.long), scores)
    return scores.argmax(-1)


def test_the_frequencies_are_the_probabilities() -> None:
    counts = draw(Decoding(do_sample=True), list(range(20_000))).bincount(minlength=5) / 20_000
    expected = LOGITS.softmax(-1)
    assert counts[2] == 0
    # Four standard errors of a proportion.
    assert ((counts - expected).abs() <= 4 * (expected * (1 - expected) / 20_000).sqrt()).all()


def test_the_smallest_draw_takes_no_impossible_token() -> None:
    sampler = SeededSampling([0], steps=1)
    sampler._uniform.zero_()
    scores = torch.tensor([[-torch.inf, -torch.inf, 0.0, 1.0]])
    assert sampler(torch.zeros(1, 1, dtype=torch.long), scores).argmax().item() == 2


def test_temperature_and_cuts_come_before_the_draw() -> None:
    seeds = list(range(2000))
    assert set(draw(Decoding(do_sample=True, top_k=2), seeds).tolist()) == {0, 3}
    assert set(draw(Decoding(do_sample=True, top_p=0.6), seeds).tolist()) == {0}
    cold, warm = (draw(Decoding(do_sample=True, temperature=t), seeds) for t in (0.5, 2.0))
    assert (cold == 0).sum() > (warm == 0).sum() + 200


def test_greedy_decoding_draws_nothing() -> None:
    assert sampling(Decoding(), [1, 2], steps=3) == []


def test_each_step_draws_anew_and_the_batch_does_not_matter() -> None:
    scores = torch.zeros(3, 1000)
    ids = torch.zeros(3, 1, dtype=torch.long)
    together, alone = SeededSampling([5, 6, 7], 4), SeededSampling([6], 4)
    steps = [together(ids, scores).argmax(-1).tolist() for _ in range(4)]
    assert [step[1] for step in steps] == [alone(ids[:1], scores[:1]).argmax(-1).item() for _ in range(4)]
    assert len({tuple(step) for step in steps}) == 4


def test_padding_is_not_punished_as_a_repetition() -> None:
    scores = torch.ones(2, 6)
    ids, mask = torch.tensor([[0, 0, 3], [4, 5, 3]]), torch.tensor([[0, 0, 1], [1, 1, 1]])
    penalty = RepetitionPenalty(2.0, mask)
    assert penalty(ids, scores).tolist() == [[1, 1, 1, 0.5, 1, 1], [1, 1, 1, 0.5, 0.5, 0.5]]
    longer = torch.cat([ids, torch.tensor([[0], [1]])], dim=1)
    assert penalty(longer, scores).tolist() == [[0.5, 1, 1, 0.5, 1, 1], [1, 0.5, 1, 0.5, 0.5, 0.5]]
