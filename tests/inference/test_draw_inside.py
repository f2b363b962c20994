"""The page in a real browser: what is behind the answers, and how it looks."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from browser import Browser
from drawing import HOSTILE, click, numbers, opened, settle, text
from networks import hidden, outputs
from nnbasic.data import Dataset
from nnbasic.model import MLP
from nnbasic.model.arrays import Array
from nnbasic.training import Run
from nnbasic.training.trained import load
from support import contrast


def test_a_unit_shows_its_weights_its_sum_and_its_place(
    browser: Browser, few: Path, networks: dict[str, Run], dataset: Dataset
) -> None:
    """The fifth of the first layer, of tanh."""
    network = load(networks["tanh"]).network
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
    browser: Browser, every: Path, networks: dict[str, Run], dataset: Dataset
) -> None:
    trained = load(networks["maxout"])
    opened(browser, every)
    browser.press("8", "8")
    settle(browser)
    card = f"article:nth-child({1 + list(networks).index('maxout')})"
    click(browser, f"{card} .units", x=2.5 / 16)
    (_, first), *_ = outputs(trained, dataset.test.images[dataset.test.labels == 8][:1])
    sums = first[0, [2, 18]]
    said = browser.evaluate(
        f"() => [...document.querySelectorAll('{card} figcaption')].map(c => c.textContent)"
    )
    assert [caption[:8] for caption in said] == ["Piece 1,", "Piece 2,"]
    np.testing.assert_allclose([numbers(c)[0] for c in said], sums, atol=0.011)
    largest = numbers(text(browser, f"{card} .detail p"))[0]
    assert largest == pytest.approx(sums.max(), abs=0.011)


def looking_at(
    digit: int, networks: dict[str, Run], dataset: Dataset
) -> Iterator[tuple[str, MLP, list[Array]]]:
    """The networks of the page in their order, with their activations for the ``digit``."""
    image = dataset.test.images[np.flatnonzero(dataset.test.labels == digit)[:1]]
    for name in ("relu", "tanh"):
        trained = load(networks[name])
        yield name, trained.network, [a for _, a in hidden(trained, image)]


def test_a_class_shows_what_speaks_for_it_and_against_it(
    browser: Browser, few: Path, networks: dict[str, Run], dataset: Dataset
) -> None:
    """In each network; a click on such a unit shows that unit."""
    opened(browser, few)
    browser.press("2", "2")
    settle(browser)
    for number, (_, network, activations) in enumerate(looking_at(2, networks, dataset), 1):
        added = activations[1][0] * network.parameters["layer3.weight"][:, 5]
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
    browser: Browser, few: Path, networks: dict[str, Run], dataset: Dataset
) -> None:
    opened(browser, few)
    browser.press("1", "1")
    settle(browser)
    for number, (name, _, activations) in enumerate(looking_at(1, networks, dataset), 1):
        for layer, a in enumerate(activations[:2], 1):
            share = np.mean(a == 0) if name == "relu" else np.mean(np.abs(a) > 0.9)
            word = "are 0" if name == "relu" else "saturated"
            place = f"article:nth-child({number}) .layer:nth-of-type({layer + 1}) p"
            assert text(browser, place).endswith(f" % {word}")
            assert numbers(text(browser, place))[0] == pytest.approx(100 * share, abs=0.051)


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
    colours = {name: bytes.fromhex(colour.strip()[1:]) for name, colour in colours.items()}
    for ink in ("ink", "muted", "accent"):
        for ground in ("page", "panel"):
            assert contrast(colours[ink], colours[ground]) >= 4.5
    for ink in ("negative", "positive", "accent"):
        assert contrast(colours[ink], colours["zero"]) >= 3
