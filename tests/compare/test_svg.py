"""A figure as an element of a page, read back with an XML parser."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np
import pytest
from matplotlib.figure import Figure

from nnbasic.compare import figures, layers
from nnbasic.compare.colours import COLOURS, LAYERS, Look
from nnbasic.compare.pooling import Band, Means
from nnbasic.compare.significance import Summary
from nnbasic.compare.standing import Row
from nnbasic.compare.svg import element

BAND = Band(np.array([1, 2, 3.0]), *(np.array([low, 0.7, 0.8]) for low in (0.6, 0.5, 0.65)))
NONE = Means([], [])
COLOURED = ("fill", "stroke")


def curves(*labels: str, title: str = "") -> Figure:
    key = {label: Look(number, number) for number, label in enumerate(labels)}
    lines = [(label, BAND, look) for label, look in key.items()]
    figure = figures._curves(title, lines, key, "epoch", "val_accuracy", (0.4, 0.9))
    assert isinstance(figure, Figure)
    return figure


def parsed(figure: Figure) -> Element:
    return ElementTree.fromstring(element(figure))


def styles(root: Element) -> list[dict[str, str]]:
    """The declarations of each element that has some."""
    return [
        dict(each.split(":", 1) for each in part.attrib["style"].split(";"))
        for part in root.iter()
        if "style" in part.attrib
    ]


def test_it_is_an_image_with_a_description() -> None:
    root = parsed(curves("a & b", title='<i title="x">'))
    assert root.tag == "svg"
    assert root.get("role") == "img"
    description = 'validation accuracy, % by epoch, <i title="x">: a & b'
    assert root.get("aria-label") == description
    assert root.get("viewBox", "").split()[:3] == ["0", "0", "302.4"]  # 4.2 inches
    assert not {"width", "height"} & set(root.keys())  # as wide as the page has room for


def test_it_does_nothing_to_the_rest_of_the_page() -> None:
    tags = {part.tag for part in parsed(curves("relu", "tanh")).iter()}
    assert tags == {"svg", "defs", "g", "path", "text", "use", "clipPath", "rect"}


def test_every_colour_of_the_theme_is_the_pages() -> None:
    count = len(LAYERS)
    every = {f"l{n}": [Means([0, 1], [1, 2]), NONE, NONE] for n in range(count)}
    drawn = [curves(*"abcdef"), layers._course("", every, (0.5, 3))]
    declared = [style for figure in drawn for style in styles(parsed(figure))]
    used = {value for style in declared for key, value in style.items() if key in COLOURED}
    # outside a page a property has no value, and the figure keeps the colour it was drawn in
    assert used == {"none", *(f"var(--{name}, {light})" for name, (light, _) in COLOURS.items())}


def test_other_colours_stay() -> None:
    cells = {
        ("relu", init): Row("", {}, {}, {}, 9, 1, val_accuracy=Summary(1, mean, None, None))
        for init, mean in (("he", 0.1), ("xavier", 0.9))
    }
    figure = figures._heat_map("", ["relu"], ["he", "xavier"], cells, (0.1, 0.9))
    used = {style.get("fill", "") for style in styles(parsed(figure))}
    assert {each for each in used if each.startswith("#")} == {
        "#00224e",  # the ends of cividis
        "#fee838",
        figures.ON_DARK,
        figures.ON_BRIGHT,
    }


def test_no_two_theme_colours_are_alike() -> None:
    lights = [light for light, _ in COLOURS.values()]
    assert len(set(lights)) == len(lights)


def test_series_can_be_told_apart_without_colour() -> None:
    labels = "abcdef"
    dashes = [
        style.get("stroke-dasharray")
        for style in styles(parsed(curves(*labels)))
        if style.get("stroke-width") == "1.6"
    ]
    # each of the curves, and then each in the legend
    assert dashes[:6] == dashes[6:]
    assert len(set(dashes)) == len(labels)


def test_text_is_text_in_the_pages_font() -> None:
    root = parsed(curves("relu", title="sigmoid"))
    texts = [text.text for text in root.iter("text")]
    assert {"relu", "sigmoid", "epoch", "50", "80"} <= set(texts)
    assert not any("font-family" in style for style in styles(root))


@pytest.mark.parametrize(
    "name", [r"$\frac{$", "한국어", "<script>", "]]>", "a\x00b", "a\x1bb", "a\ud800b", "a￾b"]
)
def test_any_name_makes_a_whole_element(name: str) -> None:
    root = parsed(curves(name))
    assert next(text.text for text in root.iter("text") if "%" not in str(text.text))
    assert not list(root.iter("script"))


def test_ids_are_those_of_one_figure_and_all_are_used() -> None:
    ids = []
    for title in ("relu", "tanh"):
        root = parsed(curves("he", title=title))
        found = {part.attrib["id"] for part in root.iter() if "id" in part.attrib}
        values = [value for part in root.iter() for value in part.attrib.values()]
        links = {part.attrib["href"].removeprefix("#") for part in root.iter("use")}
        clips = {value[5:-1] for value in values if value.startswith("url(#")}
        assert found == links | clips
        assert clips
        ids.append(found)
    assert not ids[0] & ids[1]


def test_the_same_figure_is_the_same_text() -> None:
    assert element(curves("relu")) == element(curves("relu"))


def test_lines_run_where_matplotlib_draws_them() -> None:
    figure = curves("relu")
    (axes,) = figure.axes
    pixels = axes.transData.transform(np.column_stack([BAND.x, BAND.mean]))
    x, y = (pixels * 72 / figure.dpi).T
    expected = np.column_stack([x, 72 * figure.get_figheight() - y]).ravel()
    root = parsed(figure)
    path = next(p.attrib["d"] for p in root.iter("path") if "series-1" in p.get("style", ""))
    tokens = path.split()
    assert tokens[::3] == ["M", "L", "L"]
    numbers = [token for token in tokens if not token.isalpha()]
    assert list(map(float, numbers)) == pytest.approx(expected, abs=0.051)
    assert max(map(len, numbers)) <= 5  # as 160.6
