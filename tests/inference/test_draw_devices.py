"""The page in a real browser, on the devices that people have: fingers, palms, pens, screens."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from browser import Browser
from drawing import answers, box_of, click, opened, pixels, settle, text

Points = list[tuple[float, float]]


def places(browser: Browser, *shares: tuple[float, float]) -> Points:
    """Where in the window these shares of the drawing area are."""
    left, top, side, _ = box_of(browser, "#pad")
    return [(left + x * side, top + y * side) for x, y in shares]


def strokes(browser: Browser) -> list[list[list[float]]]:
    settle(browser)
    found: list[list[list[float]]] = browser.evaluate("() => page.pad.sheet.strokes")
    return found


def painted(browser: Browser) -> int:
    """How many pixels of the drawing area have any paint."""
    settle(browser)
    found: int = browser.evaluate(
        """() => {
            const pad = document.getElementById("pad");
            const {data} = pad.getContext("2d").getImageData(0, 0, pad.width, pad.height);
            return data.filter((value, place) => place % 4 === 3 && value > 0).length;
        }"""
    )
    return found


@pytest.fixture
def touching(browser: Browser, few: Path) -> Iterator[Browser]:
    """The page on a screen that feels fingers."""
    opened(browser, few)
    browser.call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=5)
    yield browser
    browser.call("Emulation.setTouchEmulationEnabled", enabled=False)


class Quiet(SimpleHTTPRequestHandler):
    timeout = 1  # a connection that a browser opened in advance ends, and its thread with it

    def log_message(self, *_: object) -> None:
        pass


def test_over_plain_http(browser: Browser, few: Path) -> None:
    """There browsers leave out what they keep for secure pages, such as coalesced events."""
    handler = partial(Quiet, directory=str(few.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        opened(browser, f"http://page.test:{server.server_port}/{few.name}")
        assert browser.evaluate("() => isSecureContext") is False
        browser.drag(places(browser, (0.5, 0.2), (0.5, 0.5), (0.5, 0.8)))
        (stroke,) = strokes(browser)
        server.shutdown()
    assert len(stroke) == 3
    assert answers(browser)[0][0] != "–"


def test_without_coalesced_events(browser: Browser, few: Path) -> None:
    """As on iOS before 18.2."""
    opened(browser, few)
    browser.evaluate("() => delete PointerEvent.prototype.getCoalescedEvents")
    browser.drag(places(browser, (0.5, 0.2), (0.5, 0.8)))
    assert len(strokes(browser)[0]) == 2


def test_a_tap_paints_the_dot_that_the_networks_see(browser: Browser, few: Path) -> None:
    opened(browser, few)
    assert painted(browser) == 0
    browser.drag(places(browser, (0.5, 0.5)))
    pad_pixel = browser.evaluate("() => page.pad.canvas.width / 28")
    assert painted(browser) == pytest.approx(np.pi * (1.25 * pad_pixel) ** 2, rel=0.1)
    assert pixels(browser) is not None


def test_a_second_finger_changes_nothing(touching: Browser) -> None:
    first, middle, last, other = places(touching, (0.5, 0.2), (0.5, 0.5), (0.5, 0.8), (0.1, 0.1))
    touching.touch(first)
    touching.touch(first, other)
    touching.touch(middle, other, kind="touchMove")
    touching.touch(last, other, kind="touchMove")
    touching.touch(kind="touchEnd")
    (stroke,) = strokes(touching)
    assert {x for x, _ in stroke} == {stroke[0][0]}
    assert stroke[-1][1] == pytest.approx(0.8 * 28, abs=0.1)


def test_a_pen_displaces_the_palm_beside_it(touching: Browser) -> None:
    palm, moved = places(touching, (0.9, 0.9), (0.8, 0.9))
    touching.touch(palm)
    touching.touch(moved, kind="touchMove")
    assert len(strokes(touching)) == 1
    touching.drag(places(touching, (0.5, 0.2), (0.5, 0.8)), pointer="pen")
    touching.touch(palm, kind="touchMove")
    touching.touch(kind="touchEnd")
    (stroke,) = strokes(touching)
    assert stroke[0] == pytest.approx([14, 0.2 * 28], abs=0.1)
    touching.press("z", modifiers=2)
    assert strokes(touching) == []


def test_a_palms_dot_before_the_pen_is_dropped(touching: Browser) -> None:
    """A stroke of a finger is none."""
    touching.swipe(places(touching, (0.2, 0.2), (0.2, 0.8)))
    touching.swipe(places(touching, (0.9, 0.9)))
    assert len(strokes(touching)) == 2
    touching.drag(places(touching, (0.5, 0.2), (0.5, 0.8)), pointer="pen")
    kept = strokes(touching)
    assert [round(stroke[0][0] / 28, 1) for stroke in kept] == [0.2, 0.5]


@pytest.mark.parametrize("size", [(1280, 800), (1366, 768), (1280, 720), (1024, 768), (844, 390)])
def test_every_answer_stands_beside_the_pad(
    browser: Browser, every: Path, size: tuple[int, int]
) -> None:
    """Of three networks whole, without scrolling; on a phone held sideways at least one."""
    width, height = size
    opened(browser, every, width, height=height)
    browser.evaluate(
        """() => {
            page.cards.splice(3);
            page.pick(page.groups[0].images[0]);
        }"""
    )
    settle(browser)
    hidden = browser.evaluate(
        """() => ["#pad", "#answers li:nth-child(1)", "#answers li:nth-child(2)",
            "#answers li:nth-child(3)"].filter(selector => {
            const box = document.querySelector(selector).getBoundingClientRect();
            const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
            const shown = document.elementFromPoint(x, y)?.closest(selector);
            return !shown || box.bottom > innerHeight || box.right > innerWidth || box.top < 0;
        })"""
    )
    assert hidden == []


def test_forced_colours_keep_the_bars(browser: Browser, few: Path) -> None:
    opened(browser, few, forced=True)
    browser.press("3", "3")
    settle(browser)
    bar, ground = browser.evaluate(
        """() => {
            const bar = document.querySelector(".class.first .bar");
            return [bar.firstElementChild, bar].map(e => getComputedStyle(e).backgroundColor);
        }"""
    )
    assert bar != ground


def test_print_keeps_the_bars(browser: Browser, few: Path) -> None:
    opened(browser, few)
    adjust = """() => getComputedStyle(document.querySelector(".bar span")).printColorAdjust"""
    assert browser.evaluate(adjust) == "exact"


def test_the_true_class_of_an_example_is_shown(browser: Browser, few: Path) -> None:
    opened(browser, few)
    browser.press("3", "3")
    settle(browser)
    assert text(browser, "#explanation").endswith(": 3.")


def test_units_of_a_chosen_layer_are_large_enough_for_a_thumb(touching: Browser, few: Path) -> None:
    opened(touching, few, 390)
    touching.press("3", "3")
    settle(touching)
    click(touching, "article .units", x=0.5 / 16, y=0.5)
    assert text(touching, "article .detail h3") == "Unit 1 of layer 1"
    columns, width = touching.evaluate(
        """() => [page.cards[0].strips[0].columns, document.querySelector(".units").clientWidth]"""
    )
    assert width / columns >= 24
    click(touching, "article .units", x=1.5 / columns, y=0.2)
    assert text(touching, "article .detail h3") == "Unit 2 of layer 1"


def test_no_ring_stays_after_escape(browser: Browser, few: Path) -> None:
    opened(browser, few)
    browser.press("Tab")
    browser.press("ArrowRight")
    assert painted(browser) > 0
    browser.press("Escape")
    assert painted(browser) == 0


def test_what_cannot_be_read_safely_is_said(browser: Browser, few: Path) -> None:
    """Of one digit nothing, of two or of one at the edge a warning; a point beside it is none."""
    opened(browser, few)
    browser.drag(places(browser, (0.3, 0.2), (0.3, 0.8)))
    browser.drag(places(browser, (0.5, 0.8)))
    settle(browser)
    assert text(browser, "#doubts") == ""
    browser.drag(places(browser, (0.7, 0.2), (0.7, 0.8)))
    settle(browser)
    assert text(browser, "#doubts").startswith("These look like several digits")
    click(browser, "#clear")
    browser.drag(places(browser, (0.5, 0.2), (0.5, 0.998)))
    settle(browser)
    assert text(browser, "#doubts").startswith("It touches the edge")
