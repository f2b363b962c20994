"""The verdicts on several studies as one page, in HTML or in Markdown."""

from collections.abc import Sequence
from pathlib import Path

from nnbasic.compare import figure_file
from nnbasic.compare.report import filled
from nnbasic.studies.judge import Judged, Verdict

SUFFIXES = (".html", ".md")


def render(verdicts: Sequence[Verdict], suffix: str) -> str:
    """The page, of the kind that ``suffix``, one of `SUFFIXES`, names; RunError without jinja2."""
    figure_file.check("reports", ("jinja2",))
    filters = {"result": result, "words": verdict_words}
    return filled(Path(__file__).with_name(f"report{suffix}.j2"), filters, verdicts=verdicts)


def result(judged: Judged) -> str:
    """``2.1 (1.8 to 2.4): sigmoid 4.2, relu 2.0``: the estimate, its interval, the arms' means."""
    if judged.estimate is None or judged.means is None:
        return ""
    expectation = judged.expectation
    unit = "" if expectation.ratio else f" {expectation.measure.unit}".rstrip()
    interval = " ({:.3g} to {:.3g})".format(*judged.interval) if judged.interval else ""
    first, second = judged.means
    arms = f"{expectation.first} {first:.4g}, {expectation.second} {second:.4g}"
    return f"{judged.estimate:.3g}{unit}{interval.replace('inf', '∞')}: {arms}"


def verdict_words(judged: Judged) -> str:
    """The verdict, and what it would take or why more seeds do not help."""
    more = f"{judged.seeds} seeds would decide" if judged.seeds else judged.reason
    return judged.verdict + (f"; {more}" if more else "")
