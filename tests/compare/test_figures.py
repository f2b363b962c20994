"""The figures of a comparison show what is in the files of its runs."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, geometric_mean
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nnbasic.compare import Comparison, compare_all, figures, fonts, network_figures
from nnbasic.compare.figure_file import KINDS, drawn, encoded
from nnbasic.compare.plotting import draw
from nnbasic.compare.style import ACTIVATIONS, looks
from nnbasic.data import Dataset
from nnbasic.model import ACTIVATIONS as TABLE
from nnbasic.training.collection import collect
from support import edit

SEARCH = {"given": 0.1, "chosen": 0.1, "tried": {"0.1": 0.9, "0.01": 0.7}, "seeds": 2}


def compared(folder: Path) -> Comparison:
    data, problems = collect(folder)
    assert problems == []
    return compare_all(data).first


@pytest.fixture(scope="module")
def comparison(swept: Path) -> Comparison:
    return compared(swept)


@pytest.fixture
def read(swept: Path) -> Callable[[str, str], list[Any]]:
    """Give the lines of a file in the two runs of a row, ``relu/he``."""

    def read(row: str, file: str) -> list[Any]:
        runs = []
        for run in sorted(swept.iterdir()):
            config = json.loads((run / "run.json").read_text())["config"]
            if f"{config['activation']['name']}/{config['init']['name']}" == row:
                runs.append([json.loads(line) for line in (run / file).read_text().splitlines()])
        return runs

    return read


def panels(figure: Figure | None) -> dict[str, Axes]:
    assert figure is not None
    return {axes.get_title(loc="left"): axes for axes in figure.axes}


@pytest.mark.parametrize("y", ["val_accuracy", "train_loss"])
def test_curves_are_means_over_the_seeds(comparison: Comparison, read: Any, y: str) -> None:
    figure = draw(figures.curves, comparison, y)
    assert figure is not None
    assert figure.get_supxlabel() == "epoch · mean of 2 seeds · 784-12-8-10 · digits"
    every = panels(figure)
    assert list(every) == ["he", "xavier"]
    for init, axes in every.items():
        for line, name in zip(axes.lines, ("relu", "tanh"), strict=True):
            seeds = [[row[y] for row in run] for run in read(f"{name}/{init}", "metrics.jsonl")]
            assert line.get_label() == name
            assert line.get_color() == ACTIVATIONS[name].colour
            assert list(line.get_xdata()) == [1, 2]
            assert list(line.get_ydata()) == pytest.approx(list(np.mean(seeds, axis=0)))
        assert len(axes.collections) == 2  # a band for each
    assert len({axes.get_ylim() for axes in every.values()}) == 1


def test_rows_that_are_not_drawn_are_named_below(copied: Path) -> None:
    for run in copied.iterdir():
        if "tanh-he" in run.name:
            (run / "metrics.jsonl").unlink()
    figure = draw(figures.curves, compare_all(collect(copied)[0]).first)
    assert figure is not None
    assert figure.get_supxlabel().endswith("without tanh/he")


def test_the_map_has_means_and_what_failed(copied: Path) -> None:
    for run in copied.iterdir():
        if "tanh-he" in run.name:
            edit(run, status="diverged")
    comparison = compared(copied)
    (axes,) = panels(draw(figures.accuracy_map, comparison)).values()
    cells = {text.get_text() for text in axes.texts}
    assert "failed 2/2" in cells
    for row in comparison.ranked:
        mean, sd = row.val_accuracy.mean or 0, row.val_accuracy.sd or 0
        assert f"{100 * mean:.2f} ± {100 * sd:.2f} {row.letters}" in cells
    assert [label.get_text() for label in axes.get_yticklabels()] == ["relu", "tanh"]


def test_every_run_is_a_dot(comparison: Comparison) -> None:
    (axes,) = panels(draw(figures.seeds, comparison)).values()
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert sorted(names) == sorted(row.name for row in comparison.rows)
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    for name, line in zip(names, dots, strict=True):
        (row,) = (row for row in comparison.rows if row.name == name)
        assert sorted(line.get_xdata()) == sorted(row.scores.values())


@pytest.mark.parametrize("share", [0.97, 1.0])
def test_what_all_runs_have_is_within_the_figure(copied: Path, share: float) -> None:
    for run in copied.iterdir():
        record = json.loads((run / "run.json").read_text())
        edit(run, best=record["best"] | {"val_accuracy": share})
        path = run / "metrics.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text(
            "".join(json.dumps(each | {"val_accuracy": share}) + "\n" for each in lines)
        )
    (seeds,) = panels(draw(figures.seeds, compared(copied))).values()
    low, high = seeds.get_xlim()
    assert all(low < x < high for x in seeds.lines[0].get_xdata())
    for axes in panels(draw(figures.curves, compared(copied))).values():
        low, high = axes.get_ylim()
        assert all(low < y < high for line in axes.lines for y in line.get_ydata())


def test_effects_are_those_of_the_comparison(comparison: Comparison) -> None:
    assert comparison.effects is not None
    every = panels(draw(figures.effects, comparison)).items()
    for factor, (title, axes) in zip(comparison.effects.factors, every, strict=True):
        assert title == f"Effect of {factor.key}: {100 * (factor.share or 0):.0f} % of the variance"
        means = sorted(f"{100 * level.mean:.2f} %" for level in factor.levels)
        assert sorted(text.get_text() for text in axes.texts) == means


def test_effects_say_what_is_left_out(copied: Path) -> None:
    for number, run in enumerate(sorted(copied.iterdir())):
        shutil.copytree(run, new := copied / f"{run.name}-more")
        config = json.loads((run / "run.json").read_text())["config"]
        config["init"] = {"name": "normal", "mean": 0.0, "std": 0.01}
        status = "diverged" if "relu" in run.name else "finished"
        edit(new, config=config, status=status, started=f"2027-01-01T00:00:0{number}+00:00")
        if "xavier" in run.name:
            shutil.rmtree(new)
    figure = draw(figures.effects, compared(copied))
    assert figure is not None
    assert figure.get_supxlabel().endswith("without normal")


def test_gradients_stand_before_and_after_training(comparison: Comparison, read: Any) -> None:
    every = panels(draw(network_figures.gradients, comparison))
    assert [title.partition(": ")[0] for title in every] == ["he", "he", "xavier", "xavier"]
    assert [title.partition(": ")[2] for title in every] == 2 * [
        "before training",
        "after training",
    ]
    for title, axes in every.items():
        line = 0 if "before" in title else -1
        runs = read(f"relu/{title.partition(':')[0]}", "diagnostics.jsonl")
        layers = zip(*(run[line]["layers"] for run in runs), strict=True)
        norms = [geometric_mean(layer["gradient_norm"] for layer in seeds) for seeds in layers]
        assert list(axes.lines[0].get_ydata()) == pytest.approx(norms)
        assert list(axes.lines[0].get_xdata()) == [1, 2, 3]


def test_each_row_has_histograms_of_its_hidden_layers(comparison: Comparison) -> None:
    every = panels(draw(network_figures.histograms, comparison))
    assert set(every) == {row.name for row in comparison.rows}
    for axes in every.values():
        assert [label.get_text() for label in axes.get_yticklabels()] == ["layer1", "layer2"]
        assert len(axes.patches) == 4  # before and after


def test_tried_rates_stand_in_their_order(copied: Path) -> None:
    for run in copied.iterdir():
        edit(run, rate_search=SEARCH)
    figure = draw(figures.rates, compared(copied))
    axes = panels(figure)["he"]
    assert list(axes.lines[0].get_xdata()) == [0.01, 0.1]
    assert list(axes.lines[0].get_ydata()) == [0.7, 0.9]
    assert [ring.get_xydata().tolist() for ring in axes.lines[2:]] == 2 * [[[0.1, 0.9]]]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.01", "0.02", "0.05", "0.1"]


def test_a_confusion_matrix_counts_the_test_images(
    comparison: Comparison, dataset: Dataset
) -> None:
    figure = draw(network_figures.confusion, comparison)
    assert len(panels(figure)) == 3
    texts = panels(figure)[comparison.rows[0].name].texts
    counted = fmean(float(text.get_text()) for text in texts) * len(texts)
    assert counted == pytest.approx(len(dataset.test.labels), abs=len(texts) / 2)


@pytest.mark.parametrize("name", ["한국어🙂", "$\\frac{$", "<b>&amp;" * 30, "\x1b[31m\x00"])
@pytest.mark.filterwarnings("ignore:letters that no installed font has")
def test_any_name_can_be_drawn(copied: Path, name: str) -> None:
    for run in copied.iterdir():
        config = json.loads((run / "run.json").read_text())["config"]
        if config["activation"]["name"] == "tanh":
            config["activation"]["name"] = name
        edit(run, config=config, rate_search=SEARCH)
    comparison = compared(copied)
    for kind in KINDS:
        figure = drawn(comparison, kind)
        assert figure is not None, kind
        assert figure.get_label()
        assert b"<svg" in encoded(figure, "svg")


def with_label(text: str) -> tuple[Figure, float]:
    """A figure with a label beside its panel, and where the panel begins, in inches."""
    figure = Figure((4, 1), layout="constrained")
    figure.subplots().set_yticks([0], [text])
    encoded(figure, "svg")
    return figure, 4 * figure.axes[0].get_position().x0


def test_letters_of_no_font_have_room_and_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_installed", lambda: {"DejaVu Sans": set()})
    fonts.fallback.cache_clear()
    fonts._say_once.cache_clear()
    with pytest.warns(UserWarning, match="install Noto Sans CJK"):
        figure, begins = with_label("학습률" * 5)
    assert begins > 15 * 9 / 72  # a letter is as wide as it is high
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["학습률" * 5]
    with_label("학습률" * 6)  # a second warning would be an error
    fonts.fallback.cache_clear()


def test_another_font_lends_its_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_installed", lambda: {"Some": {0x915}, "Most": {0x915, 0x916}})
    fonts.fallback.cache_clear()
    assert fonts.fallback("aक") == (["DejaVu Sans", "Some"], "")
    assert fonts.fallback("aकखग") == (["DejaVu Sans", "Most"], "ग")
    fonts.fallback.cache_clear()


def test_an_activation_looks_the_same_whatever_it_stands_with() -> None:
    assert ACTIVATIONS.keys() == set(TABLE)
    for others in (["tanh"], ["elu", "sigmoid", "my_own"], ["leaky_relu slope=0.2"]):
        assert looks([*others, "relu"])["relu"] == ACTIVATIONS["relu"]


def test_no_two_look_alike() -> None:
    one, other = looks(["leaky_relu slope=0.01", "leaky_relu slope=0.2"]).values()
    assert one.series == other.series == ACTIVATIONS["leaky_relu"].series
    assert one.dash != other.dash
    assert len(set(ACTIVATIONS.values())) == len(ACTIVATIONS)
    assert len({look.series for look in looks(["mine", "relu", "yours"]).values()}) == 3
    assert len(set(looks(f"lr={n}" for n in range(30)).values())) == 30
