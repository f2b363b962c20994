"""How well pictures of digits are read: photographed, on ruled paper, in boxes, beside a table.

``python benchmarks/pictures.py RUN`` writes MNIST's test digits with a pen on synthetic paper,
100 for each kind of picture, and prints the share that the network of RUN, a run's directory,
reads right. ``--train`` takes training digits instead, to look at while the reading is changed;
``--save DIR`` keeps the pictures that are read wrong, for looking at them.
"""

import argparse
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from nnbasic.data import DataError, load
from nnbasic.inference import predict, prepare, prepare_each
from nnbasic.training import Run, Trained
from nnbasic.training.trained import load as trained
from paper import LINES, PAPER, PENS, Colour, Picture, Sheet, grain


def blank(rng: np.random.Generator, room: float = 1.3, paper: Colour = PAPER) -> tuple[Sheet, int]:
    """An empty sheet, and the size of the digit that is to stand on it."""
    side = int(rng.integers(130, 330))
    height, width = (int(side * rng.uniform(room, room + 1.1)) for _ in range(2))
    return Sheet(rng, height, width, paper), side


def place(sheet: Sheet, side: float, margin: float = 0) -> tuple[float, float]:
    """A place for a digit, at random, ``margin`` pixels away from the edges at least."""
    width, height = sheet.size
    left, top = (sheet.rng.uniform(margin, length - side - margin) for length in (width, height))
    return left, top


def plain(
    rng: np.random.Generator,
    digit: Picture,
    colour: str = "blue",
    paper: Colour = PAPER,
    room: float = 1.3,
    before: Callable[[Sheet, int], object] = lambda sheet, side: None,
) -> Sheet:
    """One digit on a sheet on which ``before`` has printed something."""
    sheet, side = blank(rng, room, paper)
    before(sheet, side)
    sheet.write(digit, *place(sheet, side), side, PENS.get(colour, (0, 0, 0)))
    return sheet


def clean(rng: np.random.Generator, digit: Picture) -> Picture:
    return plain(rng, digit, str(rng.choice(list(PENS)))).photograph()


def shaded(rng: np.random.Generator, digit: Picture) -> Picture:
    sheet = plain(rng, digit)
    width, height = sheet.size
    angle, middle = rng.uniform(0, 2 * np.pi), rng.uniform(-0.5, 0.5)
    y, x = np.linspace(-1, 1, height)[:, np.newaxis], np.linspace(-1, 1, width)
    beyond = np.cos(angle) * y + np.sin(angle) * x - middle
    sheet.pixels *= (1 - 0.4 / (1 + np.exp(-rng.uniform(3, 60) * beyond)))[:, :, np.newaxis]
    return sheet.photograph()


def blurred(rng: np.random.Generator, digit: Picture) -> Picture:
    image = Image.fromarray(plain(rng, digit).photograph())
    return np.asarray(image.filter(ImageFilter.GaussianBlur(rng.uniform(1.5, 4))))


def pale(rng: np.random.Generator, digit: Picture) -> Picture:
    sheet, side = blank(rng)
    level = rng.uniform(165, 185)
    sheet.write(digit, *place(sheet, side), side, (level, level, level))
    return sheet.photograph()


COLOURED: list[tuple[Colour, Colour]] = [  # paper, ink
    ((250, 240, 200), (30, 40, 160)),
    ((30, 70, 50), (230, 230, 220)),
    ((250, 230, 60), (20, 20, 20)),
    ((20, 20, 30), (90, 160, 250)),
]
ALIKE: list[tuple[Colour, Colour]] = [
    ((90, 160, 90), (200, 110, 100)),
    ((110, 150, 220), (240, 120, 40)),
    ((230, 140, 180), (60, 190, 190)),
    ((150, 150, 150), (220, 130, 30)),
]


def in_colours(
    rng: np.random.Generator, digit: Picture, pairs: list[tuple[Colour, Colour]]
) -> Picture:
    paper, ink = pairs[rng.integers(len(pairs))]
    sheet, side = blank(rng, 1.3, paper)
    sheet.write(digit, *place(sheet, side), side, ink)
    return sheet.photograph()


def coloured(rng: np.random.Generator, digit: Picture) -> Picture:
    return in_colours(rng, digit, COLOURED)


def equally_bright(rng: np.random.Generator, digit: Picture) -> Picture:
    return in_colours(rng, digit, ALIKE)


def jpeg_worn(rng: np.random.Generator, digit: Picture) -> Picture:
    return plain(rng, digit).photograph(quality=int(rng.integers(10, 40)))


def ruled(rng: np.random.Generator, digit: Picture, colour: str, line: str) -> Picture:
    def lines(sheet: Sheet, side: int) -> None:
        sheet.rule(LINES[line], side * rng.uniform(0.25, 1), rng.uniform(1.2, 3.2))

    return plain(rng, digit, colour, before=lines).photograph()


def squared(rng: np.random.Generator, digit: Picture, colour: str, line: str) -> Picture:
    def lines(sheet: Sheet, side: int) -> None:
        spacing, breadth = side * rng.uniform(0.2, 0.6), rng.uniform(1, 2.6)
        sheet.rule(LINES[line], spacing, breadth)
        sheet.rule(LINES[line], spacing, breadth, across=True)

    return plain(rng, digit, colour, before=lines).photograph()


TABLES: list[Colour] = [
    *((115, 75, 48), (60, 42, 32), (178, 135, 90), (40, 40, 44), (110, 112, 118), (60, 80, 120)),
    *((150, 150, 152), (90, 90, 92)),
    *((200, 160, 110), (90, 30, 30)),
]


def table(rng: np.random.Generator, digit: Picture, around: bool = False) -> Picture:
    """A table of wood or cloth beside the sheet, or ``around`` it, which may lie turned."""
    sheet, side = blank(rng, 2.2 if around else 1.7)
    width, height = sheet.size
    turn = np.deg2rad(rng.uniform(-4, 4)) if around or rng.random() < 0.5 else 0.0
    y, x = np.mgrid[:height, :width].astype(float)
    x, y = (
        np.cos(turn) * (x - width / 2) + np.sin(turn) * (y - height / 2) + width / 2,
        np.cos(turn) * (y - height / 2) - np.sin(turn) * (x - width / 2) + height / 2,
    )
    sides = [True] * 4 if around else [*(rng.permutation([True, rng.random() < 0.4, False, False]))]
    low, high = (0.07, 0.14) if around else (0.05, 0.22)
    edges = [rng.uniform(low, high) * length for length in (width, width, height, height)]
    inside = np.ones((height, width))
    for here, edge, beyond in zip(sides, edges, (x, width - x, y, height - y), strict=True):
        if here:
            inside = np.minimum(inside, np.clip(beyond - edge, 0, 1))
    left = edges[0] * sides[0] + 0.05 * side
    right = width - edges[1] * sides[1] - 0.05 * side - side
    top = edges[2] * sides[2] + 0.05 * side
    bottom = height - edges[3] * sides[3] - 0.05 * side - side
    at = [(rng.uniform(a, b) if b > a else (a + b) / 2) for a, b in ((left, right), (top, bottom))]
    sheet.write(digit, at[0], at[1], side, PENS[str(rng.choice(["blue", "black"]))])
    colour = np.array(TABLES[rng.integers(len(TABLES))])
    wood = grain(rng, height, width, 5, 12) + grain(rng, height, width, 25, 10)
    sheet.pixels = (
        sheet.pixels * inside[:, :, np.newaxis]
        + (colour + wood[:, :, np.newaxis]) * (1 - inside)[:, :, np.newaxis]
    )
    return sheet.photograph()


def framed(rng: np.random.Generator, digit: Picture) -> Picture:
    """A thin dark frame at the edge, as of a scanner's lid or a cropped screenshot."""
    picture = plain(rng, digit, str(rng.choice(["blue", "black"]))).photograph().copy()
    for side in range(4):
        picture = np.rot90(picture).copy()
        if side < 2 or rng.random() < 0.8:
            picture[: rng.integers(1, 7)] = rng.integers(0, 40)
    return picture


def boxed(rng: np.random.Generator, digit: Picture) -> Picture:
    sheet, side = blank(rng, 1.6)
    left, top = place(sheet, side, 0.15 * side)
    gaps = rng.uniform(-0.04, 0.12, 4) * side
    box = (left - gaps[0], top - gaps[1], left + side + gaps[2], top + side + gaps[3])
    breadth = rng.uniform(1, 4)

    def shapes(canvas: ImageDraw.ImageDraw, fine: int) -> None:
        canvas.rectangle([fine * x for x in box], outline=255, width=round(fine * breadth))

    sheet.draw(PENS[str(rng.choice(["black", "pencil"]))], shapes)
    sheet.write(digit, left, top, side, PENS[str(rng.choice(["blue", "black"]))])
    return sheet.photograph()


def holes_folds_specks(rng: np.random.Generator, digit: Picture) -> Picture:
    sheet, side = blank(rng, 1.9)
    width, height = sheet.size
    margin = 0.22 * side
    at = place(sheet, side, 1.2 * margin)
    sort = rng.integers(3)
    dark: Colour = (45, 40, 38)

    def holes(canvas: ImageDraw.ImageDraw, fine: int) -> None:
        radius = rng.uniform(0.04, 0.09) * side
        for y in (0.25, 0.75):
            x = fine * 0.12 * side
            top = fine * y * height
            canvas.ellipse((x - fine * radius, top - fine * radius, x + fine * radius,
                            top + fine * radius), 255)  # fmt: skip

    def specks(canvas: ImageDraw.ImageDraw, fine: int) -> None:
        for _ in range(rng.integers(2, 6)):
            radius = fine * rng.uniform(0.015, 0.05) * side
            edge = rng.uniform(0.3, 0.9) * margin * fine
            x, y = rng.uniform(0, fine * width), rng.uniform(0, fine * height)
            if rng.random() < 0.5:
                x = edge if rng.random() < 0.5 else fine * width - edge
            else:
                y = edge if rng.random() < 0.5 else fine * height - edge
            canvas.ellipse((x - radius, y - 0.7 * radius, x + radius, y + 0.7 * radius), 255)

    def fold(canvas: ImageDraw.ImageDraw, fine: int) -> None:
        x = fine * (at[0] / 2 if at[0] > width - at[0] - side else (width + at[0] + side) / 2)
        lean = fine * rng.uniform(-0.04, 0.04) * side
        canvas.line([(x - lean, -5), (x + lean, fine * height + 5)], 255, round(fine * 4))

    sheet.draw((130, 126, 120) if sort == 2 else dark, [holes, specks, fold][sort])
    sheet.write(digit, *at, side, PENS[str(rng.choice(["blue", "black"]))])
    return sheet.photograph()


def window(rng: np.random.Generator, digit: Picture) -> Picture:
    """A window of a desktop with round corners, and a shadow around that is transparent."""
    sheet = plain(rng, digit, "black", (255, 255, 255), 1.6)
    width, height = sheet.size
    rim = int(rng.integers(15, 60))
    shape = Image.new("L", (width + 2 * rim, height + 2 * rim))
    box = (rim, rim, rim + width - 1, rim + height - 1)
    ImageDraw.Draw(shape).rounded_rectangle(box, rng.integers(0, 12), 255)
    shadow = np.asarray(shape.filter(ImageFilter.GaussianBlur(rim / 3)), float) * 0.5
    alpha = np.maximum(np.asarray(shape, float), shadow)
    picture = np.zeros((*alpha.shape, 4))
    picture[rim : rim + height, rim : rim + width, :3] = sheet.pixels
    picture[:, :, :3] *= np.asarray(shape)[:, :, np.newaxis] > 0
    picture[:, :, 3] = alpha
    return picture.astype(np.uint8)


def cells(rng: np.random.Generator, digits: Sequence[Picture], joined: bool = False) -> Picture:
    """A number, a digit in each box; the boxes stand apart or are ``joined`` as in a form."""
    side = int(rng.integers(90, 180))
    gap = 0 if joined else int(side * rng.uniform(0.1, 0.4))
    wide, high = int(side * rng.uniform(0.95, 1.3)), int(side * rng.uniform(1.1, 1.4))
    sheet = Sheet(rng, int(2.2 * high), len(digits) * (wide + gap) + side)
    left, top = side * rng.uniform(0.2, 0.6), high * rng.uniform(0.3, 0.8)
    breadth = rng.uniform(1, 3)

    def shapes(canvas: ImageDraw.ImageDraw, fine: int) -> None:
        for number in range(len(digits)):
            x = left + number * (wide + gap)
            box = (x, top, x + wide + breadth * joined, top + high)
            canvas.rectangle([fine * v for v in box], outline=255, width=round(fine * breadth))

    sheet.draw(PENS[str(rng.choice(["black", "pencil"]))], shapes)
    colour = PENS[str(rng.choice(["black", "blue"]))]
    for number, digit in enumerate(digits):
        x = left + number * (wide + gap) + (wide - side) / 2 + rng.uniform(-0.04, 0.04) * side
        sheet.write(digit, x, top + (high - side) / 2 + rng.uniform(-5, 5), side, colour)
    return sheet.photograph()


def number(rng: np.random.Generator, digits: Sequence[Picture]) -> Picture:
    """A number on clean paper."""
    side = int(rng.integers(90, 200))
    sheet = Sheet(rng, int(1.8 * side), int((len(digits) + 0.7) * side))
    for place, digit in enumerate(digits):
        left = (place + 0.3) * side + rng.uniform(-0.03, 0.03) * side
        sheet.write(digit, left, side * rng.uniform(0.25, 0.5), side, PENS["black"])
    return sheet.photograph()


def minus(rng: np.random.Generator, digits: Sequence[Picture]) -> Picture:
    """Two digits, a minus sign, two digits."""
    side = int(rng.integers(90, 200))
    sheet = Sheet(rng, int(1.8 * side), int(5.4 * side))
    for place, digit in zip((0, 0.85, 2.3, 3.3), digits, strict=True):
        sheet.write(digit, (place + 0.4) * side, 0.4 * side, side, PENS["black"])
    x, y = 2.4 * side, rng.uniform(0.8, 1) * side

    def shapes(canvas: ImageDraw.ImageDraw, fine: int) -> None:
        ends = [(fine * (x - 0.2 * side), fine * y), (fine * (x + 0.2 * side), fine * y + 9)]
        canvas.line(ends, 255, round(fine * 0.06 * side))

    sheet.draw(PENS["black"], shapes)
    return sheet.photograph()


KINDS: dict[str, Callable[[np.random.Generator, Picture], Picture]] = {
    "clean": clean,
    "shaded": shaded,
    "blurred": blurred,
    "pale": pale,
    "coloured": coloured,
    "JPEG-worn": jpeg_worn,
    "ink as bright as the paper": equally_bright,
    "ruled, blue pen": lambda rng, digit: ruled(rng, digit, "blue", "light"),
    "ruled, pencil": lambda rng, digit: ruled(rng, digit, "pencil", "light"),
    "ruled, strong lines": lambda rng, digit: ruled(rng, digit, "blue", "strong"),
    "squared, pencil": lambda rng, digit: squared(rng, digit, "pencil", "light"),
    "squared, dark": lambda rng, digit: squared(
        rng, digit, str(rng.choice(["blue", "black"])), "strong"
    ),
    "table beside": table,
    "table around": lambda rng, digit: table(rng, digit, around=True),
    "frame at the edge": framed,
    "box round the digit": boxed,
    "holes, folds, specks": holes_folds_specks,
    "window with a shadow": window,
}
"""What is printed → what makes such a picture of a digit."""

NUMBERS: dict[str, Callable[[np.random.Generator, Sequence[Picture]], Picture]] = {
    "numbers": number,
    "numbers in boxes": cells,
    "numbers in joined cells": lambda rng, digits: cells(rng, digits, joined=True),
    "numbers with a minus": minus,
}
"""The same for pictures of four digits, which are read with ``--split``: all right or wrong."""


class Reading(NamedTuple):
    """A picture, what is written there, and what is read; the latter is empty if nothing is."""

    picture: Picture
    written: list[int]
    read: list[int]


def readings(
    network: Trained, kind: str, images: Picture, labels: NDArray[np.uint8], count: int, seed: int
) -> Iterator[Reading]:
    """Make so many pictures of a kind from digits (n, 28, 28) with these labels, and read them."""
    rng = np.random.default_rng([seed, zlib.crc32(kind.encode())])
    for _ in range(count):
        chosen = rng.choice(len(images), 1 if kind in KINDS else 4, replace=False)
        digits, written = images[chosen], labels[chosen].tolist()
        picture = KINDS[kind](rng, digits[0]) if kind in KINDS else NUMBERS[kind](rng, digits)
        try:
            prepared = [prepare(picture)] if kind in KINDS else prepare_each(picture)
            yield Reading(picture, written, predict(network, prepared).digits.tolist())
        except DataError:
            yield Reading(picture, written, [])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="the directory of a run")
    parser.add_argument("--train", action="store_true", help="training digits, not test digits")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pictures", type=int, default=100, help="of each kind")
    parser.add_argument("--only", default="", help="kinds with this in their names")
    parser.add_argument("--save", type=Path, metavar="DIR", help="keep what is read wrong")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    arguments = parser.parse_args()
    network = trained(Run(arguments.run))
    dataset = load("mnist", validation=0)
    part = dataset.train if arguments.train else dataset.test
    images, count = part.images.reshape(-1, 28, 28), arguments.pictures
    shares = {}
    for kind in [name for name in (*KINDS, *NUMBERS) if arguments.only in name]:
        right = 0
        found = readings(network, kind, images, part.labels, count, arguments.seed)
        for turn, (picture, written, read) in enumerate(found):
            right += read == written
            if arguments.save and read != written:
                arguments.save.mkdir(parents=True, exist_ok=True)
                texts = ("".join(map(str, digits)) for digits in (written, read))
                name = "-".join([kind, str(turn), *texts])
                Image.fromarray(picture).save(arguments.save / f"{name}.png")
        shares[kind] = right / count
        print(f"{kind:28} {shares[kind]:6.1%}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(shares, indent=2) + "\n")


if __name__ == "__main__":
    main()
