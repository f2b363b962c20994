"""The report as a file: what it holds, and that nothing in it can act."""

import base64
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from nnbasic.compare import Comparisons, compare_all
from nnbasic.compare.formats import told
from nnbasic.compare.report import render
from nnbasic.data import Dataset
from nnbasic.training.collection import collect
from support import edit


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text of some of them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.texts.setdefault(tag, []).append(data)

    def text(self, tag: str) -> str:
        return "".join(self.texts.get(tag, []))


def read(folder: Path) -> Comparisons:
    data, problems = collect(folder)
    assert problems == []
    return compare_all(data)


@pytest.fixture(scope="module")
def html(swept: Path, dataset: Dataset) -> str:
    return render(read(swept), dataset=dataset)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


@pytest.fixture
def single(swept: Path, tmp_path: Path) -> Path:
    """A folder with one run, whose report is made quickly."""
    first = sorted(swept.iterdir())[0]
    shutil.copytree(first, tmp_path / "single" / first.name)
    return tmp_path / "single"


def drawn(page: Page) -> str:
    """The SVG of all figures of a page."""
    sources = [str(a["src"]).partition("base64,") for tag, a in page.elements if tag == "img"]
    assert {kind for kind, _, _ in sources} <= {"data:image/svg+xml;"}
    return "".join(base64.b64decode(content).decode() for _, _, content in sources)


def test_every_figure_is_described(page: Page) -> None:
    labels = [str(attributes["alt"]) for tag, attributes in page.elements if tag == "img"]
    assert len(labels) == 9
    assert labels[1].startswith("validation accuracy, % by epoch: ")
    for label in labels:
        what, _, rows = label.rpartition(": ")
        assert what
        assert set(rows.split(", ")) == {"relu/he", "relu/xavier", "tanh/he", "tanh/xavier"}


def test_searched_rates_have_a_table_of_their_own(copied: Path, dataset: Dataset) -> None:
    search = {"given": 0.1, "chosen": 0.1, "tried": {"0.1": 0.9}, "seeds": 2}
    for number, run in enumerate(sorted(copied.iterdir())):
        if number % 2:
            edit(run, rate_search=search)
    comparisons = read(copied)
    page = Page(render(comparisons, dataset=dataset))
    assert len(comparisons.parts) == 2
    for each in comparisons.parts:
        for row in each.rows:
            assert f"{100 * (row.val_accuracy.mean or 0):.2f}" in page.text("td")
        said = {told(line)[0] for line in each.verdict}
        assert said <= {line.strip() for line in page.texts["p" if each.rates_searched else "li"]}
    assert page.text("h3").count("learning rate") >= 2


def test_runs_of_one_row_that_were_made_otherwise_have_commands_of_their_own(
    copied: Path, dataset: Dataset
) -> None:
    first, second, *others = sorted(copied.iterdir())
    for run in others:
        shutil.rmtree(run)
    edit(first, threads=1)
    edit(second, threads=3, dataset="mnist")
    one, other = sorted(Page(render(read(copied), dataset=dataset)).text("pre").split("\n"))[-2:]
    assert one.startswith("OPENBLAS_NUM_THREADS=1 nnbasic train")
    assert one.endswith(f"{first.name}/config.yaml --set data.dataset=digits")
    assert other.startswith("OPENBLAS_NUM_THREADS=3 nnbasic train")
    assert other.endswith(f"{second.name}/config.yaml")


def test_nothing_can_act_or_ask_the_network(html: str, page: Page) -> None:
    (policy,) = (a["content"] for _, a in page.elements if a.get("http-equiv"))
    assert "script-src" not in str(policy)
    assert str(policy).startswith("default-src 'none'")
    for tag, attributes in page.elements:
        assert tag not in ("script", "iframe", "object", "embed", "form", "base", "audio", "video")
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in ("src", "href", "xlink:href", "action", "srcset"):
                assert str(value).startswith(("data:", "#")), value
    assert "@import" not in html
    assert set(re.findall(r"url\((.)", html)) <= {"#"}


def test_a_data_set_that_is_not_at_hand_is_said(single: Path, dataset: Dataset) -> None:
    page = Page(render(read(single), dataset="MNIST is on the moon"))
    assert "They are not shown: MNIST is on the moon" in page.text("p")
    assert not any("Most wrong" in str(a.get("alt")) for tag, a in page.elements)
    other = Dataset("digits", dataset.train, dataset.validation, dataset.test, "cd" * 32, "")
    page = Page(render(read(single), dataset=other))
    assert "not the data that the runs were trained on" in page.text("p")


@pytest.mark.parametrize("lost", ["diagnostics.jsonl", "metrics.jsonl", "predictions.npz"])
def test_a_lost_file_costs_its_figures_only(copied: Path, dataset: Dataset, lost: str) -> None:
    for run in copied.iterdir():
        (run / lost).unlink()
    data, _ = collect(copied)
    page = Page(render(compare_all(data), dataset=dataset))
    svg = drawn(page)
    assert ("gradient norm" in svg) == (lost != "diagnostics.jsonl")
    assert ("training loss" in svg) == (lost != "metrics.jsonl")
    assert ("predicted" in svg) == (lost != "predictions.npz")


def test_one_run_makes_a_report(single: Path, dataset: Dataset) -> None:
    page = Page(render(read(single), dataset=dataset, title="Lecture <7>"))
    assert page.text("h1") == "Lecture <7>"
    assert "1 run in 1 row" in page.text("p")
    assert "the network" in drawn(page)


def test_runs_without_a_finished_one_make_a_report(copied: Path, dataset: Dataset) -> None:
    for run in copied.iterdir():
        edit(run, status="diverged", reason="the loss is not finite", test_accuracy=None)
    page = Page(render(read(copied), dataset=dataset))
    assert drawn(page).count("failed 2/2") == 4  # in the cells of the map, the only figure
    assert sum(tag == "img" for tag, _ in page.elements) == 1
