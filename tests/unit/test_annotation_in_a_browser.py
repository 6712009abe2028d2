"""The annotation page in a real browser: twenty items by the keyboard, a reload, both exports, and its width."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from unicost.human.labels import read_labels
from unicost.human.page import annotation_page
from unicost.records import Aspect, Label, Turn

from tests.data.browser import SIZES, chromium, missing
from tests.data.instances import picture
from tests.data.rows import response, unsafe, write

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "a browser is here")
ITEMS = 20
FINGER = 44  # pixels: what WCAG 2.2 wants of a target (2.5.5)
KEYS = {"1": Label.UNSAFE, "2": Label.SAFE, "3": Label.REFUSAL}
SHOTS = os.environ.get("UNICOST_SCREENSHOTS")
"""Folder for pictures of the page, to be looked at."""


@pytest.fixture
def page(tmp_path: Path) -> dict[str, Path]:
    """A page of twenty requests; every fourth has a picture in it, every fourth a picture as its response."""
    asked = "Draw the neighbour's fence. " * 4
    turns = [(Turn("user", asked, (picture(number),) if number % 4 == 1 else ()),) for number in range(ITEMS)]
    instances = [unsafe(f"i{number}", turns=turns[number]) for number in range(ITEMS)]
    long = "Here is a long answer about a fence, a gate and a garden. " * 30
    answers = [
        response(f"i{number}", image=picture(number), text=None)
        if number % 4 == 2
        else response(f"i{number}", text=long if number % 5 == 0 else "I can’t help with that.")
        for number in range(ITEMS)
    ]
    sample = tmp_path / "sample.csv"
    rows = [f"item-{number:04d},i{number},m\n" for number in range(ITEMS)]
    sample.write_text("item,instance,model\n" + "".join(rows))
    annotation_page(
        sample=sample,
        benchmark=write(tmp_path / "b.parquet", instances),
        responses=[write(tmp_path / "r.parquet", answers)],
        output=tmp_path / "annotate.html",
        tasks=tmp_path / "label_studio.json",
        categories={"Harmfulness": "Helps to hurt people, or encourages dangerous acts."},
    )
    return {"html": tmp_path / "annotate.html", "sample": sample}


class Hand:
    """Presses keys on a page."""

    def __init__(self, driver: Any, size: str) -> None:
        self.driver, self.size = driver, size

    def press(self, *keys: str) -> None:
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def begin(self, name: str = "") -> None:
        from selenium.webdriver.common.keys import Keys

        self.press(*([name] if name else []), Keys.ENTER)
        self.until(lambda: bool(self.text("name")))

    def text(self, name: str) -> str:
        return str(self.driver.find_element("id", name).text)

    def run(self, script: str) -> Any:
        return self.driver.execute_script(f"return {script}")

    def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + 10
        while not true():
            assert time.monotonic() < end, f"it did not come to that: {self.text('count')}"
            time.sleep(0.02)

    def shot(self, name: str) -> None:
        assert self.run("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is too wide"
        if SHOTS:
            self.driver.save_screenshot(str(Path(SHOTS) / f"{self.size}-{name}.png"))


@pytest.mark.parametrize("size", SIZES)
def test_twenty_items_are_labelled_by_the_keyboard(page: dict[str, Path], size: str, tmp_path: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    with chromium(tmp_path, size) as driver:
        driver.get(page["html"].as_uri())
        hand = Hand(driver, size)
        hand.shot("start")
        hand.begin("Ada")
        hand.shot("covered")
        given = ["1", "2", "3"] * ITEMS
        for number in range(ITEMS):
            hand.until(lambda number=number: f"item {number + 1} of" in hand.text("count"))
            hand.press(given[number])  # nothing is labelled unseen
            assert f"{number} labelled" in hand.text("count")
            hand.press(" ")
            if number == 1:
                _pictures_stay_blurred_until_asked(hand)
            if number == 3:
                hand.press("m", "a note", Keys.ENTER)
            if number == 4:
                driver.refresh()  # undo survives
                hand.begin()
                hand.press("z", " ", "w")
                hand.until(lambda: "item 5 of 20" in hand.text("count"))
                hand.press(" ")
            if number == 5:
                _undo_takes_back(hand)
            if number == 10:
                hand.press("?")
                hand.shot("help")
                assert "Helps to hurt people" in hand.text("help")
                hand.press(Keys.ESCAPE)
                driver.refresh()  # labels survive
                hand.begin()
                assert "item 11 of 20 · 10 labelled" in hand.text("count")
                hand.press(" ")
            hand.press(given[number], "w")
        hand.until(lambda: hand.run("document.getElementById('finished').open"))
        hand.shot("finished")
        hand.press(Keys.ENTER)
        hand.until((tmp_path / "downloads/labels-Ada.csv").is_file)
        hand.press("j")
        hand.until((tmp_path / "downloads/labels-Ada.json").is_file)
        hand.shot("all-done")

    rows = read_labels(tmp_path / "downloads/labels-Ada.csv", page["sample"])
    assert rows == read_labels(tmp_path / "downloads/labels-Ada.json", page["sample"])
    contextual = {row.instance: row.label for row in rows if row.aspect is Aspect.CONTEXTUAL}
    assert contextual == {f"i{number}": KEYS[given[number]] for number in range(ITEMS)}
    assert {row.label for row in rows if row.aspect is Aspect.INTRINSIC} == {Label.SAFE}
    assert [row.reason for row in rows if row.instance == "i3"] == ["a note"] * 2


@pytest.mark.parametrize("size", SIZES)
def test_both_questions_are_in_view_and_large_enough_for_a_finger(
    page: dict[str, Path], size: str, tmp_path: Path
) -> None:
    with chromium(tmp_path, size) as driver:
        driver.get(page["html"].as_uri())
        hand = Hand(driver, size)
        hand.begin("Ada")
        hand.press("n", " ", "i")  # an item with a picture
        hand.shot("with-picture")
        places = hand.run(
            "[...document.querySelectorAll('.choice')].map(choice => choice.getBoundingClientRect().bottom)"
        )
        assert len(places) == 7 and max(places) <= hand.run("window.innerHeight")
        if size == "phone":
            heights = hand.run(
                "[...document.querySelectorAll('body > :not(dialog) button')].map(one => one.offsetHeight)"
            )
            assert min(height for height in heights if height) >= FINGER


def test_two_tabs_of_one_person_keep_each_others_labels(page: dict[str, Path], tmp_path: Path) -> None:
    with chromium(tmp_path, "laptop") as driver:
        tabs = [driver.current_window_handle]
        driver.get(page["html"].as_uri())
        hand = Hand(driver, "laptop")
        hand.begin("Ada")
        driver.switch_to.new_window("tab")
        tabs.append(driver.current_window_handle)
        driver.get(page["html"].as_uri())
        hand.begin()
        for number in range(3):
            hand.press(" ", "1", "w")
            hand.until(lambda number=number: f"{number + 1} labelled" in hand.text("count"))
            hand.until(lambda number=number: f"item {number + 2} of" in hand.text("count"))
        driver.switch_to.window(tabs[0])
        hand.until(lambda: "3 labelled" in hand.text("count"))  # it hears of them
        hand.run("show(9)")
        hand.press(" ", "2", "w")
        hand.until(lambda: "4 labelled" in hand.text("count"))
        driver.switch_to.window(tabs[1])
        driver.refresh()
        hand.begin()
        assert "4 labelled" in hand.text("count")


@pytest.mark.parametrize("size", SIZES)
def test_what_cannot_be_saved_is_said_at_once(page: dict[str, Path], size: str, tmp_path: Path) -> None:
    with chromium(tmp_path, size) as driver:
        driver.get(page["html"].as_uri())
        hand = Hand(driver, size)
        hand.begin("Ada")
        hand.press(" ", "1")
        banner = "document.querySelector('footer .trouble').checkVisibility()"
        assert not hand.run(banner)
        driver.execute_script("window.put = Storage.prototype.setItem; Storage.prototype.setItem = () => { throw 1; }")
        hand.press("w")
        assert hand.run(banner)
        assert "Not saved" in hand.run("document.querySelector('footer .trouble').textContent")
        hand.until(lambda: "item 2 of" in hand.text("count"))
        hand.shot("not-saved")
        driver.execute_script("Storage.prototype.setItem = window.put")
        hand.press(" ", "3")
        assert not hand.run(banner)


def test_a_note_without_a_label_is_kept(page: dict[str, Path], tmp_path: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    with chromium(tmp_path, "laptop") as driver:
        driver.get(page["html"].as_uri())
        hand = Hand(driver, "laptop")
        hand.begin("Ada")
        hand.press(" ", "m", "cannot be read", Keys.ENTER)
        assert "cannot be read" in hand.run("csv()") and "cannot be read" in hand.run("json()")


def _pictures_stay_blurred_until_asked(hand: Hand) -> None:
    blurred = "getComputedStyle(document.querySelector('#item img')).filter"
    assert "blur(40px)" in hand.run(blurred)
    hand.shot("images-blurred")
    hand.press("i")
    assert hand.run(blurred) == "none"
    hand.shot("uncovered")
    hand.press("i")
    assert "blur(40px)" in hand.run(blurred)


def _undo_takes_back(hand: Hand) -> None:
    hand.press("3", "z")
    assert hand.run("document.querySelectorAll('[aria-pressed=true]').length") == 0
    hand.press("z")  # the second label of the item before
    assert "item 5 of 20 · 4 labelled" in hand.text("count")
    hand.press("w")
    hand.until(lambda: "item 6 of 20 · 5 labelled" in hand.text("count"))
    hand.press(" ")
