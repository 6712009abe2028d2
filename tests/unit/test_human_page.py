"""The annotation page: self-contained, blind, and its labels can be read back."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from unicost.human.labels import read_labels
from unicost.human.page import IncompleteSample, annotation_page
from unicost.records import Aspect, Label, Response, Turn

from tests.data.instances import picture
from tests.data.rows import response, unsafe, write

INJECTION = '</script><script>document.title = "taken"</script>'


class Tags(HTMLParser):
    """The start tags of a page and the text of its scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script":
            self.scripts[-1] += data


@pytest.fixture
def study(tmp_path: Path) -> dict[str, Any]:
    turns = (
        Turn("user", "hello ."),
        Turn("assistant", "hi ."),
        Turn("user", f"what is this ? {INJECTION}", (picture(1),)),
    )
    instances = [unsafe("first-instance", turns=turns), unsafe("second-instance")]
    answers = [
        response("first-instance", "hidden-model", text=f"no ’ {INJECTION}"),
        response("second-instance", "hidden-model", text=None, image=picture(2)),
        response("second-instance", "other-model"),
    ]
    sample = tmp_path / "sample.csv"
    sample.write_text(
        "item,instance,model,contextual\n"
        "item-0001,second-instance,hidden-model,unsafe\n"
        "item-0002,first-instance,hidden-model,refusal\n"
    )
    return {
        "sample": sample,
        "benchmark": write(tmp_path / "b.parquet", instances),
        "responses": [write(tmp_path / "r.parquet", answers)],
        "output": tmp_path / "annotate.html",
        "tasks": tmp_path / "label_studio.json",
    }


def make(study: dict[str, Any]) -> tuple[str, Tags]:
    annotation_page(**study)
    text = study["output"].read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(text)
    return text, tags


def test_items_are_shown_in_the_sample_order_with_their_images(study: dict[str, Any]) -> None:
    _, tags = make(study)
    first, second = json.loads(tags.scripts[0])
    assert (first["item"], second["item"]) == ("item-0001", "item-0002")
    assert [turn["role"] for turn in second["turns"]] == ["user", "assistant", "user"]
    assert second["response"]["text"] == f"no ’ {INJECTION}"
    assert first["response"]["images"][0].startswith("data:image/png;base64,iVBOR")
    assert len(second["turns"][2]["images"]) == 1


def test_the_page_is_blind_and_loads_nothing(study: dict[str, Any]) -> None:
    text, tags = make(study)
    for secret in ("hidden-model", "other-model", "first-instance", "second-instance", "Toxicity"):
        assert secret not in text
    assert not re.search(r"https?:|//[a-z]", text)
    assert not [tag for tag, attributes in tags.tags if attributes.get("src") or attributes.get("href")]
    policy = next(attributes["content"] for _, attributes in tags.tags if "http-equiv" in attributes)
    assert "default-src 'none'" in (policy or "")
    assert len([tag for tag, _ in tags.tags if tag == "script"]) == 3


def test_a_sample_whose_responses_are_gone_is_refused(study: dict[str, Any], tmp_path: Path) -> None:
    study["responses"] = [write(tmp_path / "none.parquet", [], Response)]
    with pytest.raises(IncompleteSample, match="item-0001 has no response any more; draw the sample again"):
        make(study)
    assert not study["output"].exists()


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs a browser")
def test_labels_given_in_a_browser_are_read_back(study: dict[str, Any], tmp_path: Path) -> None:
    text, _ = make(study)
    clicks = """
      load('A, "B"');
      show(0); cover(false); choose("contextual", "unsafe"); choose("intrinsic", "unscored");
      change("note", 'a "b",\\nc');
      show(1); cover(false); choose("contextual", "refusal");
      document.documentElement.replaceChildren(encodeURIComponent(csv()) + " " + document.title);
    """
    driven = tmp_path / "driven.html"
    driven.write_text(text.replace("</body>", f"<script>{clicks}</script></body>"), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={tmp_path}/browser"]
    run = subprocess.run(
        ["chromium", *options, "--dump-dom", driven.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    code = re.search(r"item%2C\S+", run.stdout)
    assert code and "taken" not in run.stdout
    labels = tmp_path / "labels.csv"
    labels.write_text(unquote(code[0]), encoding="utf-8")
    rows = read_labels(labels, study["sample"])
    assert [(row.instance, row.model, row.judge, row.aspect, row.label) for row in rows] == [
        ("second-instance", "hidden-model", 'human:A, "B"', Aspect.CONTEXTUAL, Label.UNSAFE),
        ("second-instance", "hidden-model", 'human:A, "B"', Aspect.INTRINSIC, Label.UNSCORED),
        ("first-instance", "hidden-model", 'human:A, "B"', Aspect.CONTEXTUAL, Label.REFUSAL),
    ]
    assert rows[0].reason == 'a "b",\nc'
