"""The figures and pictures of the report, as the parts of an HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from nnbasic.compare import figures, layers, pictures
from nnbasic.compare.colours import COLOURS
from nnbasic.compare.comparison import Comparison
from nnbasic.compare.entries import Entry, entries
from nnbasic.compare.mistakes import Answers, answers
from nnbasic.compare.runs import RunData
from nnbasic.compare.svg import element
from nnbasic.data import Dataset
from nnbasic.model.arrays import Array

MOST_ROWS = 24
"""How many rows, the first ones of the table, have figures of their own."""

MOST_CONFUSIONS = 3
MOST_PAIRS = 5
MOST_WRONG = 12


def illustrations(comparison: Comparison, dataset: Dataset | str) -> dict[str, Any]:
    """The figures and pictures of ``comparison`` under the names that the template uses.

    ``dataset`` is what the runs were trained on, or why it is not at hand.
    """
    every = entries(comparison.rows)
    drawn = [row for row in comparison.rows if row.comparable and row.counted]
    found = [entry for entry in every if entry.row in drawn[:MOST_ROWS]]
    effects = figures.effects(comparison.found, every)
    glance = figures.curves(found, x="epoch", y="val_accuracy", together=True)
    panels = {
        f"{y}_{x}": figures.curves(found, x=x, y=y)
        for y in ("val_accuracy", "train_loss")
        for x in ("epoch", "seconds")
    }
    if len(panels["val_accuracy_epoch"]) == len(glance):
        del panels["val_accuracy_epoch"]  # they are the same
    return {
        "colours": COLOURS,
        "effects": _elements(effects),
        "glance": _elements(glance),
        "overview": _elements([*figures.heat_maps(every), *figures.seeds(every)]),
        "curves": {name: _elements(each) for name, each in panels.items()},
        "histograms": _elements(layers.histograms(found)),
        "courses": _elements(layers.courses(found)),
        "filters": list(map(_filters, found)),
        "mistakes": _mistakes(comparison, found, dataset),
        "drawn": len(drawn),
        "most_rows": MOST_ROWS,
    }


def _elements(panels: Sequence[figures.Panel]) -> list[Markup]:
    return [element(draw()) for draw in panels]


def _filters(entry: Entry) -> dict[str, Any]:
    """The first layer of one of the row's runs before and after training."""
    run = entry.runs[0]
    card: dict[str, Any] = {"title": entry.title, "run": run.run.id}
    weights = pictures.first_weights(run)
    if isinstance(weights, str):
        return card | {"problem": weights}
    before, after = map(pictures.filters, weights)
    return card | {"before": before, "after": after}


def _mistakes(
    comparison: Comparison, found: Sequence[Entry], dataset: Dataset | str
) -> dict[str, Any] | None:
    """What each row gets wrong on the test images, in the order of the table.

    None if no run has predictions.
    """
    ranked = sorted(found, key=lambda entry: comparison.rows.index(entry.row))
    known = [(e, a) for e in ranked if (a := answers(e.runs)) is not None]
    if not known:
        return None
    first, best = known[0]
    images, problem = _test_images(first.runs[0], len(best.labels), dataset)
    return {
        "matrices": [
            element(
                layers.confusion(
                    entry.title, _classes(entry, of_runs), of_runs.confusion / of_runs.runs
                )
            )
            for entry, of_runs in known[:MOST_CONFUSIONS]
        ],
        "pairs": [
            (entry.title, _classes(entry, of_runs), of_runs.confused(MOST_PAIRS))
            for entry, of_runs in known
        ],
        "classes": _classes(first, best),
        "title": first.title,
        "runs": best.runs,
        "wrong": _worst(best, images),
        "problem": problem,
    }


def _classes(entry: Entry, of_runs: Answers) -> list[str]:
    """What the classes are called that the runs of ``entry`` tell apart."""
    return entry.runs[0].record.class_names(len(of_runs.confusion))


def _test_images(
    run: RunData, count: int, dataset: Dataset | str
) -> tuple[Array | None, str | None]:
    """The images that ``run`` was scored on, or why they cannot be shown."""
    if isinstance(dataset, str):
        return None, dataset
    if dataset.sha256 != run.record.dataset_sha256 or len(dataset.test.labels) != count:
        return None, f"the {dataset.name} at hand is not the data that the runs were trained on"
    return dataset.test.images, None


def _worst(best: Answers, images: Array | None) -> list[dict[str, Any]]:
    """The images that are most wrong, with their pictures if there are ``images``."""
    return [
        wrong._asdict()
        | {"picture": None if images is None else pictures.digit(images[wrong.image])}
        for wrong in best.most_wrong(MOST_WRONG)
    ]
