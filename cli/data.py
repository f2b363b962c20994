"""`nnbasic data`: where the images are, getting them, checking them, looking at them."""

from __future__ import annotations

from typing import Any

import click

from nnbasic.cli.options import data_option, json_option


@click.group()
def data() -> None:
    """Find, fetch, check and look at the images."""


@data.command()
@data_option
@json_option
def status(**options: Any) -> None:
    """Say where MNIST is looked for and what is there."""
    from nnbasic.cli import image_files

    image_files.status(**options)


@data.command()
@data_option
def fetch(**options: Any) -> None:
    """Get MNIST, unless it is there already.

    It goes to the folder that --data or else $NNBASIC_DATA names, or to ./data/mnist. Existing
    files are kept.
    $NNBASIC_MIRRORS may list other servers: URLs with spaces between.
    """
    from nnbasic.cli import image_files

    image_files.fetch(**options)


@data.command()
@data_option
def verify(**options: Any) -> None:
    """Check every byte of MNIST's files.

    The exit code is 2 if a file is missing or is not as it should be.
    """
    from nnbasic.cli import image_files

    image_files.verify(**options)


@data.command()
@click.option(
    "--dataset",
    type=click.Choice(["auto", "mnist", "digits"]),
    default="auto",
    show_default=True,
    help="MNIST, the built-in digits, or MNIST if it is available.",
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
def show(**options: Any) -> None:
    """Print the first few digits as text."""
    from nnbasic.cli import image_files

    image_files.show(**options)
