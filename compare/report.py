"""A comparison as one HTML file that needs nothing but a browser.

The files of a run are not trusted: the template escapes all that comes from them, and the page's
Content-Security-Policy forbids every script and every request.
"""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from nnbasic.compare import text
from nnbasic.compare.comparison import Comparison
from nnbasic.compare.measures import Group, number
from nnbasic.configs import printable
from nnbasic.data import Dataset
from nnbasic.runs import environment
from nnbasic.runs.choices import shown, values
from nnbasic.runs.collection import RunData
from nnbasic.runs.storage import RunError, write_text

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
        raise RunError(
            f"the report needs {error.name}, which is not installed: pip install"
            ' "nnbasic[report]", or in a checkout pip install ".[report]"'
        ) from None
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
    )
    templates.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    return templates.get_template(TEMPLATE).render(
        _texts(comparison), **illustrations(comparison, dataset)
    )


def _texts(comparison: Comparison) -> dict[str, Any]:
    """All but the figures, under the names that the template uses."""
    runs = [run for group in comparison.groups for run in group.runs]
    opening = text.opening(comparison)
    return {
        "comparison": comparison,
        "title": ": ".join(filter(None, (" × ".join(comparison.columns), opening[0]))),
        "opening": opening,
        "tables": _tables(comparison),
        "effects": [text.EFFECTS, *lines] if (lines := text.effects(comparison)) else [],
        "next_steps": text.next_steps(comparison),
        "warnings": [*comparison.warnings, *_before_the_first_step(comparison.groups)],
        "differences": _differences(comparison),
        "same": {key: shown(value) for key, value in comparison.same.items()},
        "runs": list(map(_run, runs)),
        "environment": _environment(runs),
        "commands": list(map(_command, comparison.groups)),
        "data": _data(comparison, runs),
        "made": environment.now()[:16].replace("T", " "),
        "version": environment.versions()["nnbasic"],
    }


def _shown(value: object) -> object:
    """A text of the page escaped, its line breaks kept; figures and JSON are Markup, and safe."""
    return "\n".join(map(printable, value.split("\n"))) if type(value) is str else value


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
        of_run = values(group.runs[0])
        rows.append([shown(of_run[key]) if key in of_run else "–" for key in keys])
    return {"keys": keys, "rows": rows}


def _run(run: RunData) -> dict[str, Any]:
    best, test = run.record.val_accuracy, run.record.test_accuracy
    return {
        "id": run.run.id,
        "name": run.user.name,
        "tags": run.user.tags,
        "notes": run.user.notes,
        "seed": run.flat.get("seed"),
        "status": run.status,
        "validation": "–" if best is None else f"{100 * best:.2f}",
        "test": "–" if test is None else f"{100 * test:.2f}",
    }


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


def _command(group: Group) -> str:
    """The command that repeats the runs of ``group``."""
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
    # a record from elsewhere may hold values that JSON cannot
    return json.loads(json.dumps(comparison.to_dict() | {"metrics": series}, default=str))  # type: ignore[no-any-return]
