"""`nnbasic study`: put a claim to the test, and read the verdict."""

import shlex
from pathlib import Path

import click

from nnbasic.cli import options
from nnbasic.cli.charts import strip
from nnbasic.cli.groups import OrderedGroup
from nnbasic.cli.sweeping import dask_option, jobs_option, train_all, workforce
from nnbasic.cli.tables import Column, table
from nnbasic.cli.terminal import (
    GAP,
    Printable,
    can_show,
    indented,
    out,
    paragraph,
    print_json,
    styled,
    terminal_width,
)
from nnbasic.studies.judge import Evidence, Judged, Verdict, judge
from nnbasic.studies.report import SUFFIXES, render, result, verdict_words
from nnbasic.studies.study import Study, read_study, shipped
from nnbasic.training.choices import flatten, headings, shown, tell_apart
from nnbasic.training.directory import check_folder
from nnbasic.training.storage import refuse_link, run_error, write_text

WIDTH = 60
"""Columns of an interval."""

FOLDER = ".studies"
"""The folder of the runs of studies, in that of the runs: hidden, for they are many."""

COLOURS = {"supported": "green", "refuted": "red", "undecided": "yellow"}


complete_study = options.completer(lambda _: shipped(), files=True)

study_argument = click.argument("name", metavar="NAME|FILE", shell_complete=complete_study)


@click.group(cls=OrderedGroup)
def study() -> None:
    """Test a claim: train what it takes, and read the verdict."""


@study.command("list")
@options.runs
@options.json
def list_studies(runs_dir: Path, as_json: bool) -> None:
    """List the studies that come with nnbasic, and their verdicts here."""
    evidence = Evidence.read(runs_dir / FOLDER)
    verdicts = [judge(read_study(name), evidence) for name in shipped()]
    if as_json:
        keys = ("name", "claim", "verdict")
        print_json([{key: verdict.to_dict()[key] for key in keys} for verdict in verdicts])
        return
    columns = [
        Column("study", [verdict.study.name for verdict in verdicts]),
        Column("verdict", [_word(verdict.word) for verdict in verdicts]),
        Column("claim", [verdict.study.claim for verdict in verdicts], no_wrap=False, min_width=20),
    ]
    out(*table(columns, terminal_width()))


@study.command()
@study_argument
@jobs_option
@dask_option
@options.runs
@options.data
@options.json
@options.no_sync
def run(
    name: str,
    jobs: int | None,
    dask: str | None,
    runs_dir: Path,
    data_dir: Path | None,
    as_json: bool,
    no_sync: bool,
) -> int:
    """Train what the study still lacks, and print the verdict.

    The same command again goes on where it stopped. The runs go to the hidden folder .studies in
    that of the runs; studies share those that they have in common.
    """
    wanted = read_study(name)
    folder = runs_dir / FOLDER
    refuse_link(folder)
    check_folder(folder)
    with workforce(data_dir, jobs, dask, sync=not no_sync) as carry_out:
        _, problems = train_all(
            wanted.cells, wanted.seeds, data_dir, folder, wanted.searched, carry_out
        )
    _print(judge(wanted, Evidence.read(folder)), name, as_json)
    return 1 if problems else 0


@study.command()
@study_argument
@options.runs
@options.json
def show(name: str, runs_dir: Path, as_json: bool) -> None:
    """Show the verdict on a study, and what decides it."""
    _print(judge(read_study(name), Evidence.read(runs_dir / FOLDER)), name, as_json)


@study.command()
@click.argument("names", nargs=-1, metavar="[NAME|FILE]...", shell_complete=complete_study)
@click.option(
    "--output",
    type=options.OutputFile(*SUFFIXES),
    required=True,
    help="The page to write, .html or .md.",
)
@options.force
@options.runs
def report(names: tuple[str, ...], output: Path, force: bool, runs_dir: Path) -> None:
    """Write the verdicts on studies into one page.  [default: the shipped ones]"""
    evidence = Evidence.read(runs_dir / FOLDER)
    page = render([judge(read_study(name), evidence) for name in names or shipped()], output.suffix)
    with run_error(output):
        write_text(output, page)
    out(f"Wrote {output}.")


def _print(verdict: Verdict, name: str, as_json: bool) -> None:
    if as_json:
        print_json(verdict.to_dict())
        return
    study, room = verdict.study, terminal_width()
    scope = f"{study.scope()}; {len(study.seeds)} seeds"
    out(Printable(f"{styled(study.name, bold=True)}: {_word(verdict.word)}"))
    out(*paragraph(f"Claim: {study.claim}", room, GAP))
    if study.source:
        out(*paragraph(f"Source: {study.source}", room, GAP))
    out("", *indented(_arms(study, room - len(GAP))), "")
    for judged in verdict.expectations:
        lines = _expectation(judged, room - len(GAP), ran=verdict.word is not None)
        out(*indented(lines), "")
    if verdict.word is None:
        command = shlex.join(["nnbasic", "study", "run", name])
        out(*paragraph(f"No verdict yet: `{command}` trains what is missing.", room, GAP))
    out(*paragraph(f"For {scope}.", room, GAP))
    if edge := [cell.name for cell in study.cells if cell.rate_search and cell.rate_search.at_edge]:
        advice = "a better one may lie beyond it: set optimizer.lr of the arm to it, and run again"
        out(*paragraph(f"Rate at the edge of the grid: {', '.join(edge)}; {advice}.", room, GAP))


def _arms(study: Study, room: int) -> list[Printable]:
    """A line for each choice that the arms cross, or for each arm with what tells it apart."""
    if study.choices:
        values = [", ".join(own) for _, own in study.choices]
        keys = [key for key, _ in study.choices]
        return table([Column("choice", keys), Column("values", values, no_wrap=False)], room)
    configs = [flatten(cell.config.model_dump()) for cell in study.cells]
    rows = [{key.removesuffix(".name"): value for key, value in one.items()} for one in configs]
    columns = [Column("arm", [cell.name for cell in study.cells])]
    for key, heading in headings(tell_apart(rows).differs).items():
        columns.append(Column(heading, [shown(row[key]) if key in row else "" for row in rows]))
    return table(columns, room)


def _expectation(judged: Judged, room: int, ran: bool) -> list[Printable]:
    """What was expected, what came out, and where the interval lies beside the bound."""
    lines = paragraph(f"{judged.expectation.measure.name}: {judged.expectation.text}", room, GAP)
    if not ran:
        return lines
    room -= len(GAP)
    words = paragraph(verdict_words(judged), room, GAP)
    lines += indented(styled(line, fg=COLOURS[judged.verdict]) for line in words)
    lines += indented(paragraph(result(judged), room, GAP))
    return lines + [Printable(GAP + line) for line in interval(judged, room)]


def _word(word: str | None) -> Printable:
    return styled(word, fg=COLOURS[word], bold=True) if word else Printable("not run")


def interval(judged: Judged, room: int) -> list[str]:
    """The interval with the estimate in it, and a bar at each bound of what is expected."""
    places, width = judged.places(), min(room, WIDTH)
    if not places or not can_show("─●│"):
        return []
    low, high, estimate, *bounds = (round(place * (width - 1) / 100) for place in places)
    return [strip(width, low, high, estimate, bounds)]
