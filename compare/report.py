"""A comparison as one HTML file that needs nothing but a browser.

The files of a run are not trusted: the template escapes all that comes from them, and the page's
Content-Security-Policy forbids every script and every request.
"""

from __future__ import annotations

import base64
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnbasic.compare import cells, figure_file, tables
from nnbasic.compare.comparison import Comparison, Comparisons
from nnbasic.compare.formats import told
from nnbasic.compare.grouping import config, sorted_by
from nnbasic.compare.standing import Row
from nnbasic.compare.tables import Block, Wanted
from nnbasic.configs import printable
from nnbasic.data import Dataset
from nnbasic.training import environment
from nnbasic.training.choices import shown
from nnbasic.training.collection import RunData
from nnbasic.training.storage import run_error, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TEMPLATE = Path(__file__).with_name("report.html.j2")


def write(comparisons: Comparisons, file: Path, *, dataset: Dataset | str, title: str = "") -> None:
    """Write the report of ``comparisons`` to ``file``, replacing it.

    ``dataset`` is what the runs were trained on, for the pictures of test images, or a sentence
    that says why it is not at hand. ``title`` is the page's heading, if not what the runs differ
    in. RunError if an extra is missing or ``file`` not writable.
    """
    html = render(comparisons, dataset=dataset, title=title)
    with run_error(file, "the report cannot be written"):
        write_text(file, html)


def check() -> None:
    """RunError if the extra that the report needs is missing."""
    figure_file.check("reports", ("matplotlib", "jinja2"))


def render(comparisons: Comparisons, *, dataset: Dataset | str, title: str = "") -> str:
    """The report as HTML; its figures show the first of ``comparisons``."""
    check()
    from nnbasic.compare import figures, network_figures, plotting

    comparison = comparisons.first
    runs = [run for each in comparisons.parts for row in each.rows for run in row.runs]
    images, problem = _test_images(comparison, dataset)

    def draw(figure_of: Callable[..., Figure | None], *args: Any) -> Any:
        """A figure as an image in the page: its address, what it shows, and its width."""
        figure = plotting.draw(figure_of, comparison, *args)
        if figure is None:
            return None
        content = base64.b64encode(figure_file.encoded(figure, "svg")).decode()
        return {
            "url": f"data:image/svg+xml;base64,{content}",
            "label": str(figure.get_label()),
            "inches": figure.get_figwidth(),
        }

    wanted = Wanted(details=True, explain=True, test=True)
    differing = " × ".join(comparison.differs)
    return filled(
        TEMPLATE,
        {"told": told},
        title=title or ": ".join(filter(None, (differing, tables.opening(comparison)[0]))),
        blocks=list(tables.blocks(comparisons, wanted)),
        draw=draw,
        figures=figures,
        network_figures=network_figures,
        images=images,
        problem=problem,
        differences=_differences(comparison),
        same=[(key, shown(value)) for key, value in comparison.same.items()],
        runs=_runs(runs),
        environment=list(_environment(runs)),
        commands=[
            line for each in comparisons.parts for row in each.rows for line in _commands(row)
        ],
        made=environment.now()[:16].replace("T", " "),
        version=environment.versions()["nnbasic"],
    )


def filled(template: Path, filters: Mapping[str, Callable[..., Any]], **content: Any) -> str:
    """The ``template`` with ``content``; it may extend the page beside this file."""
    import jinja2

    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, TEMPLATE.parent]),
        autoescape=".html" in template.suffixes,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
    )
    templates.filters |= filters
    return templates.get_template(template.name).render(content)


def _shown(value: object) -> object:
    """A text of the page escaped, its line breaks kept; figures and JSON are Markup, and safe."""
    return "\n".join(map(printable, value.split("\n"))) if type(value) is str else value


def _test_images(comparison: Comparison, dataset: Dataset | str) -> tuple[Any, str]:
    """The test images, or None and why they are not shown."""
    if isinstance(dataset, str):
        return None, dataset
    if dataset.sha256 != comparison.rows[0].runs[0].record.dataset_sha256:
        return None, f"the {dataset.name} at hand is not the data that the runs were trained on"
    return dataset.test.images, ""


def _differences(comparison: Comparison) -> Block:
    """The values of each row for all keys in which the rows differ."""
    keys = (*comparison.differs, *comparison.implied)
    values = [row.runs[0].values for row in comparison.rows]
    rows = (tuple(shown(own[key]) if key in own else "–" for key in keys) for own in values)
    return Block("texts", head=keys, rows=tuple(rows))


def _runs(runs: Sequence[RunData]) -> Block:
    """All runs, with what users and the trainer said of them."""
    head = ("run", "name", "seed", "status", "val. acc. %", "test acc. %", "tags, notes, warnings")
    rows = []
    for run in runs:
        user, record = run.user, run.record
        remarks = ": ".join(filter(None, [", ".join(user.tags), user.notes, *record.warnings]))
        accuracies = map(cells.percentage, (record.val_accuracy, record.test_accuracy))
        seed = shown(run.seed)
        rows.append((run.run.id, user.name, seed, run.status, *accuracies, remarks))
    return Block("texts", head=head, rows=tuple(rows))


def _environment(runs: Sequence[RunData]) -> Iterator[tuple[str, str]]:
    """Data, versions and machines of the runs, with the number of runs where there are several."""
    records = [run.record for run in runs]
    aspects = [
        {"data": f"{own.dataset} {own.dataset_sha256}", "code": own.code_sha256}
        | {**own.versions, **own.machine, "threads": own.threads}
        for own in records
    ]
    for key in dict.fromkeys(key for own in aspects for key in own):
        counts = Counter(shown(own[key]) for own in aspects if own.get(key) is not None)
        texts = [text if len(counts) == 1 else f"{text} ({n})" for text, n in counts.items()]
        yield key.replace("_", " "), ", ".join(texts) or "not known"
    started, ended = min(own.started for own in records), max(own.ended or "" for own in records)
    yield "from, to (UTC)", f"{started[:16]}, {ended[:16] or 'not ended'}"
    yield "training time", f"{sum(own.seconds for own in records):.0f} s in all"


def _commands(row: Row) -> Iterator[str]:
    """The commands that repeat the runs of ``row`` to the same bits.

    How many threads the runs had decides the order of their sums: a run of a sweep has one, and
    one of `train` several.
    """
    alike = sorted_by(row.runs, lambda run: (config(run), run.record.threads, run.record.dataset))
    for (_, threads, dataset), runs in alike.items():
        source = shlex.quote(str(runs[0].run.directory / "config.yaml"))
        train = f"OPENBLAS_NUM_THREADS={threads} nnbasic train --config {source}"
        if dataset == "digits":  # by now MNIST may be at hand, which `auto` would take
            train += " --set data.dataset=digits"
        seeds = list(dict.fromkeys(shown(run.seed) for run in runs))
        if len(seeds) == 1:
            yield train
        else:
            yield f'for seed in {shlex.join(seeds)}; do {train} --seed "$seed"; done'
