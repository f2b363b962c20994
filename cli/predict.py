"""`nnbasic predict`: which digits are in these pictures."""

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import click
import numpy as np
from click.shell_completion import CompletionItem

from nnbasic.cli import options
from nnbasic.cli.charts import side_by_side
from nnbasic.cli.failures import FAILED
from nnbasic.cli.finding import find_each
from nnbasic.cli.numbers import tested
from nnbasic.cli.tables import Column, table
from nnbasic.cli.terminal import err, out, paragraph, print_file, print_json, terminal_width, warn
from nnbasic.data import DATASETS
from nnbasic.inference import Digit, Prediction, Skipped, Unreadable, read
from nnbasic.inference import predict as predicted
from nnbasic.inference.pictures import ENDINGS, STREAM
from nnbasic.training import Record, Run
from nnbasic.training.choices import in_spreadsheet
from nnbasic.training.trained import load

DIFFER = "≠"
"""What marks the digits that the networks do not agree on."""


SHOWN = 5
"""So many of the files that a folder skips are named."""


class Answer(NamedTuple):
    """What the network of ``run`` says of all digits, and what its ``classes`` are called."""

    run: Run
    record: Record
    prediction: Prediction
    classes: list[str]

    @property
    def said(self) -> list[str]:
        """The class of each digit."""
        return [self.classes[digit] for digit in self.prediction.digits]


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The ids of runs that begin with ``incomplete``, and files."""
    runs = options.complete_run(ctx, param, incomplete) if incomplete else []
    return [*runs, CompletionItem(incomplete, type="file")]


@click.command()
@click.argument(
    "arguments", nargs=-1, required=True, metavar="[RUN]... FILE...", shell_complete=complete
)
@click.option("--split", is_flag=True, help="Read several digits from one picture, line by line.")
@click.option("--show", is_flag=True, help="Print the pixels that the network is given.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@options.json
@options.runs
@options.trust
def predict(
    arguments: Sequence[str],
    split: bool,
    show: bool,
    as_csv: bool,
    as_json: bool,
    runs_dir: Path,
    trust_plugins: bool,
) -> int:
    """Read the digits in pictures.

    With the network of the newest run, or of each RUN: an id, its beginning, a name or a
    directory. A FILE is a PNG, JPEG, WebP, BMP, TIFF, GIF or AVIF, an array (.npy or IDX), a
    folder of them, or - for stdin. Digits may be dark on light or light on dark, of any size,
    photographed, on ruled or squared paper, in a box, on a sheet that lies on a table.

    \b
    nnbasic predict photo.jpg
    nnbasic predict relu tanh digits/ --show
    nnbasic predict --split sum.png --json
    """
    if show + as_csv + as_json > 1:
        raise click.UsageError("--show, --csv and --json exclude one another.")
    names, files = _sorted_out(arguments)
    chosen = find_each(names, runs_dir)
    if not files:
        raise click.UsageError("Missing FILE: there are only runs.")
    networks = [(run, run.record(), load(run, trust_plugins=trust_plugins)) for run in chosen]
    sources: list[str | BinaryIO] = [sys.stdin.buffer if file == STREAM else file for file in files]
    own = all(record.dataset not in DATASETS for _, record, _ in networks)
    pictures = list(read(sources, split=split, reframe=not own))
    digits = [picture for picture in pictures if isinstance(picture, Digit)]
    bad = [picture for picture in pictures if isinstance(picture, Unreadable)]
    skipped = [picture for picture in pictures if isinstance(picture, Skipped)]
    for one in bad:
        err(f"Error: {_place(one)}: {one.reason}")
    for folder, others in skipped:
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        err(f"{folder}: skipped what is no picture: {', '.join(others[:SHOWN])}{more}")
    cautions = (  # of a picture with several digits, the same for all of them
        f"{digit.file if split else _place(digit)}: {caution}"
        for digit in digits
        for caution in digit.warnings
    )
    for caution in dict.fromkeys(cautions):
        warn(caution)
    answers: list[Answer] = []
    if digits:
        images = [digit.image for digit in digits]
        for run, record, network in networks:
            prediction = predicted(network, images, name=run.id)
            classes = record.class_names(prediction.probabilities.shape[1])
            answers.append(Answer(run, record, prediction, classes))
    if as_json:
        print_json(
            {
                "predictions": list(_objects(digits, answers)),
                "errors": [one._asdict() for one in bad],
                "skipped": [one._asdict() for one in skipped],
            }
        )
    elif as_csv:
        print_file(_csv(digits, answers))
    elif digits:
        out(*_table(digits, answers, terminal_width()))
        if show:
            out("", *_shown(digits, answers))
    return FAILED if bad else 0


def _sorted_out(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The runs and the files among ``arguments``.

    What exists is a file, unless it is the directory of a run. What does not is a run, unless it
    has the ending or the slashes of a file; so a mistyped run is an error of its own.
    """
    names, files = [], []
    for argument in arguments:
        path = Path(argument)
        is_run = (path / "run.json").is_file()
        like_a_file = argument == STREAM or path.exists() or argument.lower().endswith(ENDINGS)
        if is_run or not (like_a_file or len(path.parts) > 1):
            names.append(argument)
        else:
            files.append(argument)
    return names, files


def _place(one: Digit | Unreadable) -> str:
    return one.file if one.number is None else f"{one.file} #{one.number}"


def _objects(digits: Sequence[Digit], answers: Sequence[Answer]) -> Iterator[dict[str, Any]]:
    """What the programs that read `--json` are told of each digit by each network."""
    for index, digit in enumerate(digits):
        for run, _, prediction, classes in answers:
            probabilities = prediction.probabilities[index].tolist()
            answer = int(prediction.digits[index])
            yield {
                "file": digit.file,
                "number": digit.number,
                "run": run.id,
                "digit": answer,
                "class": classes[answer],
                "probability": probabilities[answer],
                "probabilities": probabilities,
                "warnings": list(digit.warnings),
            }


def _csv(digits: Sequence[Digit], answers: Sequence[Answer]) -> str:
    classes = max((len(answer.classes) for answer in answers), default=0)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = (f"p{number}" for number in range(classes))
    writer.writerow(["file", "number", "run", "digit", "class", "probability", *heads])
    for row in _objects(digits, answers):
        cells = [*list(row.values())[:-2], *row["probabilities"]]
        writer.writerow(map(in_spreadsheet, cells))
    return text.getvalue()


def _table(digits: Sequence[Digit], answers: Sequence[Answer], room: int) -> list[str]:
    """A row for each digit; with several networks, a column for each of them."""
    columns = [Column("file", [_place(digit) for digit in digits], min_width=12, no_wrap=False)]
    if len(answers) == 1:
        run, record, *_ = answers[0]
        text = run.id
        if record.test_accuracy is not None:
            text += f", {tested(record)} % right on the test images of {record.dataset}"
        lines = paragraph(text, room)
        return [*lines, "", *table([*columns, *_one(answers[0])], room)]
    users = [answer.run.user().name for answer in answers]
    names = users if len(set(users)) == len(users) else [answer.run.id for answer in answers]
    agreed = [len(set(said)) == 1 for said in zip(*(a.said for a in answers), strict=True)]
    columns.append(Column("", ["" if same else DIFFER for same in agreed]))
    for name, answer in zip(names, answers, strict=True):
        sure = answer.prediction.probabilities.max(axis=1)
        wide = max(map(len, answer.said))
        pairs = zip(answer.said, sure, strict=True)
        cells = [f"{said:{wide}} {_sure(probability):>7}" for said, probability in pairs]
        columns.append(Column(name, cells, min_width=len(cells[0])))
    differ = agreed.count(False)
    marked = f", marked {DIFFER}" if differ else ""
    summary = f"The networks differ on {differ} of {len(digits)}{marked}."
    return [*table(columns, room), "", *paragraph(summary, room)]


def _one(answer: Answer) -> list[Column]:
    """The columns of one network: its answer, how sure it is, and what it would say next."""
    prediction, classes = answer.prediction, answer.classes
    rest = prediction.probabilities.copy()
    np.put_along_axis(rest, prediction.digits[:, np.newaxis], -1, axis=1)
    rows = list(zip(*prediction, rest.argmax(axis=1), strict=True))
    others = [f"{classes[other]} {_sure(p[other]):>7}" for _, p, other in rows]
    return [
        Column("digit" if max(map(len, classes)) < 3 else "class", answer.said, justify="right"),
        Column("probability", [_sure(p[digit]) for digit, p, _ in rows], justify="right"),
        Column("runner-up", others, justify="right"),
    ]


def _sure(probability: float) -> str:
    return f"{100 * probability:.1f} %"


def _shown(digits: Sequence[Digit], answers: Sequence[Answer]) -> list[str]:
    """The prepared pixels of each digit, with what each network says above them."""
    said = zip(*(answer.said for answer in answers), strict=True)
    captions = [
        f"{_place(digit)}: {'/'.join(classes)}" for digit, classes in zip(digits, said, strict=True)
    ]
    return side_by_side(np.array([digit.image for digit in digits]), captions, terminal_width())
