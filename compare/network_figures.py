"""The figures of what is inside the networks, and of their mistakes."""

import math
from itertools import islice
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nnbasic.compare import plotting
from nnbasic.compare.comparison import Comparison
from nnbasic.compare.measures import layers_of
from nnbasic.compare.plotting import cut, first_rows
from nnbasic.compare.pooling import Answers, activations, answers, gradient_norms
from nnbasic.compare.standing import Row
from nnbasic.compare.style import INK, MUTED, SERIES, TEXT
from nnbasic.model.arrays import Array

MOST_LAYERS = 8

MOST_WRONG = 12


def gradients(comparison: Comparison) -> Figure | None:
    """Gradient norm of each layer's weights, before the first step and after training.

    A line for each value of the first choice, two panels for each of the others.
    """
    lines = []
    for each in first_rows(comparison):
        for when, epoch in (("before training", 0), ("after training", None)):
            norms = gradient_norms(each.row.counted, epoch)
            if norms:
                title = f"{cut(each.panel, 20)}: {when}" if each.panel else when
                lines.append((title, each, list(norms), list(norms.values())))
    if not lines:
        return None
    text = f"layer{plotting.means(comparison)}"
    return plotting.line_figure(comparison, lines, text, "gradient norm", "log", (2, 1.9))[0]


def histograms(comparison: Comparison) -> Figure | None:
    """Histograms of the activations of each hidden layer, before (grey) and after training.

    Those of each row's first run. Heights are square roots of counts, so that a spike at 0 does not
    hide the rest.
    """
    known, few = [], ""
    for each in first_rows(comparison):
        run = each.row.counted[0]
        names = [str(layer.get("layer")) for layer in layers_of(run)][:-1]
        some = min(len(names), MOST_LAYERS)
        layers = np.linspace(0, len(names) - 1, some).round().astype(int)
        if len(names) > some:
            few = f" · {MOST_LAYERS} of {len(names)} layers"
        pairs = [(activations(run, n, 0), activations(run, n)) for n in layers]
        if any(one for pair in pairs for one in pair):
            known.append((each, [names[n] for n in layers], pairs))
    if not known:
        return None
    deepest = max(len(names) for _, names, _ in known)
    figure, panels = plotting.grid(len(known), (2.5, 0.42 * deepest + 0.75), sharey=False)
    for axes, (each, names, pairs) in zip(panels, known, strict=True):
        looks: tuple[Any, ...] = (
            {"color": MUTED, "alpha": 0.4},
            {"color": each.look.colour, "alpha": 0.75},
        )
        for y, pair in enumerate(pairs):
            for found, look in zip(pair, looks, strict=True):
                if found is not None:
                    tops = y - 0.85 * np.sqrt(found.counts / found.counts.max())
                    axes.stairs(tops, found.edges, baseline=y, fill=True, linewidth=0, **look)
        bulks = [one.bulk for pair in pairs for one in pair if one is not None]
        axes.set(title=cut(each.row.name, 28), ylim=(len(names) - 0.9, -1))
        axes.set_xlim(min(low for low, _ in bulks), max(high for _, high in bulks))
        axes.set_yticks(range(len(names)), [cut(name, 10) for name in names])
        axes.xaxis.set_major_locator(MaxNLocator(3))
        plotting.bare(axes)
        axes.grid(visible=True, axis="y")
    text = f"activation: before training in grey, after it in colour · first seed{few}"
    plotting.caption(figure, text, comparison, [each.row for each, *_ in known])
    return figure


def confusion(comparison: Comparison) -> Figure | None:
    """Confusion matrices of the test images a run, of the first rows; a row for each true class."""
    known = _answered(comparison, plotting.ABREAST)
    if not known:
        return None
    figure, panels = plotting.grid(len(known), (3.6, 3.8))
    for axes, (row, found) in zip(panels, known, strict=True):
        counts = found.confusion / found.runs
        errors = counts * (1 - np.eye(len(counts)))
        axes.imshow(np.sqrt(errors), "Oranges", vmax=1.6 * math.sqrt(errors.max() or 1))
        small = TEXT - 1.5 if len(counts) <= 12 else 4
        for y, x in zip(*np.nonzero(counts), strict=True):
            text = f"{counts[y, x]:.0f}" if counts[y, x] >= 0.95 else f"{counts[y, x]:.1f}"[1:]
            colour = SERIES[0] if x == y else INK
            axes.text(x, y, text, ha="center", va="center", fontsize=small, color=colour)
        names = [cut(name, 9) for name in row.runs[0].record.class_names(len(counts))]
        turned = 90 if max(map(len, names)) > 2 else 0
        axes.set_xticks(range(len(names)), names, rotation=turned)
        axes.set_yticks(range(len(names)), names)
        axes.set_title(cut(row.name, 34))
        plotting.bare(axes)
    figure.supylabel("true class", fontsize=TEXT)
    text = "predicted class · test images, mean over the seeds of a row"
    plotting.caption(figure, text, comparison, [row for row, _ in known])
    return figure


def wrong_images(comparison: Comparison, images: Array) -> Figure | None:
    """Most wrong test images of the first row: least probability for the true class.

    ``images`` are those of the test set, (n, 784).
    """
    known = _answered(comparison, 1)
    worst = known[0][1].most_wrong(MOST_WRONG) if known else []
    if not worst or len(known[0][1].labels) != len(images):
        return None
    names = known[0][0].runs[0].record.class_names(len(known[0][1].confusion))
    figure, panels = plotting.grid(len(worst), (1.1, 1.5), 6)
    for axes, (image, true, predicted, probability) in zip(panels, worst, strict=True):
        axes.imshow(images[image].reshape(28, 28), "gray_r")
        axes.set_title(f"{cut(names[true], 9)} → {cut(names[predicted], 9)}")
        axes.set(xticks=[], yticks=[])
        axes.set_xlabel(f"{100 * probability:.1f} %", fontsize=TEXT - 1)
        plotting.bare(axes)
    return figure


def _answered(comparison: Comparison, most: int) -> list[tuple[Row, Answers]]:
    """The first rows of the table whose predictions of the test images are known."""
    every = ((row, answers(row.counted)) for row in comparison.comparable)
    return list(islice(((row, found) for row, found in every if found is not None), most))
