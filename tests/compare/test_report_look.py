"""The report in a real browser: everything is there to be seen, at every width, light and dark."""

import base64
import json
import re
import shutil
from pathlib import Path

import pytest

from browser import Browser
from nnbasic.compare import compare_all
from nnbasic.compare.report import write
from nnbasic.data import Dataset
from nnbasic.training.collection import collect

HOSTILE = '</script><script>alert("x")</script><img src=x onerror=alert(1)>'
WORD = "unbreakable" * 12


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
        record["versions"]["numpy"] = HOSTILE + "\u2028$\\frac{$"
        record["warnings"] = [HOSTILE + WORD]
        (run / "run.json").write_text(json.dumps(record))
    data, _ = collect(folder / "runs")
    write(compare_all(data), folder / "out.html", dataset=dataset)
    return folder / "out.html"


@pytest.fixture(params=[(390, "dark"), (1280, "light")], ids=str)
def page(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Browser:
    """The report, opened; every part that can be folded is unfolded."""
    width, scheme = request.param
    browser.open(report, width=width, scheme=scheme)
    browser.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")
    return browser


def test_untrusted_text_is_text_and_nothing_is_asked_for(page: Browser) -> None:
    for selector in ("td", "dd", "p"):
        texts = page.evaluate(
            f"() => [...document.querySelectorAll('{selector}')].map(e => e.textContent)"
        )
        assert any(HOSTILE in text for text in texts), selector
    for method in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
        assert page.happened(method) == []
    assert page.happened("Page.javascriptDialogOpening") == []
    urls = [event["request"]["url"] for event in page.happened("Network.requestWillBeSent")]
    assert [url for url in urls if not url.startswith("data:")] == [urls[0]]
    assert urls[0].startswith("file://")


def test_nothing_overflows(page: Browser) -> None:
    wide = page.evaluate(
        """() => {
            const scrolls = element => element &&
                (getComputedStyle(element).overflowX === 'auto' || scrolls(element.parentElement));
            return [...document.body.querySelectorAll(':not(thead *):not(thead)')]
                .filter(element => !scrolls(element) && !element.closest('script'))
                .filter(element => element.getBoundingClientRect().right > innerWidth + 0.5)
                .map(element => element.outerHTML.slice(0, 200));
        }"""
    )
    assert wide == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


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
    first = places(browser, ".verdict, #glance img")
    assert len(first) >= 3
    assert max(place["bottom"] for place in first) <= 800


@pytest.mark.parametrize("paper", [(8.27, 11.69), (8.5, 11)], ids=["A4", "Letter"])
def test_printed_it_is_a_handout_of_two_pages(
    browser: Browser, plain: Path, paper: tuple[float, float]
) -> None:
    browser.open(plain, width=1280, scheme="dark")
    width, height = paper
    printed = browser.call("Page.printToPDF", paperWidth=width, paperHeight=height)
    content = base64.b64decode(printed["data"])
    assert len(re.findall(rb"/Type */Page\b", content)) == 2


def test_paper_is_light_and_nothing_is_folded(browser: Browser, plain: Path) -> None:
    browser.open(plain, width=703, scheme="dark")  # A4 within its margins
    browser.call("Emulation.setEmulatedMedia", media="print")
    assert not places(browser, "details:not([open])")
    assert len(places(browser, "#table table thead")) == 2  # of rows, and of what each choice does
    assert max(place["right"] for place in places(browser, "td, img, p")) <= 703
    ink = "getComputedStyle(document.documentElement).getPropertyValue('--ink')"
    assert browser.evaluate(f"() => {ink}").strip() == "#16191d"
    browser.call("Emulation.setEmulatedMedia", media="")
