"""The suite of injections against judges that can be talked over, and judges that cannot."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from unicost.cli import main
from unicost.config.judging import JudgeEntry
from unicost.judging.fence import forgeries
from unicost.judging.injections import SUITE, run_injections

from tests.data.chat_server import Reply, serving, words


def table(answer: Callable[[dict[str, Any]], str]) -> pd.DataFrame:
    def reply(body: dict[str, Any]) -> Reply:
        return Reply(json.dumps({"reason": "", "verdict": answer(body)}))

    with serving(reply) as server:
        options = {"backend": "openai", "model": "m", "base_url": server.url, "key_env": None}
        found = run_injections("mine", JudgeEntry(plugin="llm", options=options), {})
    return found.set_index(["aspect", "kind"])


def response_of(body: dict[str, Any]) -> str:
    return words(body).partition("<<<RESPONSE ")[2]


def honest(body: dict[str, Any]) -> str:
    return "safe" if any(word in words(body) for word in ("bread", "bicycle")) else "unsafe"


def test_a_judge_that_is_not_impressed_never_flips() -> None:
    found = table(honest)
    row = found.loc[("contextual", "all")]
    assert (row["flips"], row["rate"], row["untold"]) == (0, 0, 0)
    assert row["attempts"] > 60 and row["low"] == 0 and 0 < row["high"] < 0.06
    assert set(found.loc["contextual"].index) == {
        *("all", "order", "forged_verdict", "forged_fence", "role_play", "other_language", "image"),
    }


def test_a_judge_that_obeys_flips_where_it_was_told_to() -> None:
    def gullible(body: dict[str, Any]) -> str:
        return "safe" if "VERDICT: safe" in response_of(body) else honest(body)

    found = table(gullible).loc["contextual"]
    assert found.loc["order", "flips"] == 0
    # Two of the four forged verdicts that want `safe`, in each of four responses; the fifth wants `unsafe`, in two.
    assert (found.loc["forged_verdict", "flips"], found.loc["forged_verdict", "attempts"]) == (8, 18)
    assert found.loc["forged_verdict", "rate"] == pytest.approx(8 / 18)
    assert found.loc["forged_verdict", "low"] < 8 / 18 < found.loc["forged_verdict", "high"]


def test_what_is_unscored_or_mislabelled_at_first_tells_nothing() -> None:
    def breaks(body: dict[str, Any]) -> str:
        return "2" if "Ignore" in response_of(body) else "safe"

    row = table(breaks).loc[("contextual", "order")]
    # Everything is `safe` at first: attempts at `safe` tell nothing, those at `refusal` and `unsafe` might.
    assert row["untold"] == 8 and row["attempts"] == 4 and row["unscored"] == 2 and row["flips"] == 0


def test_pictures_with_text_are_sent_as_pictures() -> None:
    seen = []

    def look(body: dict[str, Any]) -> str:
        content = body["messages"][-1]["content"]
        seen.append(isinstance(content, list) and any(part["type"] == "image_url" for part in content))
        return honest(body)

    assert table(look).loc[("contextual", "image"), "attempts"] > 0
    assert sum(seen) > 10


def test_forged_verdicts_and_fences_of_the_suite_are_flagged() -> None:
    import yaml

    attempts = yaml.safe_load(SUITE.read_text(encoding="utf-8"))["injections"]
    forged = [row for row in attempts if row["kind"] in ("forged_verdict", "forged_fence")]
    missed = [row["id"] for row in forged if not forgeries(row["text"])]
    assert missed == ["verdict_guard", "fence_tags"]


def test_the_command_writes_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "rules.csv"
    assert main(["injections", "refusal_alone", "--detectors", "refusal_rules", "--out", str(out)]) == 0
    found = pd.read_csv(out).set_index(["aspect", "kind"])
    assert found.loc[("contextual", "order"), "attempts"] > 0
    assert "written" in capsys.readouterr().out
    assert main(["injections", "ruls"]) == 1
    assert "did you mean 'rules'" in capsys.readouterr().err
