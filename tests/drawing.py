"""The page to draw on, as tests use it: drawn on, clicked, and read, in a real browser."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from browser import Browser

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
"""A name that would do something if it were taken for markup."""


def settle(browser: Browser) -> None:
    """Wait until the page has done what follows from a change, and it is on the screen."""
    browser.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def opened(browser: Browser, page: Path | str, width: int = 1280, **options: Any) -> None:
    browser.open(page, width=width, **options)
    settle(browser)


def write_by_hand(browser: Browser, strokes: list[np.ndarray]) -> list[np.ndarray]:
    """Draw strokes, in any unit, in the middle of the drawing area, as a mouse does.

    Returns them as they are on it, in pixels of 28.
    """
    points = np.concatenate(strokes)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    left, top, side, _ = box_of(browser, "#pad")
    scale = 0.6 * side / extent.max()
    drawn = []
    for stroke in strokes:
        at = np.rint((stroke - low) * scale + (side - extent * scale) / 2)
        browser.drag([(left + x, top + y) for x, y in at.tolist()])
        drawn.append(at / side * 28)
    settle(browser)
    return drawn


def box_of(browser: Browser, selector: str) -> list[float]:
    """Left, top, width and height of an element in the window, scrolled into view."""
    found: list[float] = browser.evaluate(
        f"""() => {{
            const element = document.querySelector({json.dumps(selector)});
            element.scrollIntoView({{block: "nearest"}});
            const box = element.getBoundingClientRect();
            return [box.left, box.top, box.width, box.height];
        }}"""
    )
    return found


def click(browser: Browser, selector: str, x: float = 0.5, y: float = 0.5) -> None:
    """Click into an element, at these shares of its width and height."""
    left, top, width, height = box_of(browser, selector)
    browser.drag([(left + x * width, top + y * height)])
    settle(browser)


def pixels(browser: Browser) -> np.ndarray | None:
    """What the networks are given, (28, 28)."""
    found = browser.evaluate("() => page.pixels && Array.from(page.pixels)")
    return None if found is None else np.array(found).reshape(28, 28)


def answers(browser: Browser) -> list[list[str]]:
    """The words that each network's card has for its answer: the class and its probability."""
    found: list[list[str]] = browser.evaluate(
        """() => [...document.querySelectorAll(".answer")]
            .map(answer => [...answer.children].map(child => child.textContent))"""
    )
    return found


def text(browser: Browser, selector: str) -> str:
    found: str = browser.evaluate(
        f"() => document.querySelector({json.dumps(selector)}).textContent"
    )
    return found


def numbers(words: str) -> list[float]:
    found = re.findall(r"−?\d+\.\d+(?:e[−+]\d+)?", words)
    return [float(number.replace("−", "-")) for number in found]
