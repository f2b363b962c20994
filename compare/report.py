"""A comparison as one HTML file that needs nothing but a browser.

The files of a run are not trusted: the template escapes all that comes from them, and the page's
Content-Security-Policy forbids every script and every request.
"""

from __future__ import annotations

import base64
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nnbasic.compare import tables
from nnbasic.compare.comparison import Comparison, Comparisons
from nnbasic.compare.figure_file import encoded, missing
from nnbasic.compare.formats import told
from nnbasic.compare.grouping import config
from nnbasic.compare.runs import RunData, RunError, shown, write_text
from nnbasic.compare.standing import Row
from nnbasic.compare.tables import Sentences, Wanted
from nnbasic.configs import printable
from nnbasic.data import Dataset
from nnbasic.training import environment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TEMPLATE = "report.html.j2"


def write(comparisons: Comparisons, file: Path, *, dataset: Dataset | str) -> None:
    """Write the report of ``comparisons`` to ``file``, replacing it.

    ``dataset`` is what the runs were trained on, for the pictures of test images, or a sentence
    that says why it is not at hand. RunError if an extra is missing or ``file`` not writable.
    """
    html = render(comparisons, dataset=dataset)
    try:
        write_text(file, html)
    except OSError as error:
        raise RunError(f"{file}: the report cannot be written: {error.strerror}") from error


def render(comparisons: Comparisons, *, dataset: Dataset | str) -> str:
    """The report as HTML; its figures show the first of ``comparisons``."""
    try:
        import jinja2

        from nnbasic.compare import figures
    except ImportError as error:
        raise missing("the report", error) from None
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
    )
    templates.filters["told"] = told
    return templates.get_template(TEMPLATE).render(
        _texts(comparisons),
        style=Path(__file__).with_name("report.css").read_text("utf-8"),
        glance=[_picture(draw(comparisons.first)) for draw in (figures.effects, figures.curves)],
        parts=[part for part in _parts(comparisons.first, dataset) if any(part.figures)],
    )


class Part(NamedTuple):
    """Figures under a heading, with what they show; ``open`` if they are not folded."""

    id: str
    heading: str
    text: str
    figures: list[dict[str, Any] | None]
    open: bool = False


def _parts(comparison: Comparison, dataset: Dataset | str) -> Iterator[Part]:
    """The figures below the table."""
    from nnbasic.compare import figures

    def part(id: str, heading: str, text: str, *drawn: Figure | None, open: bool = False) -> Part:
        return Part(id, heading, text, [_picture(figure) for figure in drawn], open)

    yield part(
        "accuracy",
        "Accuracy at a glance",
        "Best validation accuracy. Each dot is one seed; the bar is the mean of a row, the line"
        " the 95 % interval of that mean. Scales are stretched towards 100 %.",
        figures.accuracy_map(comparison),
        figures.seeds(comparison),
        open=True,
    )
    yield part(
        "time",
        "Accuracy by seconds, loss by epoch",
        "Each epoch stands at the seconds of training and validation until its end, averaged over"
        " the seeds.",
        figures.curves(comparison, x="seconds"),
        figures.curves(comparison, y="train_loss"),
    )
    yield part(
        "rates",
        "Learning rates that were tried",
        "Accuracy of the short runs from which the learning rate was chosen.",
        figures.rates(comparison),
    )
    yield part(
        "gradients",
        "Gradients by layer",
        "Norm of the gradient of the loss with respect to the weights of each layer, geometric mean"
        " over the seeds.",
        figures.gradients(comparison),
    )
    yield part(
        "activations",
        "Activations of each hidden layer",
        "Histograms over 512 validation images and all units, pooled over the seeds. Heights are"
        " square roots of the counts, so that a spike at 0 does not hide the rest.",
        figures.histograms(comparison),
    )
    wrong, problem = None, dataset if isinstance(dataset, str) else ""
    if not isinstance(dataset, str):
        record = comparison.rows[0].runs[0].record
        if dataset.sha256 == record.dataset_sha256:
            wrong = figures.wrong_images(comparison, dataset.test.images)
        else:
            problem = f"the {dataset.name} at hand is not the data that the runs were trained on"
    yield part(
        "mistakes",
        "Mistakes on the test images",
        "Confusion matrices of the first rows: test images a run, at the best epoch. Below, the"
        " images to whose true class the first row gives the lowest probability: true → predicted,"
        f" and that probability.{f' They are not shown: {problem}.' if problem else ''}",
        figures.confusion(comparison),
        wrong,
    )


def _picture(figure: Figure | None) -> dict[str, Any] | None:
    """``figure`` as an image in the page: its address, what it shows in words, and its width."""
    if figure is None:
        return None
    content = base64.b64encode(encoded(figure, "svg")).decode()
    return {
        "url": f"data:image/svg+xml;base64,{content}",
        "label": str(figure.get_label()),
        "inches": figure.get_figwidth(),
    }


def _texts(comparisons: Comparisons) -> dict[str, Any]:
    """All but the figures, under the names that the template uses."""
    comparison = comparisons.first
    rows = [row for each in comparisons.parts for row in each.rows]
    runs = [run for row in rows for run in row.runs]
    title = ": ".join(filter(None, (" × ".join(comparison.differs), tables.opening(comparison)[0])))
    courses = [tables.course(each, test=True) for each in comparisons.parts]
    return {
        "comparison": comparison,
        "title": title,
        "blocks": list(_below(comparisons)),
        "reading": tables.reading(comparisons),
        "speed": [course for course in courses if course.figures],
        "warnings": [*comparison.warnings, *_before_the_first_step(rows)],
        "differences": _differences(comparison),
        "same": {key: shown(value) for key, value in comparison.same.items()},
        "runs": _runs(runs),
        "environment": _environment(runs),
        "commands": [command for row in rows for command in _commands(row)],
        "made": environment.now()[:16].replace("T", " "),
        "version": environment.versions()["nnbasic"],
    }


def _below(comparisons: Comparisons) -> Iterator[tables.Block]:
    """The sentences and tables below the verdict, which is at the top of the page."""
    first, second = comparisons.first, comparisons.second
    same = tuple(f"{line}." for line in tables.opening(first)[1:])
    yield Sentences("" if second is None else tables.SEARCHED, same)
    yield from (*tables.rows(first, Wanted()), *tables.choices(first, Wanted()))
    yield Sentences("Next steps:", first.next_steps)
    if second is not None:
        yield Sentences(tables.GIVEN, second.verdict)
        yield from (*tables.rows(second, Wanted()), *tables.choices(second, Wanted()))
        if comparisons.gains:
            yield tables.gains(comparisons)


def _shown(value: object) -> object:
    """A text of the page escaped, its line breaks kept; figures and JSON are Markup, and safe."""
    return "\n".join(map(printable, value.split("\n"))) if type(value) is str else value


def _before_the_first_step(rows: Sequence[Row]) -> list[str]:
    """The rows that were warned of before their first step, and the first warning in full."""
    warned = [(row, [run for run in row.runs if run.record.warnings]) for row in rows]
    names = [f"{row.name} ({len(runs)} of {len(row.runs)})" for row, runs in warned if runs]
    if not names:
        return []
    first = next(runs[0] for _, runs in warned if runs)
    return [
        f"The trainer warned of {', '.join(names)}. {first.run.id}:"
        f" {' '.join(first.record.warnings)}"
    ]


def _differences(comparison: Comparison) -> dict[str, Any]:
    """The values of each row for all keys in which the rows differ."""
    keys = [*comparison.differs, *comparison.implied]
    rows = []
    for row in comparison.rows:
        of_run = row.runs[0].values
        rows.append([shown(of_run[key]) if key in of_run else "–" for key in keys])
    return {"keys": keys, "rows": rows}


def _runs(runs: Sequence[RunData]) -> dict[str, Any]:
    """What the table of all runs holds."""

    def percent(share: float | None) -> str:
        return "–" if share is None else f"{100 * share:.2f}"

    headings = ["run", "name", "seed", "status", "val. acc. %", "test acc. %", "tags and notes"]
    rows = []
    for run in runs:
        user, accuracies = run.user, (run.record.val_accuracy, run.record.test_accuracy)
        remarks = ": ".join(filter(None, [", ".join(user.tags), user.notes]))
        seed = shown(run.flat.get("seed"))
        cells = [run.run.id, user.name, seed, run.status, *map(percent, accuracies), remarks]
        rows.append(cells)
    return {"headings": headings, "rows": rows}


def _environment(runs: Sequence[RunData]) -> list[tuple[str, str]]:
    """Data, versions and machines of the runs, with the number of runs where there are several."""
    records = [run.record for run in runs]
    aspects: list[tuple[str, Iterable[object]]] = [
        ("Data", (f"{record.dataset} {record.dataset_sha256}" for record in records)),
        ("nnbasic", (record.versions.get("nnbasic") for record in records)),
        ("Code", (shown(record.code_sha256) for record in records)),
        ("Commit", (record.versions.get("git_commit") for record in records)),
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
        counts = Counter(str(each) for each in found if each is not None)
        texts = [text if len(counts) == 1 else f"{text} ({n})" for text, n in counts.items()]
        rows.append((name, ", ".join(texts) or "not known"))
    started, ended = (record.started for record in records), (r.ended or "" for r in records)
    rows.append(("From, to (UTC)", f"{min(started)[:16]}, {max(ended)[:16] or 'not ended'}"))
    rows.append(("Training time", f"{sum(record.seconds for record in records):.0f} s in all"))
    return rows


def _commands(row: Row) -> Iterator[str]:
    """The commands that repeat the runs of ``row`` to the same bits.

    How many threads the runs had decides the order of their sums: a run of a sweep has one, and
    one of `train` several.
    """
    alike: dict[tuple[object, ...], list[RunData]] = {}
    for run in row.runs:
        alike.setdefault((config(run), run.record.threads, run.record.dataset), []).append(run)
    for (_, threads, dataset), runs in alike.items():
        source = shlex.quote(str(runs[0].run.directory / "config.yaml"))
        train = f"OPENBLAS_NUM_THREADS={threads} nnbasic train --config {source}"
        if dataset == "digits":  # by now MNIST may be at hand, which `auto` would take
            train += " --set data.dataset=digits"
        seeds = list(dict.fromkeys(shown(run.flat.get("seed")) for run in runs))
        if len(seeds) == 1:
            yield train
        else:
            yield f'for seed in {shlex.join(seeds)}; do {train} --seed "$seed"; done'
