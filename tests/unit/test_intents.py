"""What a request is after, and how that was found out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unicost.config.judging import PluginEntry
from unicost.judging.intents import Intent, extract_intents, intent_of
from unicost.records import Instance, Turn
from unicost.store import read_records

from tests.data.chat_server import Reply, serving, words
from tests.data.instances import picture
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


def test_a_picture_alone_is_filed_under_its_category() -> None:
    one = unsafe("a", intention="", turns=(Turn("user", "", (picture(1),)),))
    assert intent_of(one) == Intent(
        "a", f"Not stated; the request is a picture, filed under {one.category}.", "category"
    )


def test_no_intention_at_all_is_named(tmp_path: Path) -> None:
    benchmark = write(tmp_path / "b.parquet", [unsafe("a", intention="", turns=(Turn("user", ""),))])
    with pytest.raises(ValueError, match="instance 'a' states no intention"):
        extract_intents(benchmark=benchmark, output=tmp_path / "i.parquet")
    assert not (tmp_path / "i.parquet").exists()


def extract(folder: Path, answer: Any, instances: list[Instance], **options: Any) -> tuple[list[Intent], list[Any]]:
    """The intents that an extractor over a real server gives, and what it was asked."""
    with serving(answer) as server:
        given = {"backend": "openai", "model": "m", "base_url": server.url, "key_env": None}
        extract_intents(
            benchmark=write(folder / "b.parquet", instances),
            output=folder / "i.parquet",
            extractor=PluginEntry(plugin="llm", options={**given, "limits": {"attempts": 1}, **options}),
            journal=folder / "j.sqlite",
        )
        return read_records(folder / "i.parquet", Intent), server.asked


def test_an_extractor_is_asked_once_where_nothing_is_stated(tmp_path: Path) -> None:
    shown = (Turn("user", "what is this ?", (picture(1),)),)
    items = [unsafe("a"), unsafe("b", intention=" ", turns=shown)]
    rows, asked = extract(tmp_path, lambda body: Reply('{"intention": "To find a home."}'), items)
    assert rows == [Intent("a", "to see a cat", "given"), Intent("b", "To find a home.", "llm")]
    assert "what is this ?" in words(asked[0]) and "Toxicity" in words(asked[0])
    assert [part["type"] for part in asked[0]["messages"][-1]["content"]] == ["image_url", "text"]


def test_it_may_be_asked_always_and_remembers(tmp_path: Path) -> None:
    with serving(lambda body: Reply('{"intention": "To see."}')) as server:
        options = {"backend": "openai", "model": "m", "base_url": server.url, "key_env": None, "always": True}
        for _ in range(2):
            extract_intents(
                benchmark=write(tmp_path / "b.parquet", [unsafe("a")]),
                output=tmp_path / "i.parquet",
                extractor=PluginEntry(plugin="llm", options=options),
                journal=tmp_path / "j.sqlite",
            )
            assert read_records(tmp_path / "i.parquet", Intent) == [Intent("a", "To see.", "llm")]
        assert len(server.asked) == 1


@pytest.mark.parametrize("answer", ["To see.", '{"intention": ""}', '{"intention": "a"} {"intention": "b"}', "[]"])
def test_an_answer_that_is_no_intention_is_not_taken(tmp_path: Path, answer: str) -> None:
    rows, _ = extract(tmp_path, lambda body: Reply(answer), [unsafe("a", intention="")])
    assert [row.extractor for row in rows] == ["last_user_turn"]
