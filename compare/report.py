"""A comparison as one HTML file that needs nothing but a browser.

The files of a run are not trusted: the template escapes all that comes from them, and the page's
Content-Security-Policy forbids every script but its own and every request.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from nnbasic.compare import blocks, text
from nnbasic.compare.blocks import Sentences, Table, Wanted
from nnbasic.compare.comparison import Comparison
from nnbasic.compare.figure_file import missing
from nnbasic.compare.formats import told
from nnbasic.compare.grouping import config
from nnbasic.compare.measures import Group, number
from nnbasic.configs import printable
from nnbasic.data import Dataset
from nnbasic.training import environment
from nnbasic.training.choices import shown
from nnbasic.training.collection import RunData
from nnbasic.training.storage import RunError, write_text

TEMPLATE = "report.html.j2"
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
    """The report as HTML."""
    try:
        import jinja2

        from nnbasic.compare.illustrations import illustrations
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
    templates.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    return templates.get_template(TEMPLATE).render(
        _texts(comparison), **_parts(), **illustrations(comparison, dataset)
    )


def _texts(comparison: Comparison) -> dict[str, Any]:
    """All but the figures, under the names that the template uses."""
    runs = [run for group in comparison.groups for run in group.runs]
    opening = text.opening(comparison)
    return {
        "comparison": comparison,
        "title": ": ".join(filter(None, (" × ".join(comparison.columns), opening[0]))),
        "sections": [_section(title, each) for title, each in blocks.sections(comparison)],
        "gains": list(blocks.gains(comparison)),
        "reading": blocks.reading(comparison),
        "warnings": [*comparison.warnings, *_before_the_first_step(comparison.groups)],
        "differences": _differences(comparison),
        "same": {key: shown(value) for key, value in comparison.same.items()},
        "runs": _runs(runs),
        "environment": _environment(runs),
        "commands": [each for group in comparison.groups for each in _commands(group)],
        "data": _data(comparison, runs),
        "made": environment.now()[:16].replace("T", " "),
        "version": environment.versions()["nnbasic"],
    }


def _shown(value: object) -> object:
    """A text of the page escaped, its line breaks kept; figures and JSON are Markup, and safe."""
    return "\n".join(map(printable, value.split("\n"))) if type(value) is str else value


def _parts() -> dict[str, Any]:
    """Style and script, and the source that the Content-Security-Policy allows the script by."""
    style, script = (
        Path(__file__).with_name(f"report.{kind}").read_text("utf-8") for kind in ("css", "js")
    )
    script = f'"use strict";\n{script}'
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {
        "style": style,
        "script": script,
        "script_hash": f"sha256-{digest}",
    }


def _section(title: str, comparison: Comparison) -> dict[str, Any]:
    """What is told of ``comparison`` below the figures, and what is folded there."""
    every: list[Table | Sentences] = [
        *blocks.rows(comparison, Wanted()),
        *blocks.choices(comparison, Wanted()),
        blocks.next_steps(comparison),
    ]
    return {
        "title": title,
        "verdict": comparison.verdict,
        "opening": text.opening(comparison),
        "blocks": every,
        "course": blocks.course(comparison, test=True),
    }


def _before_the_first_step(groups: Sequence[Group]) -> list[str]:
    """The rows that were warned of before their first step, and the first warning in full."""
    warned = [(group, [run for run in group.runs if run.record.warnings]) for group in groups]
    rows = [f"{group.label} ({len(runs)} of {len(group.runs)})" for group, runs in warned if runs]
    if not rows:
        return []
    first = next(runs[0] for _, runs in warned if runs)
    return [
        f"The trainer warned of {', '.join(rows)}. {first.run.id}:"
        f" {' '.join(first.record.warnings)}"
    ]


def _differences(comparison: Comparison) -> dict[str, Any]:
    """The values of each row for all keys in which the rows differ."""
    keys = [*comparison.columns, *comparison.implied]
    rows = []
    for group in comparison.groups:
        of_run = group.runs[0].values
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


def _commands(group: Group) -> Iterator[str]:
    """The commands that repeat the runs of ``group`` to the same bits.

    How many threads the runs had decides the order of their sums: a run of a sweep has one, and
    one of `train` several.
    """
    alike: dict[tuple[object, ...], list[RunData]] = {}
    for run in group.runs:
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


def _data(comparison: Comparison, runs: Sequence[RunData]) -> dict[str, Any]:
    """The comparison as `nnbasic compare --format json` prints it, and the runs' metrics."""

    def rounded(value: object) -> float | None:
        known = number(value)
        return None if known is None else float(f"{known:.{DIGITS}g}")

    series = {
        run.run.id: {key: [rounded(getattr(row, key)) for row in run.metrics] for key in METRICS}
        for run in runs
    }
    # a record from elsewhere may hold values that JSON cannot
    return json.loads(json.dumps(comparison.to_dict() | {"metrics": series}, default=str))  # type: ignore[no-any-return]
