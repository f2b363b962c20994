"""`nnbasic data`: where the images are, getting them, checking them, looking at them."""

from pathlib import Path
from typing import Any

import click
import numpy as np

from nnbasic import configs
from nnbasic.cli import options
from nnbasic.cli.charts import abreast, side_by_side
from nnbasic.cli.failures import UNUSABLE
from nnbasic.cli.groups import OrderedGroup
from nnbasic.cli.loading import download_bar, load
from nnbasic.cli.terminal import indented, out, paragraph, print_json, terminal_width
from nnbasic.configs import Data
from nnbasic.configs.plugins import may_run
from nnbasic.data import DataError, Dataset, mnist
from nnbasic.data.fetch import fetch as fetch_mnist
from nnbasic.data.files import replacing
from nnbasic.training.storage import RunError, needs_extra, run_error
from nnbasic.training.trained import distortion

EPOCHS = 8
"""How many distortions of each image are in a picture."""

ENLARGED, BORDER, GREY = 4, 1, 208
"""How large a pixel is drawn, how many are between two images, and how light those are."""


@click.group(cls=OrderedGroup)
def data() -> None:
    """Find, fetch, check and look at the images."""


@data.command()
@options.data
@options.json
def status(data_dir: Path | None, as_json: bool) -> int:
    """Say where MNIST is read from, and check what is there.

    Every byte is checked. The exit code is 2 if a file is missing or is not as it should be.
    """
    places: list[dict[str, Any]] = [
        {
            "from": "--data" if source == mnist.ARGUMENT else source,
            "folder": str(folder),
            "files": [_state(file, folder) for file in mnist.FILES],
        }
        for source, folder in mnist.places(data_dir).items()
    ]
    used, problem = None, None
    try:
        used = mnist.find(data_dir)
    except DataError as error:
        problem = str(error)
    if used and any(file["problem"] for file in places[0]["files"]):  # the first is used
        problem = f"{used} has broken files; move them away and run `nnbasic data fetch`"
    code = UNUSABLE if problem or used is None else 0
    if as_json:
        print_json({"mnist": {"used": used and str(used), "problem": problem, "places": places}})
        return code
    room = terminal_width()
    lines: list[str] = ["MNIST is read from the first of these folders:"]
    for place in places:
        lines += ["", f"  {place['folder']}  ({place['from']})", *_listed(place["files"], room)]
    if problem:
        lines += ["", *paragraph(f"Problem: {problem}.", room)]
    elif used is None:
        lines += ["", "It is not there yet; `nnbasic data fetch` gets it (11 MB)."]
    else:
        lines += ["", "All four files are there."]
    out(*lines)
    return code


@data.command()
@options.data
def fetch(data_dir: Path | None) -> None:
    """Get MNIST, unless it is there already.

    It goes to the folder that --data or else $NNBASIC_DATA names, or to ./data/mnist. Existing
    files are kept.
    $NNBASIC_MIRRORS may list other servers: URLs with spaces between.
    """
    folder = next(iter(mnist.places(data_dir).values()))  # the one that is chosen, or the cache
    with download_bar() as progress:
        fetched = fetch_mnist(folder, progress=progress)
    news = f"{len(fetched)} files fetched" if fetched else "nothing to fetch"
    out(f"MNIST is in {folder}, verified; {news}.")


@data.command()
@options.config
@click.option(
    "--dataset",
    type=click.Choice(["auto", "mnist", "digits"]),
    default="auto",
    help="Without --config: MNIST, the built-in digits, or MNIST if it is available.",
)
@click.option(
    "--split", type=click.Choice(["train", "test"]), default="train", help="Which images."
)
@click.option("--count", type=click.IntRange(min=1), default=6, help="How many to print.")
@click.option(
    "--augment",
    metavar="FILE",
    shell_complete=options.complete_config,
    help="A config: its training images, each beside what it is distorted to in epochs 1, 2, ….",
)
@click.option(
    "--output",
    type=options.OutputFile(".png"),
    help=f"With --augment, draw them as a .png file, as in epochs 1 to {EPOCHS}.",
)
@options.force
@options.trust
@options.data
def show(
    config: str | None,
    dataset: str,
    split: str,
    count: int,
    augment: str | None,
    output: Path | None,
    force: bool,
    trust_plugins: bool,
    data_dir: Path | None,
) -> None:
    """Print the first few images as text.

    They are those of a config or of a data set.

    \b
    nnbasic data show --config my_images.yaml
    nnbasic data show --augment my_config.yaml --output sheet.png
    """
    if augment is not None:
        if config is not None or split != "train":
            raise click.UsageError("--augment says which images: the config's training images.")
        show_distorted(augment, count, output, data_dir, trust_plugins)
        return
    if output is not None:
        raise click.UsageError("--output goes with --augment.")
    wanted = Data.model_validate({"dataset": dataset, "validation": 0})
    if config is not None:
        wanted = configs.load(config, may=may_run(trust_plugins)).data
    loaded = load(wanted, data_dir=data_dir)
    images = (loaded.train if split == "train" else loaded.test).images[:count]
    out(*side_by_side(images, _captions(loaded, wanted, split, count), terminal_width()))


def show_distorted(
    source: str, count: int, output: Path | None, data_dir: Path | None, trust_plugins: bool
) -> None:
    """Show the first training images of the config ``source``, each beside its distortions."""
    if output is not None:
        check_pillow()
    config = configs.load(source, may=may_run(trust_plugins))
    recipe = config.augmentation
    if recipe is None:
        raise click.BadParameter(
            f"{source} trains on the images as they are. To distort them, add to it e.g."
            " augmentation: {shift: 1, rotation: 10, elastic: 30}",
            param_hint="--augment",
        )
    dataset = load(config.data, data_dir=data_dir)
    images = dataset.train.images[:count]
    epochs = range(1, EPOCHS + 1 if output else max(2, abreast(terminal_width())))
    distort = distortion(recipe, config.seed, len(dataset.train.labels))
    distorted = [distort(images.copy(), np.arange(len(images)), epoch) for epoch in epochs]
    rows = np.stack([images, *distorted], axis=1)
    if output is not None:
        draw_sheet(rows, output)
        out(f"{output}: {len(rows)} images of {dataset.name}, distorted as in epochs 1 to {EPOCHS}")
        return
    captions = [
        text
        for caption in _captions(dataset, config.data, "train", count)
        for text in (caption, *(f"epoch {epoch}" for epoch in epochs))
    ]
    out(*side_by_side(rows.reshape(-1, rows.shape[-1]), captions, terminal_width()))


def check_pillow() -> None:
    """RunError if Pillow is missing."""
    try:
        import PIL.Image  # noqa: F401
    except ImportError:
        raise RunError(needs_extra("PNG files", "pictures")) from None


def draw_sheet(rows: np.ndarray, file: Path) -> None:
    """Draw uint8 images (rows, columns, 784) into a PNG: black ink on white, large pixels.

    The first column stands apart from the others. RunError if ``file`` cannot be written.
    """
    from PIL import Image

    down, across = rows.shape[:2]
    around = (0, 0), (0, 0), (BORDER, 0), (BORDER, 0)
    tiles = np.pad(255 - rows.reshape(down, across, 28, 28), around, constant_values=GREY)
    side = 28 + BORDER
    pixels = tiles.swapaxes(1, 2).reshape(down * side, across * side)
    pixels = np.pad(pixels, (0, BORDER), constant_values=GREY)  # at the right and below
    pixels = np.insert(pixels, [side] * 2 * BORDER, GREY, axis=1)
    picture = Image.fromarray(pixels.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1))
    with run_error(file), replacing(file) as stream:
        picture.save(stream, "PNG")


def _captions(dataset: Dataset, wanted: Data, split: str, count: int) -> list[str]:
    """What the first ``count`` images are called, and their classes."""
    names = dict(enumerate(wanted.classes or []))
    labels = (dataset.train if split == "train" else dataset.test).labels[:count].tolist()
    return [f"{dataset.name} {split} {i}: {names.get(each, each)}" for i, each in enumerate(labels)]


def _state(file: mnist.File, folder: Path) -> dict[str, Any]:
    """What is known about one of MNIST's files in ``folder``; it is read and verified."""
    path, problem = None, None
    try:
        path = file.within(folder)
        if path is not None:
            mnist.read_file(path, file)
    except DataError as error:
        problem = str(error)
    return {
        "name": file.name,
        "path": path and str(path),
        "examples": file.shape[0],
        "verified": path is not None and problem is None,
        "problem": problem,
    }


def _listed(files: list[dict[str, Any]], room: int) -> list[str]:
    """A line for each file, and below it what is wrong with it."""
    if not any(file["path"] or file["problem"] for file in files):
        return ["    nothing there"]
    lines: list[str] = []
    for file in files:
        name = Path(file["path"] or file["name"]).name
        kind = "images" if "images" in name else "labels"
        state = "verified" if file["verified"] else "BROKEN" if file["problem"] else "missing"
        lines.append(f"    {name:<26}  {file['examples']:>6,} {kind}  {state}")
        lines += indented(paragraph(file["problem"] or "", room - 6), "      ")
    return lines
