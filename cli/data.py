"""`nnbasic data`: where the images are, getting them, checking them, looking at them."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import click

from nnbasic.cli.options import data_option, json_option, print_json


@click.group()
def data() -> None:
    """Find, fetch, check and look at the images."""


@data.command()
@data_option
@json_option
def status(data_dir: Path | None, as_json: bool) -> None:
    """Say where MNIST is looked for and what is there."""
    from nnbasic.data import DataError, digits, mnist
    from nnbasic.data.dataset import DIGITS_CACHE

    places: list[dict[str, Any]] = [
        {
            "from": "--data" if source == mnist.ARGUMENT else source,
            "folder": str(folder),
            "files": _files(folder),
        }
        for source, folder in mnist.places(data_dir).items()
    ]
    used, problem = None, None
    try:
        used = mnist.find(data_dir)
    except DataError as error:
        problem = str(error)
    used_files = [
        file for place in places if place["folder"] == str(used) for file in place["files"]
    ]
    if any(file["problem"] for file in used_files):
        problem = f"{used} has broken files; move them away and run `nnbasic data fetch`"
    drawn = (DIGITS_CACHE / digits.FILE).exists()
    if as_json:
        print_json(
            {
                "mnist": {"used": used and str(used), "problem": problem, "places": places},
                "digits": {"folder": str(DIGITS_CACHE), "cached": drawn},
            }
        )
        return
    click.echo("MNIST is looked for in")
    for place in places:
        click.echo(f"\n  {place['folder']}  ({place['from']})")
        _print_files(place["files"])
    click.echo()
    if problem:
        click.echo(_wrapped(f"Problem: {problem}."))
    elif used is None:
        click.echo("None of these holds its four files; `nnbasic data fetch` gets them (11 MB).")
    else:
        click.echo(f"The first that has all four is used: {used}")
    click.echo(
        f"\nThe built-in digits are in {DIGITS_CACHE}."
        if drawn
        else f"\nThe built-in digits will be drawn into {DIGITS_CACHE} when they are first used."
    )


def _files(folder: Path) -> list[dict[str, Any]]:
    """What is known about each of MNIST's files in ``folder``, each one read and verified."""
    from nnbasic.data import DataError, mnist

    files = []
    for file in mnist.FILES:
        path, problem = None, None
        try:
            path = file.within(folder)
            if path is not None:
                mnist.read_file(path, file)
        except DataError as error:
            problem = str(error)
        files.append(
            {
                "name": file.name,
                "path": path and str(path),
                "examples": file.shape[0],
                "verified": path is not None and problem is None,
                "problem": problem,
            }
        )
    return files


def _print_files(files: list[dict[str, Any]]) -> None:
    if not any(file["path"] or file["problem"] for file in files):
        click.echo("    nothing there")
        return
    for file in files:
        name = Path(file["path"] or file["name"]).name
        kind = "images" if "images" in name else "labels"
        state = "verified" if file["verified"] else "BROKEN" if file["problem"] else "missing"
        click.echo(f"    {name:<27} {file['examples']:>6,} {kind}  {state}")
        if file["problem"]:
            click.echo(_wrapped(file["problem"], indent=6))


def _wrapped(text: str, indent: int = 0) -> str:
    """``text`` in lines of 80 columns, in which paths stay whole, to be copied."""
    margin = " " * indent
    return textwrap.fill(
        text,
        80,
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )


@data.command()
@data_option
def fetch(data_dir: Path | None) -> None:
    """Get MNIST, unless it is there already.

    It goes to ./data/mnist, or to the folder that --data names. What is there is kept.
    $NNBASIC_MIRRORS may list other servers: URLs with spaces between.
    """
    from nnbasic.cli.loading import download_bar
    from nnbasic.data import mnist
    from nnbasic.data.fetch import fetch as complete

    folder = data_dir or mnist.find() or mnist.CACHE
    with download_bar() as progress:
        fetched = complete(folder, progress=progress)
    news = f"{len(fetched)} files fetched" if fetched else "nothing to fetch"
    click.echo(f"MNIST is in {folder}, verified; {news}.")


@data.command()
@data_option
def verify(data_dir: Path | None) -> None:
    """Check every byte of MNIST's files.

    The exit code is 2 if a file is missing, or not as it should be.
    """
    from nnbasic.data import mnist
    from nnbasic.data.files import MnistError

    folder = mnist.find(data_dir)
    if folder is None:
        raise MnistError("There is no MNIST to verify.")
    files = _files(folder)
    for file in files:
        if file["verified"]:
            click.echo(f"verified  {file['path']}")
    problems = [file["problem"] for file in files if file["problem"]]
    if problems:
        raise MnistError("\n".join(problems))


@data.command()
@click.option(
    "--dataset",
    type=click.Choice(["auto", "mnist", "digits"]),
    default="auto",
    show_default=True,
    help="MNIST, the built-in digits, or MNIST if it can be had.",
)
@click.option(
    "--split",
    type=click.Choice(["train", "test"]),
    default="train",
    show_default=True,
    help="Which images.",
)
@click.option(
    "--count", type=click.IntRange(min=1), default=6, show_default=True, help="How many to print."
)
@data_option
def show(dataset: str, split: str, count: int, data_dir: Path | None) -> None:
    """Print the first few digits as text."""
    from nnbasic.cli.drawing import BLOCKS, side_by_side
    from nnbasic.cli.loading import load
    from nnbasic.cli.tables import encodable, terminal_width

    loaded = load(dataset, validation=0, data_dir=data_dir)
    chosen = loaded.train if split == "train" else loaded.test
    captions = [f"{loaded.name} {split} {i}: {n}" for i, n in enumerate(chosen.labels[:count])]
    lines = side_by_side(
        chosen.images[:count],
        captions,
        columns=terminal_width(),
        blocks=encodable(BLOCKS) == BLOCKS,
    )
    click.echo("\n".join(lines))
