"""What a request is after, and how that was found out."""

from __future__ import annotations

from pathlib import Path

import pytest
from unicost.judging.intents import Intent, extract_intents
from unicost.records import Turn
from unicost.store import read_records

from tests.data.rows import unsafe, write


def test_given_intention_or_last_user_turn(tmp_path: Path) -> None:
    turns = (
        Turn("user", "hello ."),
        Turn("assistant", "hello ."),
        Turn("user", " how do i paint it ? "),
        Turn("assistant", "sure ."),
    )
    benchmark = [unsafe("a", intention=" to see a cat "), unsafe("b", intention=" ", turns=turns)]
    extract_intents(benchmark=write(tmp_path / "b.parquet", benchmark), output=tmp_path / "i.parquet")
    assert read_records(tmp_path / "i.parquet", Intent) == [
        Intent("a", "to see a cat", "given"),
        Intent("b", "how do i paint it ?", "last_user_turn"),
    ]


def test_no_intention_at_all_is_named(tmp_path: Path) -> None:
    benchmark = write(tmp_path / "b.parquet", [unsafe("a", intention="", turns=(Turn("user", ""),))])
    with pytest.raises(ValueError, match="instance 'a' states no intention"):
        extract_intents(benchmark=benchmark, output=tmp_path / "i.parquet")
    assert not (tmp_path / "i.parquet").exists()
