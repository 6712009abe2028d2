"""Which items are asked together."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from unicost.models.plan import Asker, Item, batches, gather
from unicost.records import Instance, Task
from unicost.store import write_records

from tests.data.instances import instance

ASKER = Asker("model", "fingerprint", "revision", 0)


@given(st.lists(st.tuples(st.sampled_from([Task.TEXT_TO_TEXT, Task.DIALOGUE]), st.integers(0, 50))), st.integers(1, 9))
def test_every_item_is_in_one_batch_of_its_task(kinds: list[tuple[Task, int]], size: int) -> None:
    items = [Item(str(place), task, 0, str(place), (0, length)) for place, (task, length) in enumerate(kinds)]
    planned = batches(items, size)
    assert sorted(item.key for batch in planned for item in batch) == sorted(item.key for item in items)
    assert all(len({item.task for item in batch}) == 1 and len(batch) <= size for batch in planned)
    assert planned == batches(items, size)


def test_a_longer_benchmark_keeps_its_first_windows() -> None:
    chance = random.Random(0)
    items = [Item(str(k), Task.DIALOGUE, 0, str(k), (0, chance.randrange(99))) for k in range(300)]
    assert batches(items[:200], 4)[:48] == batches(items, 4)[:48]


def test_batches_come_with_their_instances_in_order(tmp_path: Path) -> None:
    instances = [instance(f"item-{k}", "word " * (k * 7 % 11)) for k in range(30)]
    write_records(tmp_path / "benchmark.parquet", instances, Instance)
    wanted = batches([ASKER.item(one) for one in instances[:25]], 4)
    gathered = list(gather(tmp_path / "benchmark.parquet", wanted))
    assert sorted(map(str, (items for items, _ in gathered))) == sorted(map(str, wanted))
    for items, found in gathered:
        assert [item.instance for item in items] == [one.id for one in found]


def test_models_draw_different_seeds() -> None:
    one = instance("one")
    seeds = {ASKER.item(one).seed, Asker("other", "fingerprint", "revision", 0).item(one).seed}
    seeds |= {Asker("model", "fingerprint", "revision", 1).item(one).seed, ASKER.item(instance("two")).seed}
    assert len(seeds) == 4
    assert all(0 <= seed < 2**31 for seed in seeds)
