"""What is drawn: numbers worked out from the files that real runs have left."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, geometric_mean
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import stats

from nnbasic.compare import figures, layers
from nnbasic.compare.colours import ACTIVATIONS, Look
from nnbasic.compare.comparison import compare
from nnbasic.compare.entries import Entry, entries
from nnbasic.compare.scales import WITHIN, Limits
from nnbasic.training.collection import collect

Rows = list[dict[str, Any]]


class Line(NamedTuple):
    label: str
    band: Any
    look: Look


class Curves(NamedTuple):
    """What the panels of `figures.curves` draw."""

    title: str
    lines: list[Line]
    key: dict[str, Look]
    x: str
    y: str
    limits: Limits


def curves(every: list[Entry], **options: Any) -> list[Curves]:
    drawn = [Curves(*panel.args) for panel in figures.curves(every, **options)]  # type: ignore[attr-defined]
    return [each._replace(lines=[Line(*line) for line in each.lines]) for each in drawn]


def drawn_by(panels: list[Any]) -> list[tuple[Any, ...]]:
    """What panels draw, as they are given it."""
    return [panel.args for panel in panels]


LAYERS = ["layer1", "layer2", "layer3"]
METRICS, DIAGNOSTICS = "metrics.jsonl", "diagnostics.jsonl"


def entries_of(folder: Path) -> list[Entry]:
    data, problems = collect(folder)
    assert problems == []
    return entries(compare(data).rows)


def lines(file: Path) -> Rows:
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture(scope="module")
def found(swept: Path) -> list[Entry]:
    return entries_of(swept)


@pytest.fixture(scope="module")
def files(swept: Path) -> Callable[[str, str], list[Rows]]:
    """Give the lines of a file of the runs of a row, ``relu/he``, by seed."""

    def files(title: str, name: str) -> list[Rows]:
        return [lines(run / name) for run in directories(swept, title)]

    return files


def directories(swept: Path, title: str) -> list[Path]:
    """The two runs of a row."""
    by_seed = {}
    for run in swept.iterdir():
        config = json.loads((run / "run.json").read_text())["config"]
        if f"{config['activation']['name']}/{config['init']['name']}" == title:
            by_seed[config["seed"]] = run
    return [by_seed[0], by_seed[1]]


@pytest.mark.parametrize("y", ["val_accuracy", "train_loss"])
def test_curves_are_means_with_students_interval(
    found: list[Entry], files: Callable[[str, str], list[Rows]], y: str
) -> None:
    panels = curves(found, x="epoch", y=y)
    assert [panel.title for panel in panels] == ["he", "xavier"]
    for panel in panels:
        assert [line.label for line in panel.lines] == ["relu", "tanh"]
        assert panel.key == {name: ACTIVATIONS[name] for name in ("relu", "tanh")}
        for label, band, _ in panel.lines:
            seeds = [[row[y] for row in run] for run in files(f"{label}/{panel.title}", METRICS)]
            assert band.x.tolist() == [1, 2]
            assert band.mean.tolist() == pytest.approx(np.mean(seeds, axis=0))
            low, high = stats.t.interval(0.95, 1, band.mean, stats.sem(seeds))
            assert band.low == pytest.approx(low)
            assert band.high == pytest.approx(high)


@pytest.mark.parametrize("y", ["val_accuracy", "train_loss"])
def test_curves_of_one_metric_have_one_scale(found: list[Entry], y: str) -> None:
    panels = curves(found, x="epoch", y=y)
    means = [mean for panel in panels for line in panel.lines for mean in line.band.mean]
    ((low, high),) = {panel.limits for panel in panels}
    assert low < min(means) < max(means) < high


def test_curves_by_seconds_stand_at_the_mean_time(
    found: list[Entry], files: Callable[[str, str], list[Rows]]
) -> None:
    by_seconds = curves(found, x="seconds", y="val_accuracy")
    by_epoch = curves(found, x="epoch", y="val_accuracy")
    for panel, other in zip(by_seconds, by_epoch, strict=True):
        assert (panel.x, other.x) == ("seconds", "epoch")
        for line, same in zip(panel.lines, other.lines, strict=True):
            runs = files(f"{line.label}/{panel.title}", METRICS)
            times = [[row["elapsed_seconds"] for row in run] for run in runs]
            assert line.band.x == pytest.approx(np.mean(times, axis=0))
            assert line.band.mean.tolist() == same.band.mean.tolist()


def test_the_map_has_means_and_deviations(swept: Path, found: list[Entry]) -> None:
    ((title, rows, columns, cells, limits),) = drawn_by(figures.heat_maps(found))
    assert (title, rows, columns) == ("", ["relu", "tanh"], ["he", "xavier"])
    best = {place: accuracies(swept, "/".join(place)) for place in cells}
    for place, row in cells.items():
        mean, sd = fmean(best[place]), np.std(best[place], ddof=1)
        assert figures._text(row) == f"{100 * mean:.2f}\n± {100 * sd:.2f}"
    means = list(map(fmean, best.values()))
    assert limits == pytest.approx((min(means), max(means)))


def accuracies(swept: Path, title: str) -> list[float]:
    """The best accuracy of the validation curve of each run of a row."""
    runs = directories(swept, title)
    return [max(row["val_accuracy"] for row in lines(run / METRICS)) for run in runs]


def test_every_run_is_a_dot_and_every_mean_a_bar(swept: Path, found: list[Entry]) -> None:
    (draw,) = figures.seeds(found)
    (axes,) = draw().axes
    dots, intervals, means = (axes.lines[kind::3] for kind in range(3))
    for entry, dot, interval, mean in zip(found, dots, intervals, means, strict=True):
        values = accuracies(swept, entry.title)
        assert sorted(dot.get_xdata()) == sorted(values)
        assert list(mean.get_xdata()) == [pytest.approx(fmean(values))]
        ends = stats.t.interval(0.95, 1, fmean(values), stats.sem(values))
        clipped = np.clip(np.clip(ends, 0, 1), *WITHIN)
        assert list(interval.get_xdata()) == pytest.approx(list(clipped))
    assert [label.get_text() for label in axes.get_yticklabels()] == [e.title for e in found]


def test_effects_are_those_of_the_comparison(swept: Path, found: list[Entry]) -> None:
    findings = compare(collect(swept)[0]).found
    ((choices,),) = drawn_by(figures.effects(findings, found))
    assert findings.effects is not None
    for factor, levels in zip(findings.effects.factors, choices.values(), strict=True):
        known = {level.value: (level.mean, level.difference) for level in factor.levels}
        assert {name: (mean, difference) for name, mean, difference, _ in levels} == known
    assert [look for *_, look in next(iter(choices.values()))] == [
        ACTIVATIONS["relu"],
        ACTIVATIONS["tanh"],
    ]
    assert figures.effects(findings, found[:1]) == []


@pytest.mark.parametrize(
    ("title", "bounds"), [("relu/he", None), ("tanh/xavier", (-1, 1))], ids=str
)
def test_histograms_are_those_of_the_first_and_of_the_last_line(
    swept: Path, tmp_path: Path, title: str, bounds: Limits | None
) -> None:
    run = directories(swept, title)[0]
    shutil.copytree(run, tmp_path / run.name)
    first, _, last = lines(run / DIAGNOSTICS)
    ((_, pairs, own_bounds, _),) = drawn_by(layers.histograms(entries_of(tmp_path)))
    assert own_bounds == bounds
    assert list(pairs) == LAYERS[:-1]
    for pair, before, after in zip(pairs.values(), first["layers"], last["layers"], strict=False):
        for shown, written in zip(pair, (before, after), strict=True):
            assert shown is not None
            assert shown.counts.tolist() == written["histogram"]["counts"]
            low, high = written["histogram"]["low"], written["histogram"]["high"]
            assert (shown.edges[0], shown.edges[-1]) == pytest.approx((low, high))
        assert before["histogram"] != after["histogram"]


def test_histograms_are_pooled_over_the_runs(
    found: list[Entry], files: Callable[[str, str], list[Rows]]
) -> None:
    drawn = drawn_by(layers.histograms(found))
    assert {each[0] for each in drawn} == {entry.title for entry in found}
    for title, pairs, _, _ in drawn:
        for units, (name, pair) in zip((12, 8), pairs.items(), strict=True):
            for shown, epoch in zip(pair, (0, 2), strict=True):
                assert shown is not None
                assert shown.counts.sum() == 2 * 100 * units
                middles = (shown.edges[:-1] + shown.edges[1:]) / 2
                means = [of_layer(run[epoch], name)["mean"] for run in files(title, DIAGNOSTICS)]
                mean = shown.counts @ middles / shown.counts.sum()
                assert mean == pytest.approx(fmean(means), abs=shown.width)


def of_layer(line: dict[str, Any], name: str) -> dict[str, Any]:
    """The figures of a layer in a line of `diagnostics.jsonl`."""
    return next(layer for layer in line["layers"] if layer["layer"] == name)


def test_courses_are_means_over_the_runs_after_each_epoch(
    found: list[Entry], files: Callable[[str, str], list[Rows]]
) -> None:
    drawn = drawn_by(layers.courses(found))
    assert {each[0] for each in drawn} == {entry.title for entry in found}
    for title, course, _ in drawn:
        runs = files(title, DIAGNOSTICS)
        assert list(course) == LAYERS
        for name, (gradient, dead, saturated) in course.items():
            norms = by_epoch(runs, name, "gradient_norm")
            positive = [[norm for norm in of_runs if norm] for of_runs in norms]
            assert gradient.epochs == [0, 1, 2]
            assert gradient.means == pytest.approx(list(map(geometric_mean, positive)))
            for shown, key in ((dead, "dead"), (saturated, "saturated")):
                known = [of_runs for of_runs in by_epoch(runs, name, key) if None not in of_runs]
                assert shown.epochs == list(range(len(known)))  # none or all
                assert shown.means == pytest.approx(list(map(fmean, known)))


def by_epoch(runs: list[Rows], layer: str, key: str) -> list[list[float]]:
    """A figure of a layer of each run, after each epoch."""
    epochs = zip(*runs, strict=True)
    return [[of_layer(line, layer)[key] for line in lines] for lines in epochs]


def test_dead_units_are_not_saturated_ones(found: list[Entry]) -> None:
    """The figures above differ in these runs, so that none can stand for another."""
    drawn = {title: list(course.values()) for title, course, _ in drawn_by(layers.courses(found))}
    relu, tanh = drawn["relu/he"], drawn["tanh/he"]
    assert min(relu[0][1].means) > 0
    assert relu[0][2].epochs == []
    assert max(tanh[0][1].means) == 0
    assert min(tanh[0][2].means) > 0
    assert relu[-1][1].epochs == tanh[-1][2].epochs == []


def test_gradients_of_all_rows_have_one_scale(found: list[Entry]) -> None:
    drawn = drawn_by(layers.courses(found))
    norms = [n for _, course, _ in drawn for own in course.values() for n in own[0].means]
    (limits,) = {limits for _, _, limits in drawn}
    assert limits is not None
    assert limits[0] < min(norms) < max(norms) < limits[1]


def test_more_lines_than_a_panel_holds_make_more_panels(
    make: Callable[..., Path], runs: Path
) -> None:
    for number in range(10):
        make({"config": {"optimizer": {"lr": 0.1 + number}}, "identity": f"{number:064}"})
    one, other = curves(entries_of(runs), x="epoch", y="val_accuracy")
    assert [line.label for line in one.lines] == [f"lr={n}.1" for n in range(8)]
    assert [line.label for line in other.lines] == ["lr=8.1", "lr=9.1"]
    assert len({line.look for line in (*one.lines, *other.lines)}) == 10


def test_curves_together_have_a_colour_for_one_choice_and_a_dash_for_the_other(
    found: list[Entry],
) -> None:
    (panel,) = curves(found, x="epoch", y="val_accuracy", together=True)
    assert panel.title == ""
    relu, tanh = (ACTIVATIONS[name].series for name in ("relu", "tanh"))
    assert [(line.label, line.look) for line in panel.lines] == [
        ("relu/he", Look(relu, 0)),
        ("relu/xavier", Look(relu, 1)),
        ("tanh/he", Look(tanh, 0)),
        ("tanh/xavier", Look(tanh, 1)),
    ]
    assert panel.key == {
        "relu": Look(relu, 0),
        "tanh": Look(tanh, 0),
        "he": Look(None, 0),
        "xavier": Look(None, 1),
    }


def test_relatives_of_one_colour_do_not_stand_together(
    make: Callable[..., Path], runs: Path
) -> None:
    for activation in ("relu", "prelu"):  # their dashes differ, and are needed for that
        for init in ("he", "xavier"):
            make(activation=activation, init=init)
    panels = curves(entries_of(runs), x="epoch", y="val_accuracy", together=True)
    assert [panel.title for panel in panels] == ["he", "xavier"]
    (relu, prelu) = panels[0].lines
    assert relu.look.series == prelu.look.series
    assert relu.look.dash != prelu.look.dash


def test_a_wide_map_is_turned_and_a_wider_one_cut(make: Callable[..., Path], runs: Path) -> None:
    for number in range(7):
        for activation in ("relu", "tanh"):
            config = {"optimizer": {"lr": 0.1 + number}, "activation": {"name": activation}}
            make({"config": config, "identity": f"{number}{activation:0>63}"})
    ((_, rows, columns, cells, _),) = drawn_by(figures.heat_maps(entries_of(runs)))
    assert columns == ["relu", "tanh"]
    assert rows == [f"lr={n}.1" for n in range(7)]
    assert cells.keys() == {(row, column) for row in rows for column in columns}
    for number, name in enumerate(("elu", "gelu", "selu", "silu", "mish", "sigmoid")):
        config = {"optimizer": {"lr": 0.1}, "activation": {"name": name}}
        make({"config": config, "identity": f"{number:064}"})
    first, second = drawn_by(figures.heat_maps(entries_of(runs)))
    assert [*first[2], *second[2]] == rows
    assert (len(first[1]), len(first[2])) == (8, 6)


def test_what_else_varies_makes_maps_of_its_own(make: Callable[..., Path], runs: Path) -> None:
    for rate in (0.1, 0.5):
        for activation, init in (("relu", "he"), ("relu", "xavier"), ("tanh", "he")):
            config = {
                "optimizer": {"lr": rate},
                "activation": {"name": activation},
                "init": {"name": init},
            }
            make({"config": config, "identity": f"{rate}{activation}{init:0>56}"})
    drawn = drawn_by(figures.heat_maps(entries_of(runs)))
    assert [title for title, *_ in drawn] == ["lr=0.1", "lr=0.5"]
    assert len({limits for *_, limits in drawn}) == 1


def test_of_many_layers_some_are_shown(make: Callable[..., Path], runs: Path) -> None:
    make(layers=[784, *[4] * 14, 10], epochs=1, optimizer={"name": "sgd", "lr": 1e-3})
    ((_, course, _),) = drawn_by(layers.courses(entries_of(runs)))
    assert list(course) == [f"layer{n}" for n in (1, 3, 5, 7, 9, 11, 13, 15)]
    ((_, pairs, _, _),) = drawn_by(layers.histograms(entries_of(runs)))
    assert (len(pairs), next(iter(pairs)), list(pairs)[-1]) == (8, "layer1", "layer14")


def test_a_missing_line_is_not_replaced_by_another(make: Callable[..., Path], runs: Path) -> None:
    file = make() / DIAGNOSTICS
    first, *others, last = file.read_text().splitlines(keepends=True)
    for kept, missing in (([*others, last], 0), ([first, *others], 1)):
        file.write_text("".join(kept))
        ((_, pairs, _, _),) = drawn_by(layers.histograms(entries_of(runs)))
        assert all(pair[missing] is None and pair[1 - missing] for pair in pairs.values())
