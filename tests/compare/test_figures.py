"""From numbers to a figure: what its lines, areas and texts hold."""

from __future__ import annotations

import io
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle, StepPatch

from nnbasic.compare import figures, layers
from nnbasic.compare.colours import LAYERS, MUTED, SERIES, Look
from nnbasic.compare.pooling import Band, Means, Pooled
from nnbasic.compare.significance import Summary
from nnbasic.compare.standing import LOST, RANKED, Row
from nnbasic.compare.theme import HEADING

NOTHING = Means([], [])


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def ticks(axes: Axes, which: str) -> dict[float, str]:
    """Place → label of the ticks of an axis that lie within it."""
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]
    axis = axes.yaxis if which == "y" else axes.xaxis
    low, high = sorted(axis.get_view_interval())
    return {
        tick.get_loc(): tick.label1.get_text()
        for tick in axis.get_major_ticks()
        if low <= tick.get_loc() <= high
    }


def figure(drawn: object) -> Figure:
    assert isinstance(drawn, Figure)
    return drawn


def drawn_lines(axes: Axes) -> list[tuple[list[Any], list[Any]]]:
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines]


@pytest.fixture(scope="module")
def accuracy() -> Figure:
    """Two curves with bands that reach beyond the limits, and one without."""
    relu = Band(array(1, 2), array(0.9, 0.95), array(0.6, 0.94), array(0.92, 0.999))
    tanh = Band(array(1, 3), array(0.85, 0.7), array(0.82, 0.65), array(0.88, 0.75))
    alone = Band(array(2), array(0.8), None, None)
    looks = {"relu": Look(0, 0), "tanh": Look(3, 3), "elu": Look(1, 1)}
    bands = {"relu": relu, "tanh": tanh, "elu": alone}
    lines = [(name, bands[name], look) for name, look in looks.items()]
    return figure(figures._curves("he", lines, looks, "epoch", "val_accuracy", (0.65, 0.97)))


def test_curves_draw_the_mean(accuracy: Figure) -> None:
    (axes,) = accuracy.axes
    assert drawn_lines(axes) == [([1, 2], [0.9, 0.95]), ([1, 3], [0.85, 0.7]), ([2], [0.8])]
    assert [line.get_color() for line in axes.lines] == [SERIES[0], SERIES[3], SERIES[1]]
    assert [line.is_dashed() for line in axes.lines] == [False, True, True]
    assert [line.get_marker() for line in axes.lines] == ["", "", "o"]  # one epoch is no line


def test_the_band_reaches_from_edge_to_edge(accuracy: Figure) -> None:
    (axes,) = accuracy.axes
    relu, tanh = axes.collections
    for band, colour, edges in (
        (relu, SERIES[0], {1: (0.65, 0.92), 2: (0.94, 0.97)}),  # cut at the limits
        (tanh, SERIES[3], {1: (0.82, 0.88), 3: (0.65, 0.75)}),
    ):
        assert isinstance(band, PolyCollection)
        assert to_hex(band.get_facecolor()[0]) == colour
        (path,) = band.get_paths()
        for x, expected in edges.items():
            points = np.asarray(path.vertices)
            ys = points[points[:, 0] == x, 1]
            assert (ys.min(), ys.max()) == expected


def test_the_legend_names_each_curve(accuracy: Figure) -> None:
    (legend,) = accuracy.legends
    shown = [
        (text.get_text(), line.get_color())
        for text, line in zip(legend.get_texts(), legend.get_lines(), strict=True)
    ]
    assert shown == [("relu", SERIES[0]), ("tanh", SERIES[3]), ("elu", SERIES[1])]


def test_accuracies_stand_on_a_stretched_scale_in_percent(accuracy: Figure) -> None:
    (axes,) = accuracy.axes
    assert axes.get_title("left") == "he"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "validation accuracy, %")
    assert (axes.get_yscale(), axes.get_ylim()) == ("logit", (0.65, 0.97))
    assert ticks(axes, "y") == {0.8: "80", 0.9: "90", 0.95: "95"}
    assert list(ticks(axes, "x")) == [1, 2, 3]


def test_losses_stand_on_a_logarithmic_scale_over_seconds() -> None:
    band = Band(array(0.4, 0.9), array(2, 0.1), array(1.9, 0.08), array(2.1, 0.12))
    look = Look(2, 2)
    lines, key = [("all runs", band, look)], {"all runs": look}
    (axes,) = figures._curves("", lines, key, "seconds", "train_loss", (0.05, 3)).axes
    assert drawn_lines(axes) == [([0.4, 0.9], [2, 0.1])]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("seconds", "training loss")
    assert axes.get_yscale() == "log"
    assert ticks(axes, "y") == {0.05: "0.05", 0.1: "0.1", 0.2: "0.2", 0.5: "0.5", 1: "1", 2: "2"}


def row(mean: float, *, failed: int = 0) -> Row:
    state = LOST if failed else RANKED
    summary = Summary(2, mean, None, None)
    return Row("", {}, {}, {}, 100, 2, failed, state=state, val_accuracy=summary)


def test_a_heat_map_has_each_text_on_its_colour() -> None:
    cells = {
        ("relu", "he"): row(0.9),
        ("relu", "xavier"): row(0.99),
        ("tanh", "he"): row(0.968),
        ("tanh", "xavier"): row(0.1, failed=2),
    }
    names = ["relu", "tanh"], ["he", "xavier"]
    figure = figures._heat_map("lr=1", *names, cells, (0.9, 0.99))
    (axes,) = figure.axes
    assert list(ticks(axes, "y").values()) == ["relu", "tanh"]
    assert list(ticks(axes, "x").values()) == ["he", "xavier"]
    top, bottom = axes.get_ylim()[1], axes.get_ylim()[0]
    assert top < bottom  # the first row is on top
    assert {
        (text.get_position()[1], text.get_position()[0]): text.get_text() for text in axes.texts
    } == {
        (0.5, 0.5): "90.00",
        (0.5, 1.5): "99.00",
        (1.5, 0.5): "96.80",
        (1.5, 1.5): "failed\n2/2",
    }
    colours = {
        (patch.get_y(), patch.get_x()): patch.get_facecolor()
        for patch in axes.patches
        if isinstance(patch, Rectangle)
    }
    scale = matplotlib.colormaps["cividis"]
    assert colours.keys() == {(0, 0), (0, 1), (1, 0)}
    assert colours[0, 0] == scale(0.0)
    assert colours[0, 1] == scale(1.0)
    # odds of 9, 30.25 and 99 to 1: the middle is half-way on the stretched scale
    assert colours[1, 0] == pytest.approx(scale(0.5), abs=0.02)
    on_dark, on_bright = axes.texts[0].get_color(), axes.texts[1].get_color()
    assert (on_dark, on_bright) == (figures.ON_DARK, figures.ON_BRIGHT)


def hills(axes: Axes) -> dict[int, tuple[list[float], list[float]]]:
    """Row → edges of the bins, and heights of the area as shares of the highest."""
    found = {}
    for patch in axes.patches:
        assert isinstance(patch, StepPatch)
        tops, edges, ground = patch.get_data()
        heights = np.asarray(ground) - tops
        found[int(np.ravel(ground)[0])] = list(edges), list(heights / heights.max())
    return found


def test_histograms_stand_before_and_after_in_the_row_of_their_layer() -> None:
    first, second = Pooled(-1, 0.5, array(1, 4, 0)), Pooled(0, 1, array(16, 9))
    third = Pooled(2, 1, array(100, 25))
    pairs = {"layer1": (first, second), "layer2": (None, third)}
    left, right = layers._histograms("relu", pairs, None, Look(0, 0)).axes
    assert left.get_title("left") == "before training"
    assert right.get_title("left") == "after training"
    assert left.get_position().x0 < right.get_position().x0
    # heights go with the square root of the counts
    assert hills(left) == {0: ([-1, -0.5, 0, 0.5], [0.5, 1, 0])}
    assert hills(right) == {0: ([0, 1, 2], [1, 0.75]), 1: ([2, 3, 4], [1, 0.5])}
    assert {to_hex(patch.get_facecolor()) for patch in left.patches} == {MUTED}
    assert {to_hex(patch.get_facecolor()) for patch in right.patches} == {SERIES[0]}
    assert list(ticks(left, "y").values()) == ["layer1", "layer2"]
    assert left.get_ylim() == right.get_ylim() == (2, 0)
    assert left.get_xlim() == right.get_xlim() == (-1, 4)


def test_histograms_of_a_bounded_activation_show_its_whole_range() -> None:
    pairs = {"layer1": (Pooled(0.25, 0.25, array(1)), None)}
    left, _ = layers._histograms("tanh", pairs, (-1, 1), Look(3, 3)).axes
    assert left.get_xlim() == (-1, 1)
    assert list(ticks(left, "x")) == [-1, 0, 1]


def test_the_course_has_gradients_above_and_dead_and_saturated_units_below() -> None:
    first = [Means([0, 1], [1, 0.1]), Means([0, 1], [0, 0.25]), NOTHING]
    second = [Means([0, 1], [2, 0.5]), Means([0], [0.5]), Means([0, 1], [0.75, 1])]
    last = [Means([0, 1], [3, 0.9]), NOTHING, NOTHING]
    every = {"layer1": first, "layer2": second, "layer3": last}
    above, below = layers._course("relu", every, (0.05, 4)).axes
    assert above.get_position().y0 > below.get_position().y0
    assert drawn_lines(above) == [([0, 1], [1, 0.1]), ([0, 1], [2, 0.5]), ([0, 1], [3, 0.9])]
    assert [line.get_label() for line in above.lines] == ["layer1", "layer2", "layer3"]
    assert (above.get_yscale(), above.get_ylim()) == ("log", (0.05, 4))
    ramp = [line.get_color() for line in above.lines]
    assert (ramp[0], ramp[2]) == (LAYERS[0], LAYERS[-1])
    assert below.get_title("left") == "dead (line) and saturated (dots)"
    assert by_style(below, "-", ramp) == [([0, 1], [0, 25]), ([0], [50]), ([], [])]
    assert by_style(below, ":", ramp) == [([], []), ([0, 1], [75, 100]), ([], [])]
    low, high = below.get_ylim()
    assert low < 0 < 100 < high


def by_style(axes: Axes, style: str, ramp: list[Any]) -> list[tuple[list[Any], list[Any]]]:
    """The data of the lines of a style, in the order of the colours of ``ramp``."""
    chosen = [line for line in axes.lines if line.is_dashed() == (style == ":")]
    assert [line.get_color() for line in chosen] == ramp
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in chosen]


def test_a_confusion_matrix_has_true_classes_in_rows() -> None:
    counts = np.array([[950, 16, 0], [0.4, 901.5, 0], [4, 0, 7]])
    (axes,) = layers.confusion("relu", ["0", "1", "2"], counts).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    assert axes.get_ylim() == (3, 0)
    texts = {(t.get_position()[1], t.get_position()[0]): t.get_text() for t in axes.texts}
    assert texts == {
        (0.5, 0.5): "950",
        (0.5, 1.5): "16",
        (1.5, 0.5): ".4",
        (1.5, 1.5): "902",
        (2.5, 0.5): "4",
        (2.5, 2.5): "7",
    }
    look = {
        (patch.get_y(), patch.get_x()): (to_hex(patch.get_facecolor()), patch.get_alpha())
        for patch in axes.patches
        if isinstance(patch, Rectangle)
    }
    assert look[0, 0] == look[1, 1] == look[2, 2]  # right answers do not hide the errors
    assert look[0, 0][0] == SERIES[0]
    assert {colour for place, (colour, _) in look.items() if place[0] != place[1]} == {SERIES[1]}
    assert look[0, 1][1] == pytest.approx(2 * look[2, 0][1])  # √16 and √4


def test_a_figure_looks_the_same_whatever_the_settings_are_when_it_is_saved() -> None:
    def pixels(**settings: Any) -> bytes:
        content = io.BytesIO()
        drawn = figure(layers.confusion(r"$\frac{$", ["0", "1"], np.eye(2)))
        with matplotlib.rc_context(settings):  # type: ignore[arg-type]
            drawn.savefig(content, format="raw")
        return content.getvalue()

    loud = {f"{axis}tick.{key}": "red" for axis in "xy" for key in ("color", "labelcolor")}
    assert pixels() == pixels(**loud, **{"grid.color": "red", "font.size": 20, "text.color": "red"})


@pytest.mark.parametrize("name", ["a" * 200, "한국어", "$\\frac{$", "<b>&amp;", "\x1b[31m\x00"])
def test_any_name_can_be_drawn_and_described(name: str) -> None:
    band = Band(array(1, 2), array(0.5, 0.6), None, None)
    look = Look(0, 0)
    lines, key = [(name, band, look)], {name: look}
    figure = figures._curves(name, lines, key, "epoch", "val_accuracy", (0.4, 0.7))
    title = figure.axes[0].get_title("left")
    assert 0 < len(title) <= HEADING
    assert title.isprintable()
    assert str(figure.get_label()).isprintable()
