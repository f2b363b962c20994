"""The report in a real browser: everything is there to be seen, at every width, light and dark."""

from __future__ import annotations

import base64
import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from browser import Browser
from nnbasic.compare import compare_all
from nnbasic.compare.colours import COLOURS
from nnbasic.compare.report import write
from nnbasic.data import Dataset
from nnbasic.training.collection import collect
from support import contrast, luminance

HOSTILE = '</script><script>alert("x")</script><img src=x onerror=alert(1)>'
WORD = "unbreakable" * 12
CLEAR = "rgba(0, 0, 0, 0)"
WAIT = "() => new Promise(resolve => setTimeout(resolve, 50))"


@pytest.fixture(scope="module")
def report(
    browser: Browser, swept: Path, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A report in which names and notes are long and hostile."""
    folder = tmp_path_factory.mktemp("look")
    shutil.copytree(swept, folder / "runs")
    for run in (folder / "runs").iterdir():
        user = {"name": HOSTILE, "tags": [WORD], "notes": HOSTILE + WORD}
        (run / "user.json").write_text(json.dumps(user))
        record = json.loads((run / "run.json").read_text())
        if record["config"]["activation"]["name"] == "tanh":
            record["config"]["activation"]["name"] = HOSTILE
        record["config"][WORD] = WORD
        record["warnings"] = [HOSTILE + WORD]
        (run / "run.json").write_text(json.dumps(record))
    data, _ = collect(folder / "runs")
    write(compare_all(data), folder / "out.html", dataset=dataset)
    return folder / "out.html"


@pytest.fixture(params=[(w, s) for w in (390, 1280) for s in ("light", "dark")], ids=str)
def page(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Browser:
    """The report, opened; every part that can be folded is unfolded."""
    width, scheme = request.param
    browser.open(report, width=width, scheme=scheme)
    browser.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")
    return browser


def test_nothing_complains_and_nothing_is_asked_for(page: Browser) -> None:
    for method in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
        assert page.happened(method) == []
    assert page.happened("Page.javascriptDialogOpening") == []
    urls = [event["request"]["url"] for event in page.happened("Network.requestWillBeSent")]
    assert [url for url in urls if not url.startswith("data:")] == [urls[0]]
    assert urls[0].startswith("file://")


def test_every_figure_can_be_seen(page: Browser) -> None:
    seen = page.evaluate(
        """() => [...document.querySelectorAll('svg, img')].map(element => {
            const box = element.getBoundingClientRect();
            const ink = element.matches('img')
                ? element.complete && element.naturalWidth > 1
                : element.querySelectorAll('path, use, rect, image').length >= 3;
            return [box.width, box.height, ink, element.checkVisibility()];
        })"""
    )
    # as many as `test_report` counts, the filters of 4 rows, and the wrong ones
    assert len(seen) >= 23 + 4
    for width, height, ink, visible in seen:
        assert width >= 80
        assert height >= 60
        assert ink
        assert visible


def test_nothing_overflows(page: Browser) -> None:
    wide = page.evaluate(
        """() => {
            const scrolls = element => element &&
                (getComputedStyle(element).overflowX === 'auto' || scrolls(element.parentElement));
            return [...document.body.querySelectorAll(':not(thead *):not(thead)')]
                .filter(element => !scrolls(element) && !element.closest('svg, script'))
                .filter(element => element.getBoundingClientRect().right > innerWidth + 0.5)
                .map(element => element.outerHTML.slice(0, 200));
        }"""
    )
    assert wide == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_no_text_of_a_figure_is_cut(page: Browser) -> None:
    cut = page.evaluate(
        """() => [...document.querySelectorAll('svg text')].filter(text => {
            const inner = text.getBoundingClientRect();
            const outer = text.ownerSVGElement.getBoundingClientRect();
            return inner.left < outer.left - 1 || inner.right > outer.right + 1 ||
                inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1;
        }).map(text => text.ownerSVGElement.getAttribute('aria-label') + ': ' + text.textContent)"""
    )
    assert cut == []


def test_the_text_of_figures_is_not_small(page: Browser) -> None:
    smallest = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll('svg text')].map(text =>
            parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a ||
            parseFloat(getComputedStyle(text).fontSize) * Math.abs(text.getScreenCTM().b)))"""
    )
    assert smallest >= 9


def test_figures_have_the_colours_of_the_page(page: Browser) -> None:
    found = page.evaluate(
        """() => {
            const root = getComputedStyle(document.documentElement);
            const probe = document.body.appendChild(document.createElement('i'));
            const colour = value => {
                probe.style.color = value;
                return getComputedStyle(probe).color;
            };
            const pairs = [...document.querySelectorAll('svg [style*="var("]')].flatMap(part =>
                ['fill', 'stroke'].filter(key => part.style[key].startsWith('var(')).map(key => {
                    const name = part.style[key].slice(4).split(',')[0];
                    const own = colour(root.getPropertyValue(name));
                    return [name, getComputedStyle(part)[key] === own];
                }));
            probe.remove();
            return pairs;
        }"""
    )
    assert {"--panel", "--ink", "--muted", "--line", "--series-1"} <= {name for name, _ in found}
    assert all(same for _, same in found)


@pytest.fixture(scope="module")
def plain(swept: Path, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report as a reader gets it."""
    file = tmp_path_factory.mktemp("plain") / "out.html"
    data, _ = collect(swept)
    write(compare_all(data), file, dataset=dataset)
    return file


def places(browser: Browser, selector: str) -> list[dict[str, float]]:
    """Where the elements are that can be seen."""
    found: list[dict[str, float]] = browser.evaluate(
        f"""() => [...document.querySelectorAll('{selector}')]
            .filter(element => element.checkVisibility())
            .map(element => element.getBoundingClientRect().toJSON())"""
    )
    return found


def test_verdict_effects_and_curves_are_on_the_first_screen(browser: Browser, plain: Path) -> None:
    browser.open(plain, width=1280)
    first = places(browser, ".verdict, #glance svg")
    assert len(first) >= 3
    assert max(place["bottom"] for place in first) <= 800
    effects, curves = first[-2:]
    assert effects["top"] == pytest.approx(curves["top"], abs=1)
    assert min(effects["width"], curves["width"]) >= 560


@pytest.mark.parametrize(("width", "columns"), [(390, 1), (1280, 2), (1600, 2)])
def test_figures_stand_in_two_columns_at_most(
    browser: Browser, plain: Path, width: int, columns: int
) -> None:
    browser.open(plain, width=width)
    browser.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")
    figures = places(browser, ".figures > figure")
    assert len({round(place["left"]) for place in figures}) == columns


def test_figures_can_be_downloaded(browser: Browser, plain: Path, tmp_path: Path) -> None:
    browser.open(plain, width=1280, scheme="dark")
    browser.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    browser.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")
    charts = browser.evaluate("() => document.querySelectorAll('svg').length")
    assert browser.evaluate("() => document.querySelectorAll('.take').length") == charts
    names = ("effects", "filters-1")  # drawn, and made of pictures
    for name in names:
        for number in (1, 2):
            button = f"[data-file={name}] button:nth-of-type({number})"
            browser.evaluate(f"() => document.querySelector('{button}').click()")
    files = [tmp_path / f"{name}.{kind}" for name in names for kind in ("svg", "png")]
    for _ in range(400):
        if all(file.exists() for file in files):
            break
        browser.evaluate(WAIT)
    assert not browser.happened("Log.entryAdded")  # as of a policy that forbids it
    for file in files[::2]:
        root = ElementTree.fromstring(file.read_text())
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert "var(" not in file.read_text()  # which other programs do not know
        width, height = (float(root.attrib[key].removesuffix("pt")) for key in ("width", "height"))
        with Image.open(file.with_suffix(".png")) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        assert pixels.shape[:2] == (round(2400 * height / width), 2400)
        assert pixels[5, 5].tolist() == [255, 255, 255]  # a slide is light, whatever the page is
        assert (pixels.min(axis=2) < 100).mean() > 0.01


def test_a_link_opens_the_part_that_it_leads_to(browser: Browser, plain: Path) -> None:
    browser.open(plain, width=1280)
    assert not places(browser, "#gradients svg")
    browser.evaluate("() => document.querySelector('nav a[href=\\'#gradients\\']').click()")
    assert len(places(browser, "#gradients svg")) == 4


@pytest.mark.parametrize("paper", [(8.27, 11.69), (8.5, 11)], ids=["A4", "Letter"])
def test_printed_it_is_a_handout_of_two_pages(
    browser: Browser, plain: Path, paper: tuple[float, float]
) -> None:
    browser.open(plain, width=1280, scheme="dark")
    width, height = paper
    printed = browser.call("Page.printToPDF", paperWidth=width, paperHeight=height)
    content = base64.b64decode(printed["data"])
    assert len(re.findall(rb"/Type */Page\b", content)) == 2


def test_paper_is_light_and_nothing_is_cut_or_folded(browser: Browser, plain: Path) -> None:
    browser.open(plain, width=703, scheme="dark")  # A4 within its margins
    browser.call("Emulation.setEmulatedMedia", media="print")
    assert not places(browser, "nav, .take, details")
    assert len(places(browser, "#table table thead")) == 2  # of rows, and of what each choice does
    assert max(place["right"] for place in places(browser, "td, svg, p")) <= 703
    assert browser.evaluate("() => getComputedStyle(document.body).backgroundColor") == CLEAR
    ink = "getComputedStyle(document.documentElement).getPropertyValue('--ink')"
    assert browser.evaluate(f"() => {ink}").strip() == COLOURS["ink"][0]
    cut = browser.evaluate(
        """() => [...document.querySelectorAll('body *')].filter(element =>
            ['auto', 'scroll', 'hidden'].includes(getComputedStyle(element).overflowX) &&
            element.scrollWidth > element.clientWidth + 1 && element.checkVisibility() &&
            !element.closest('svg')).length"""
    )
    browser.call("Emulation.setEmulatedMedia", media="")
    assert cut == 0


def test_colours_stand_out(page: Browser) -> None:
    """As WCAG 2.2 asks: text 4.5 to 1 against its ground, lines and areas 3 to 1."""
    colours = page.evaluate(
        """() => {
            const probe = document.body.appendChild(document.createElement('i'));
            const names = ['page', 'panel', 'ink', 'muted', 'accent', 'alert', 'alert-panel',
                ...[1, 2, 3, 4, 5, 6].map(n => `series-${n}`),
                ...[1, 2, 3, 4, 5, 6, 7, 8].map(n => `layer-${n}`)];
            const found = names.map(name => {
                probe.style.color = `var(--${name})`;
                return [name, getComputedStyle(probe).color.match(/[0-9.]+/g).map(Number)];
            });
            probe.remove();
            return Object.fromEntries(found);
        }"""
    )

    for text in ("ink", "muted", "accent"):
        assert contrast(colours[text], colours["page"]) >= 4.5
        assert contrast(colours[text], colours["panel"]) >= 4.5
    assert contrast(colours["alert"], colours["alert-panel"]) >= 4.5
    assert contrast(colours["ink"], colours["alert-panel"]) >= 4.5
    for area in (name for name in colours if name.startswith(("series", "layer"))):
        assert contrast(colours[area], colours["panel"]) >= 3
    assert (luminance(colours["page"]) < 0.2) == page.evaluate(
        "() => matchMedia('(prefers-color-scheme: dark)').matches"
    )
