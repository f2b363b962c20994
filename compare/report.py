"""A comparison as one HTML file that needs nothing but a browser.

What a run's files hold is text of others: the template escapes all of it, and the page's own
policy (a Content-Security-Policy) forbids every script and every request.
"""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnbasic.compare import text
from nnbasic.compare.comparison import Comparison
from nnbasic.compare.measures import Group, best_accuracy, number
from nnbasic.configs import printable
from nnbasic.data import Dataset
from nnbasic.runs import environment
from nnbasic.runs.choices import shown, values
from nnbasic.runs.collection import RunData
from nnbasic.runs.storage import RunError, write_text

if TYPE_CHECKING:
    from nnbasic.compare.exhibits import Entry
    from nnbasic.compare.mistakes import Answers

TEMPLATE = "report.html.j2"
MOST_ROWS = 24
"""For how many rows, the first ones, there are figures of their own."""

MOST_CONFUSIONS = 3
MOST_WRONG = 12
DIGITS = 6
"""Significant digits of the metrics in the embedded data."""

METRICS = ("epoch", "elapsed_seconds", "train_loss", "val_loss", "val_accuracy")


def write(comparison: Comparison, file: Path, *, dataset: Dataset | str) -> None:
    """Write the report of ``comparison`` to ``file``, replacing it.

    ``dataset`` is what the runs were trained on, for the pictures of test images, or a sentence
    that says why it is not at hand. RunError if an extra is missing or ``file`` not writable.
    """
    html = render(comparison, dataset=dataset)
    try:
        write_text(file, html)
    except OSError as error:
        raise RunError(f"{file}: the report cannot be written: {error.strerror}") from error


def render(comparison: Comparison, *, dataset: Dataset | str) -> str:
    """The report as text."""
    try:
        import jinja2

        from nnbasic.compare import exhibits
    except ImportError as error:
        raise RunError(
            f"the report needs {error.name}, which is not installed: pip install"
            ' "nnbasic[report]", or in a checkout pip install ".[report]"'
        ) from None
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    templates = jinja2.Environment(
        loader=loader,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    templates.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    entries = exhibits.entries(comparison.groups)
    drawn = [group for group in comparison.groups if group.comparable and group.counted]
    found = [entry for entry in entries if entry.group in drawn[:MOST_ROWS]]
    runs = [run for group in comparison.groups for run in group.runs]
    opening = text.opening(comparison)
    return templates.get_template(TEMPLATE).render(
        comparison=comparison,
        title=": ".join(filter(None, (" × ".join(comparison.columns), opening[0]))),
        opening=opening,
        tables=_tables(comparison),
        warnings=[*comparison.warnings, *_before_the_first_step(comparison.groups)],
        overview=[*exhibits.heat_maps(entries), *exhibits.dots(entries)],
        curves={
            f"{y}_{x}": exhibits.curves(found, x=x, y=y)
            for y in ("val_accuracy", "train_loss")
            for x in ("epoch", "seconds")
        },
        histograms=exhibits.histograms(found),
        courses=exhibits.courses(found),
        drawn=len(drawn),
        most_rows=MOST_ROWS,
        filters=_filters(found),
        mistakes=_mistakes(comparison, found, dataset),
        differences=_differences(comparison),
        same={key: shown(value) for key, value in comparison.same.items()},
        runs=[_run(run) for run in runs],
        environment=_environment(runs),
        commands=[_command(group) for group in comparison.groups],
        data=_data(comparison, runs),
        made=environment.now()[:16].replace("T", " "),
        version=environment.versions()["nnbasic"],
    )


def _tables(comparison: Comparison) -> list[dict[str, Any]]:
    tables = []
    for title, groups in text.parts(comparison):
        columns = text.wide(comparison, groups)
        rows = [[cell(group) for _, cell in columns] for group in groups]
        keys = len({key for group in groups for key in group.key})
        headings = [heading for heading, _ in columns]
        tables.append({"title": title, "headings": headings, "rows": rows, "keys": keys})
    return tables


def _before_the_first_step(groups: Sequence[Group]) -> list[str]:
    """Which rows the trainer warned of at step 0, and the first one's warning in full."""
    warned = [(group, [run for run in group.runs if run.record.warnings]) for group in groups]
    rows = [f"{group.label} ({len(runs)} of {len(group.runs)})" for group, runs in warned if runs]
    if not rows:
        return []
    first = next(runs[0] for _, runs in warned if runs)
    return [
        f"The trainer warned of {', '.join(rows)}. {first.run.id}:"
        f" {printable(' '.join(first.record.warnings))}"
    ]


def _filters(found: Sequence[Entry]) -> list[dict[str, Any]]:
    from nnbasic.compare import pictures

    cards = []
    for entry in found:
        weights = pictures.first_weights(entry.runs[0])
        card: dict[str, Any] = {"title": entry.title, "run": entry.runs[0].run.id}
        if isinstance(weights, str):
            card["problem"] = weights
        else:
            card["before"], card["after"] = map(pictures.filters, weights)
        cards.append(card)
    return cards


def _mistakes(
    comparison: Comparison, found: Sequence[Entry], dataset: Dataset | str
) -> dict[str, Any] | None:
    """Confusions of the drawn groups in the order of the table; the first one's worst images."""
    from nnbasic.compare import figures, mistakes

    order = [group.key for group in comparison.groups]
    ranked = sorted(found, key=lambda entry: order.index(entry.group.key))
    known = [(e, a) for e in ranked if (a := mistakes.answers(e.runs)) is not None]
    if not known:
        return None
    first, best = known[0]
    images, problem = _test_images(first.runs[0], len(best.labels), dataset)
    return {
        "matrices": [
            figures.confusion(entry.title, answers.confusion / answers.runs)
            for entry, answers in known[:MOST_CONFUSIONS]
        ],
        "pairs": [(entry.title, answers.confused(5)) for entry, answers in known],
        "title": first.title,
        "runs": best.runs,
        "wrong": _worst(best, images),
        "problem": problem,
    }


def _test_images(
    run: RunData, count: int, dataset: Dataset | str
) -> tuple[np.ndarray | None, str | None]:
    """The images that ``run`` was scored on, or why they cannot be shown."""
    if isinstance(dataset, str):
        return None, dataset
    if dataset.sha256 != run.record.dataset_sha256 or len(dataset.test.labels) != count:
        return None, f"the {dataset.name} at hand is not the data that the runs were trained on"
    return dataset.test.images, None


def _worst(best: Answers, images: np.ndarray | None) -> list[dict[str, Any]]:
    from nnbasic.compare import pictures

    return [
        wrong._asdict() | {"picture": None if images is None else pictures.digit(images[wrong[0]])}
        for wrong in best.most_wrong(MOST_WRONG)
    ]


def _differences(comparison: Comparison) -> dict[str, Any]:
    """What differs between the rows: a line a row, with the hyperparameters that follow."""
    keys = [*comparison.columns, *comparison.implied]
    rows = []
    for group in comparison.groups:
        of_run = values(group.runs[0])
        rows.append([shown(of_run[key]) if key in of_run else "–" for key in keys])
    return {"keys": keys, "rows": rows}


def _run(run: RunData) -> dict[str, Any]:
    best, test = best_accuracy(run), number(run.record.test_accuracy)
    return {
        "id": run.run.id,
        "name": printable(run.user.name),
        "tags": [printable(tag) for tag in run.user.tags],
        "notes": run.user.notes,
        "seed": run.flat.get("seed"),
        "status": run.status,
        "validation": "–" if best is None else f"{100 * best:.2f}",
        "test": "–" if test is None else f"{100 * test:.2f}",
    }


def _environment(runs: Sequence[RunData]) -> list[tuple[str, str]]:
    """What the runs ran on, with how many runs where it is not one for all."""
    records = [run.record for run in runs]
    aspects: list[tuple[str, Iterable[object]]] = [
        ("Data", (f"{record.dataset} {record.dataset_sha256}" for record in records)),
        ("nnbasic", (record.versions.get("nnbasic") for record in records)),
        ("Code", (record.versions.get("git_commit") for record in records)),
        ("Python", (record.versions.get("python") for record in records)),
        ("NumPy", (record.versions.get("numpy") for record in records)),
        ("BLAS", (record.versions.get("blas") for record in records)),
        ("BLAS threads", (record.threads for record in records)),
        ("System", (record.machine.get("system") for record in records)),
        ("Processor", (record.machine.get("processor") for record in records)),
        ("Cores", (record.machine.get("cores") for record in records)),
    ]
    rows = []
    for name, found in aspects:
        counts = Counter(printable(str(each)) for each in found if each is not None)
        texts = [text if len(counts) == 1 else f"{text} ({n})" for text, n in counts.items()]
        rows.append((name, ", ".join(texts) or "not known"))
    started, ended = (record.started for record in records), (r.ended or "" for r in records)
    rows.append(("From, to (UTC)", f"{min(started)[:16]}, {max(ended)[:16] or 'not ended'}"))
    rows.append(("Training time", f"{sum(record.seconds for record in records):.0f} s in all"))
    return rows


def _command(group: Group) -> str:
    """What repeats the runs of ``group``, bit for bit on the same machine."""
    config = shlex.quote(str(group.runs[0].run.directory / "config.yaml"))
    seeds = list(dict.fromkeys(run.flat.get("seed") for run in group.runs))
    if len(seeds) == 1:
        return f"nnbasic train --config {config}"
    loop = " ".join(shlex.quote(str(seed)) for seed in seeds)
    return f'for seed in {loop}; do nnbasic train --config {config} --seed "$seed"; done'


def _data(comparison: Comparison, runs: Sequence[RunData]) -> dict[str, Any]:
    """The comparison as `nnbasic compare --format json` prints it, and the runs' metrics."""

    def rounded(value: object) -> float | None:
        known = number(value)
        return None if known is None else float(f"{known:.{DIGITS}g}")

    series = {
        run.run.id: {key: [rounded(row.get(key)) for row in run.metrics] for key in METRICS}
        for run in runs
    }
    # what JSON cannot hold, a record that others wrote might
    return json.loads(json.dumps(comparison.to_dict() | {"metrics": series}, default=str))  # type: ignore[no-any-return]
