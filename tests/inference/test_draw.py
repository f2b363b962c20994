"""The page in a real browser: what is drawn on it, what the networks say, and what one can see."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browser import Browser
from nnbasic.configs import Config
from nnbasic.data import Dataset, Split
from nnbasic.inference import predict
from nnbasic.inference.page import write
from nnbasic.inference.pen import write as written
from nnbasic.inference.preparation import frame
from nnbasic.model import ACTIVATIONS
from nnbasic.runs import Run, Trained, start
from nnbasic.runs.trained import load

Labelled = tuple[np.ndarray, np.ndarray]
Skeletons = list[tuple[int, list[np.ndarray]]]

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
NETWORKS: dict[str, dict[str, Any]] = {
    **{name: {"activation": name} for name in ACTIVATIONS},
    "mixed": {
        "layers": [784, 14, 12, 8, 10],
        "activation": [
            {"name": "prelu", "shared": True},
            {"name": "maxout", "pieces": 3},
            {"name": "leaky_relu", "slope": 0.2},
        ],
        "data": {"scale": "standard"},
    },
    "elu(alpha=0.5)": {"activation": {"name": "elu", "alpha": 0.5}, "data": {"scale": "signed"}},
    "mse": {"loss": "mse", "dtype": "float64"},
    "mse, sigmoid": {"loss": {"name": "mse", "output": "sigmoid"}},
    "no hidden layer": {"layers": [784, 10]},
    "twelve classes": {"layers": [784, 300, 12]},
}
"""What there is to train: every activation, loss and scale."""
SLOW = {"name": "sgd", "lr": 0.01}


@pytest.fixture(scope="module")
def runs(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """One run of each of `NETWORKS`."""
    folder = tmp_path_factory.mktemp("runs")
    found = []
    for name, changes in NETWORKS.items():
        small = {"layers": [784, 16, 12, 10], "epochs": 1, "batch_size": 32, "optimizer": SLOW}
        session = start(Config.model_validate(small | changes), dataset, runs=folder, name=name)
        for _ in session.train():
            pass
        found.append(session.run)
    return found


@pytest.fixture(scope="module")
def every(runs: list[Run], dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of all of them."""
    file = tmp_path_factory.mktemp("every") / "page.html"
    write(runs, file, dataset=dataset)
    return file


@pytest.fixture(scope="module")
def few(runs: list[Run], dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of two networks of two hidden layers: relu, and tanh, whose name is hostile."""
    tanh = called("tanh", runs)
    before = tanh.user()
    tanh.write_user(before.model_copy(update={"name": HOSTILE, "notes": "note " + HOSTILE}))
    file = tmp_path_factory.mktemp("few") / "page.html"
    write([called("relu", runs), tanh], file, dataset=dataset)
    tanh.write_user(before)
    return file


def called(name: str, runs: list[Run]) -> Run:
    return runs[list(NETWORKS).index(name)]


def settle(browser: Browser) -> None:
    """Wait until the page has done what follows from a change, and it is on the screen."""
    browser.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def opened(browser: Browser, file: Path, width: int = 1280, scheme: str = "light") -> Browser:
    browser.open(file, width=width, scheme=scheme)
    settle(browser)
    return browser


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
    browser: Browser, every: Path, runs: list[Run], dataset: Dataset
) -> None:
    """200 images: digits, probabilities, and the activations of every hidden layer."""
    opened(browser, every)
    images = np.concatenate([dataset.test.images, dataset.train.images[:100]])
    for run, results in zip(runs, in_the_page(browser, images), strict=True):
        trained = load(run)
        digits, probabilities = predict(trained, images)
        found = np.array([found["probabilities"] for found in results])
        np.testing.assert_allclose(found, probabilities, atol=0.001)
        said = [result["answer"] for result in results]
        everyone = np.arange(len(images))
        tied = probabilities[everyone, digits] - probabilities[everyone, said] < 0.001
        assert np.all((said == digits) | tied)
        next(trained.forward(images))
        for number, block in enumerate(trained.network.blocks[:-1]):
            layers = [result["layers"][number] for result in results]
            expected = block.output
            scale = np.abs(expected).max()
            activations = np.array([layer["activations"] for layer in layers])
            np.testing.assert_allclose(activations, expected, atol=0.002 * scale)
            zero = np.mean(activations == 0, axis=1)
            np.testing.assert_allclose([layer["zero"] for layer in layers], zero)
            if block.activation and block.activation.limits:
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


def numbers(words: str) -> list[float]:
    found = re.findall(r"−?\d+\.\d+(?:e[−+]\d+)?", words)
    return [float(number.replace("−", "-")) for number in found]


def test_a_unit_shows_its_weights_its_sum_and_its_place(
    browser: Browser, few: Path, runs: list[Run], dataset: Dataset
) -> None:
    """The fifth of the first layer, of tanh."""
    network = load(called("tanh", runs)).network
    opened(browser, few)
    browser.press("7", "7")
    settle(browser)
    click(browser, "article:nth-child(2) .units", x=4.5 / 16)
    assert text(browser, "article:nth-child(2) .detail h3") == "Unit 5 of layer 1"
    image = dataset.test.images[np.flatnonzero(dataset.test.labels == 7)[0]] / 255
    weight, bias = (network.parameters[f"layer1.{name}"] for name in ("weight", "bias"))
    total = image @ weight[:, 4] + bias[4]
    said = numbers(text(browser, "article:nth-child(2) .detail p"))
    np.testing.assert_allclose(said, [total, bias[4], np.tanh(total)], atol=0.011)
    colours = browser.evaluate(
        """() => {
            const canvas = document.querySelector("article:nth-child(2) .weights");
            const {data} = canvas.getContext("2d").getImageData(0, 0, 28, 28);
            return Array.from(data);
        }"""
    )
    blueness = np.array(colours).reshape(784, 4) @ [-1, 0, 1, 0]
    order = np.argsort(weight[:, 4])
    assert blueness[order[:50]].min() > 50  # negative weights are blue, positive ones orange
    assert blueness[order[-50:]].max() < -50
    x, y = browser.evaluate(
        """() => {
            const point = document.querySelector("article:nth-child(2) .curve circle");
            return ["cx", "cy"].map(name => Number(point.getAttribute(name)));
        }"""
    )
    reach = max(4, 1.2 * abs(total))
    top = np.tanh(reach)
    assert x == pytest.approx(8 + 144 * (total + reach) / (2 * reach), abs=0.5)
    assert y == pytest.approx(152 - 144 * (np.tanh(total) + top) / (2 * top), abs=0.5)
    browser.press("ArrowRight")
    settle(browser)
    click(browser, "article:nth-child(2) .detail button")
    assert browser.evaluate("() => document.querySelectorAll('.detail')[1].hidden")


def test_a_maxout_unit_shows_the_sum_of_each_piece(
    browser: Browser, every: Path, runs: list[Run], dataset: Dataset
) -> None:
    trained = load(called("maxout", runs))
    opened(browser, every)
    browser.press("8", "8")
    settle(browser)
    card = f"article:nth-child({1 + list(NETWORKS).index('maxout')})"
    click(browser, f"{card} .units", x=2.5 / 16)
    next(trained.forward(dataset.test.images[dataset.test.labels == 8][:1]))
    sums = trained.network.blocks[0].affine.output[0, [2, 18]]
    said = browser.evaluate(
        f"() => [...document.querySelectorAll('{card} figcaption')].map(c => c.textContent)"
    )
    assert [caption[:8] for caption in said] == ["Piece 1,", "Piece 2,"]
    np.testing.assert_allclose([numbers(c)[0] for c in said], sums, atol=0.011)
    largest = numbers(text(browser, f"{card} .detail p"))[0]
    assert largest == pytest.approx(sums.max(), abs=0.011)


def test_a_class_shows_what_speaks_for_it_and_against_it(
    browser: Browser, few: Path, runs: list[Run], dataset: Dataset
) -> None:
    """In each network; a click on such a unit shows that unit."""
    opened(browser, few)
    browser.press("2", "2")
    settle(browser)
    image = dataset.test.images[np.flatnonzero(dataset.test.labels == 2)[:1]]
    for number, name in enumerate(("relu", "tanh"), 1):
        trained = load(called(name, runs))
        next(trained.forward(image))
        hidden = trained.network.blocks[1].output[0]
        added = hidden * trained.network.parameters["layer3.weight"][:, 5]
        card = f"article:nth-child({number})"
        click(browser, f"{card} .class:nth-child(6)")
        assert text(browser, f"{card} .detail h3") == "What speaks for 5"
        said = browser.evaluate(
            f"""() => [...document.querySelectorAll("{card} .two > div")].map(list =>
                [...list.querySelectorAll("button")].map(b => [b.children[0], b.children[2]]
                    .map(cell => cell.textContent)))"""
        )
        order = np.argsort(-added)
        units = [u for u in order if added[u] > 0][:6], [u for u in order[::-1] if added[u] < 0][:6]
        for lines, expected in zip(said, units, strict=True):
            assert [unit for unit, _ in lines] == [f"unit {u + 1}" for u in expected]
            values = [numbers(value)[0] for _, value in lines]
            np.testing.assert_allclose(values, added[expected], atol=0.011)
        first = [*units[0], *units[1]][0]
        click(browser, f"{card} .two button")
        assert text(browser, f"{card} .detail h3") == f"Unit {first + 1} of layer 2"


def test_layers_say_how_many_units_are_silent_or_saturated(
    browser: Browser, few: Path, runs: list[Run], dataset: Dataset
) -> None:
    opened(browser, few)
    browser.press("1", "1")
    settle(browser)
    image = dataset.test.images[np.flatnonzero(dataset.test.labels == 1)[:1]]
    for number, name in enumerate(("relu", "tanh"), 1):
        trained = load(called(name, runs))
        next(trained.forward(image))
        for layer, block in enumerate(trained.network.blocks[:2], 1):
            a = block.output
            share = np.mean(a == 0) if name == "relu" else np.mean(np.abs(a) > 0.9)
            word = "are 0" if name == "relu" else "saturated"
            place = f"article:nth-child({number}) .layer:nth-of-type({layer + 1}) p"
            assert text(browser, place) == f"{100 * share:.1f} % {word}"


@pytest.fixture(params=[(w, s) for w in (390, 1600) for s in ("light", "dark")], ids=str)
def look(request: pytest.FixtureRequest, browser: Browser, few: Path) -> Browser:
    """The page at a width and in a scheme, with an example, a unit and a class chosen."""
    width, scheme = request.param
    opened(browser, few, width=width, scheme=scheme)
    browser.press("4", "4")
    settle(browser)
    click(browser, "article:nth-child(1) .class:nth-child(3)")
    click(browser, "article:nth-child(2) .units", x=0.1)
    return browser


def test_nothing_complains_and_nothing_is_asked_for(look: Browser) -> None:
    look.evaluate("() => scrollTo(0, document.body.scrollHeight)")
    for method in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
        assert look.happened(method) == []
    assert look.happened("Page.javascriptDialogOpening") == []
    urls = [event["request"]["url"] for event in look.happened("Network.requestWillBeSent")]
    assert [url for url in urls if not url.startswith("data:")] == [urls[0]]
    assert urls[0].startswith("file://")


def test_names_and_notes_are_text(look: Browser) -> None:
    assert text(look, "article:nth-child(2) h2") == HOSTILE
    assert text(look, "article:nth-child(2) header p:nth-of-type(3)") == "note " + HOSTILE
    assert (
        look.evaluate("() => document.querySelectorAll('article img, article script').length") == 0
    )


def test_nothing_overflows_and_everything_has_a_size(look: Browser) -> None:
    assert look.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    wrong = look.evaluate(
        """() => [...document.querySelectorAll("body *")].filter(element => {
            if (!element.checkVisibility() || element.closest("option, script")) return false;
            const box = element.getBoundingClientRect();
            const small = element.matches("canvas, svg, button, input, select") &&
                (box.width < 17 || box.height < 7);
            return small || box.right > innerWidth + 0.5 || box.left < -0.5;
        }).map(element => element.outerHTML.slice(0, 200))"""
    )
    assert wrong == []


def test_text_stands_out(look: Browser) -> None:
    """As WCAG 2.2 asks: 4.5 to 1 for text, 3 to 1 for what carries a meaning without it."""
    colours = look.evaluate(
        """() => {
            const style = getComputedStyle(document.documentElement);
            return Object.fromEntries(["page", "panel", "ink", "muted", "accent", "zero",
                "negative", "positive"].map(name => [name, style.getPropertyValue("--" + name)]));
        }"""
    )
    for ink in ("ink", "muted", "accent"):
        for ground in ("page", "panel"):
            assert contrast(colours[ink], colours[ground]) >= 4.5
    for ink in ("negative", "positive", "accent"):
        assert contrast(colours[ink], colours["zero"]) >= 3


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        shares = [int(colour.strip()[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)
