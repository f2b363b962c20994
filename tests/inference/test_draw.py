"""The page in a real browser: what is drawn on it, what the networks say, and what one can see."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browser import Browser
from drawing import answers, box_of, click, opened, pixels, settle, text, write_by_hand
from networks import hidden
from nnbasic.data import Dataset, Split
from nnbasic.inference import predict
from nnbasic.inference.page import write
from nnbasic.inference.pen import write as written
from nnbasic.inference.preparation import frame
from nnbasic.training import Run, Trained
from nnbasic.training.trained import load

Labelled = tuple[np.ndarray, np.ndarray]
Skeletons = list[tuple[int, list[np.ndarray]]]


@pytest.mark.slow
def test_pointer_events_become_strokes(browser: Browser, few: Path, skeletons: Skeletons) -> None:
    """Drawn by a real mouse, read back, and prepared as Python prepares them."""
    opened(browser, few)
    for _, strokes in skeletons[::23]:
        drawn = write_by_hand(browser, strokes)
        kept = [np.array(stroke) for stroke in browser.evaluate("() => page.pad.sheet.strokes")]
        for mine, given in zip(kept, drawn, strict=True):
            np.testing.assert_allclose(mine[0], given[0], atol=0.05)
            np.testing.assert_allclose(mine[-1], given[-1], atol=0.05)
            distances = np.linalg.norm(mine[:, np.newaxis] - given, axis=2)
            assert distances.min(axis=0).max() < 0.1  # each point is there, and no other
            assert distances.min(axis=1).max() < 0.1
        seen = pixels(browser)
        assert seen is not None
        assert np.abs(seen - frame(written(kept)).astype(int)).max() <= 2
        click(browser, "#clear")
        assert pixels(browser) is None


def test_the_page_prepares_as_python_does(
    browser: Browser, few: Path, skeletons: Skeletons, rng: np.random.Generator
) -> None:
    """Digits, scribbles, lines, dots; large, small, anywhere: within 2 grey levels."""
    opened(browser, few)
    scribbles = [list(rng.uniform(0, 28, (2, 9, 2))) for _ in range(40)]
    tiny = [[stroke * 0.01 for stroke in scribble] for scribble in scribbles[:10]]
    lines = [[np.array([[3.0, 3.0], [x, y]])] for x, y in rng.uniform(0, 28, (20, 2))]
    dots = [[np.array([[5.5, 6.25]])], [np.array([[1.0, 1.0]]), np.array([[20.0, 1.0]])]]
    every = [*(strokes for _, strokes in skeletons), *scribbles, *tiny, *lines, *dots]
    listed = json.dumps([[stroke.tolist() for stroke in strokes] for strokes in every])
    found = browser.evaluate(f"() => {listed}.map(strokes => Array.from(prepared(strokes)))")
    expected = np.array([frame(written(strokes)) for strokes in every])
    assert np.abs(np.array(found).reshape(-1, 28, 28) - expected.astype(int)).max() <= 2


def in_the_page(browser: Browser, images: np.ndarray) -> list[list[dict[str, Any]]]:
    """What the page computes for images (n, 784): for each network, a result for each image."""
    coded = base64.b64encode(images.tobytes()).decode()
    found: list[list[dict[str, Any]]] = browser.evaluate(
        f"""() => {{
            const images = new Uint8Array(bytes("{coded}"));
            return page.cards.map(({{network}}) => [...Array({len(images)}).keys()].map(n => {{
                const found = computed(network, images.subarray(n * INPUTS, (n + 1) * INPUTS));
                return {{
                    answer: found.answer,
                    probabilities: Array.from(found.probabilities),
                    layers: found.layers.slice(0, -1).map((layer, number) => ({{
                        activations: Array.from(layer.activations),
                        ...shares(network.layers[number], layer),
                    }})),
                }};
            }}));
        }}"""
    )
    return found


def test_every_network_answers_as_in_numpy(
    browser: Browser, every: Path, networks: dict[str, Run], dataset: Dataset
) -> None:
    """200 images: digits, probabilities, and the activations of every hidden layer."""
    opened(browser, every)
    images = np.concatenate([dataset.test.images, dataset.train.images[:100]])
    for run, results in zip(networks.values(), in_the_page(browser, images), strict=True):
        trained = load(run)
        digits, probabilities = predict(trained, images)
        found = np.array([found["probabilities"] for found in results])
        np.testing.assert_allclose(found, probabilities, atol=0.001)
        said = [result["answer"] for result in results]
        everyone = np.arange(len(images))
        tied = probabilities[everyone, digits] - probabilities[everyone, said] < 0.001
        assert np.all((said == digits) | tied)
        for number, (layer, expected) in enumerate(hidden(trained, images)):
            layers = [result["layers"][number] for result in results]
            scale = np.abs(expected).max()
            activations = np.array([each["activations"] for each in layers])
            np.testing.assert_allclose(activations, expected, atol=0.002 * scale)
            zero = np.mean(activations == 0, axis=1)
            np.testing.assert_allclose([each["zero"] for each in layers], zero)
            if layer.limits:
                assert 0 <= layers[0]["saturated"] <= 1
            else:
                assert layers[0]["saturated"] is None


def test_a_network_of_mnist_answers_as_in_numpy(
    browser: Browser, reader_run: Run, reader: Trained, mnist_test: Labelled, tmp_path: Path
) -> None:
    images = mnist_test[0].reshape(-1, 784)
    none = Split(images[:0], mnist_test[1][:0])
    mnist = Dataset("mnist", none, none, Split(images, mnist_test[1]), "", "")
    write([reader_run], tmp_path / "page.html", dataset=mnist)
    opened(browser, tmp_path / "page.html")
    (results,) = in_the_page(browser, images[:200])
    digits, probabilities = predict(reader, images[:200])
    np.testing.assert_array_equal([found["answer"] for found in results], digits)
    found = np.array([found["probabilities"] for found in results])
    np.testing.assert_allclose(found, probabilities, atol=0.001)


def test_what_is_drawn_is_read(
    browser: Browser, reader_run: Run, skeletons: Skeletons, dataset: Dataset, tmp_path: Path
) -> None:
    """From the mouse to the answer on the card, with a network that can read."""
    write([reader_run], tmp_path / "page.html", dataset=dataset)
    opened(browser, tmp_path / "page.html")
    for digit in range(10):
        strokes = next(strokes for label, strokes in skeletons if label == digit)
        click(browser, "#clear")
        write_by_hand(browser, strokes)
        ((answer, sure),) = answers(browser)
        assert answer == str(digit)
        assert float(sure.rstrip(" %")) > 50


def test_a_finger_draws_and_does_not_scroll(browser: Browser, few: Path) -> None:
    opened(browser, few, width=390)
    browser.call("Emulation.setTouchEmulationEnabled", enabled=True)
    try:
        left, top, side, _ = box_of(browser, "#pad")
        browser.swipe([(left + side / 2, top + side * (9 - y) / 10) for y in range(9)])
        settle(browser)
        assert browser.evaluate("() => scrollY") == 0
        (stroke,) = browser.evaluate("() => page.pad.sheet.strokes")
        assert stroke[0][1] - stroke[-1][1] == pytest.approx(28 * 0.8, abs=0.2)
        assert answers(browser)[0][0] != "–"
        left, top, *_ = box_of(browser, "#tools")  # beside the drawing area it does scroll
        browser.swipe([(left + 10, top + 40 - 30 * y) for y in range(9)])
        settle(browser)
        assert browser.evaluate("() => scrollY") > 100
    finally:
        browser.call("Emulation.setTouchEmulationEnabled", enabled=False)


def test_undo_and_clear(browser: Browser, few: Path, skeletons: Skeletons) -> None:
    opened(browser, few)
    strokes = next(strokes for _, strokes in skeletons if len(strokes) > 1)

    def count() -> int:
        return int(browser.evaluate("() => page.pad.sheet.strokes.length"))

    assert browser.evaluate(
        "() => [...document.querySelectorAll('#tools button')].every(b => b.disabled)"
    )
    write_by_hand(browser, strokes)
    assert count() == len(strokes)
    first = pixels(browser)
    click(browser, "#undo")
    assert count() == len(strokes) - 1
    click(browser, "#clear")
    assert count() == 0
    assert answers(browser)[0] == ["–", ""]
    browser.press("z", modifiers=2)
    assert count() == len(strokes) - 1
    browser.press("Escape")
    assert count() == 0
    write_by_hand(browser, strokes)
    np.testing.assert_array_equal(pixels(browser), first)


def test_drawing_by_keyboard(browser: Browser, few: Path) -> None:
    """A seven: the pen goes down, right, down, and is lifted."""
    opened(browser, few)
    browser.press("Tab")
    assert browser.evaluate("() => document.activeElement.id") == "pad"
    browser.press("ArrowLeft")
    browser.press(" ", " ")
    for key, times in ("ArrowRight", 6), ("ArrowDown", 12):
        for _ in range(times):
            browser.press(key)
    browser.press(" ", " ")
    browser.press("ArrowUp")
    settle(browser)
    (stroke,) = browser.evaluate("() => page.pad.sheet.strokes")
    assert len(stroke) == 19
    assert np.ptp(np.array(stroke), axis=0).tolist() == [6, 12]
    assert pixels(browser) is not None


def test_the_switch_shows_what_the_preparation_is_for(browser: Browser, few: Path) -> None:
    """A small stroke in a corner stays there, and the answers are others."""
    opened(browser, few)
    left, top, side, _ = box_of(browser, "#pad")
    browser.drag([(left + side * (0.1 + x / 50), top + side * 0.1) for x in range(5)])
    settle(browser)
    prepared, before = pixels(browser), answers(browser)
    click(browser, "#prepare")
    seen = pixels(browser)
    assert seen is not None
    assert prepared is not None
    assert np.flatnonzero(prepared.any(axis=0)).tolist() == list(range(4, 24))
    rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (1, 4, 1, 6)
    assert answers(browser) != before
    assert "as it is" in text(browser, "#explanation")
    click(browser, "#prepare")
    np.testing.assert_array_equal(pixels(browser), prepared)


def test_examples(browser: Browser, few: Path, dataset: Dataset) -> None:
    opened(browser, few)
    threes = np.flatnonzero(dataset.test.labels == 3)
    for key in range(2):
        browser.press("3", "3")
        settle(browser)
        seen = pixels(browser)
        assert seen is not None
        np.testing.assert_array_equal(seen.reshape(784), dataset.test.images[threes[key]])
    assert text(browser, "#group option:checked") == "Digit 3"
    click(browser, "#thumbnails button:nth-child(4)")
    np.testing.assert_array_equal(pixels(browser), dataset.test.images[threes[3]].reshape(28, 28))
    assert browser.evaluate(
        "() => [...document.querySelectorAll('[aria-pressed=true]')].map(b => b.title)"
    ) == [f"test image {threes[3]}: 3"]
    browser.evaluate(
        """() => {
            const group = document.getElementById("group");
            group.value = [...group.options].findIndex(o => o.text === "The networks differ");
            group.dispatchEvent(new Event("change"));
        }"""
    )
    click(browser, "#thumbnails button")
    said = answers(browser)
    assert said[0][0] != said[1][0]
    assert text(browser, "#answers .differ") == "The networks differ."
