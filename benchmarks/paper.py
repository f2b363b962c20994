"""Paper to write digits on with a pen, and a camera that takes pictures of it."""

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]
Colour = tuple[float, float, float]

PENS: dict[str, Colour] = {"blue": (35, 50, 150), "black": (28, 26, 32), "pencil": (122, 122, 124)}
LINES: dict[str, Colour] = {"light": (140, 172, 205), "strong": (105, 120, 145)}
PAPER: Colour = (238, 236, 230)


class Sheet:
    """A sheet of paper, ``height`` × ``width`` pixels, to write on; chance comes from ``rng``."""

    def __init__(self, rng: np.random.Generator, height: int, width: int, paper: Colour = PAPER):
        self.rng = rng
        self.size = (width, height)
        self.pixels: Floats = np.broadcast_to(np.array(paper, float), (height, width, 3)).copy()

    def paint(self, cover: Image.Image | Floats, colour: Colour) -> None:
        """Cover the sheet with ``colour`` where ``cover`` is 255, or 1 as floats."""
        part = np.asarray(cover) / 255 if isinstance(cover, Image.Image) else cover
        self.pixels += (np.array(colour) - self.pixels) * part[:, :, np.newaxis]

    def draw(self, colour: Colour, shapes: Callable[[ImageDraw.ImageDraw, int], object]) -> None:
        """Paint what ``shapes`` draws on a canvas that is larger by the factor that it is given."""
        fine = 4
        canvas = Image.new("L", (fine * self.size[0], fine * self.size[1]))
        shapes(ImageDraw.Draw(canvas), fine)
        self.paint(canvas.reduce(fine), colour)

    def write(self, digit: Picture, left: float, top: float, side: float, colour: Colour) -> None:
        """Write ``digit``, whose 28 pixels become ``side``, with a pen of an even breadth."""
        ink = pen(digit, side, self.rng.uniform(0.05, 0.09) * side)
        canvas = Image.new("L", self.size)
        canvas.paste(ink, (round(left), round(top)))
        self.paint(canvas, colour)

    def rule(self, colour: Colour, spacing: float, breadth: float, across: bool = False) -> None:
        """Lines all over the sheet, from side to side or ``across``, turned by up to a degree."""
        width, height = self.size
        slope = self.rng.uniform(-0.017, 0.017)
        long, far = (height, width) if across else (width, height)

        def shapes(canvas: ImageDraw.ImageDraw, fine: int) -> None:
            for place in np.arange(self.rng.uniform(0, spacing) - spacing, far + spacing, spacing):
                ends = [(-1.0, place - slope * long / 2), (long + 1.0, place + slope * long / 2)]
                points = [(fine * y, fine * x) if across else (fine * x, fine * y) for x, y in ends]
                canvas.line(points, 255, max(1, round(fine * breadth)))

        self.draw(colour, shapes)

    def photograph(self, quality: int = 85) -> Picture:
        """As a camera has it: uneven light, grain, a little blur, JPEG."""
        height, width = self.pixels.shape[:2]
        angle = self.rng.uniform(0, 2 * np.pi)
        y, x = np.linspace(-1, 1, height)[:, np.newaxis], np.linspace(-1, 1, width)
        light = 0.92 + self.rng.uniform(0.02, 0.1) * (np.cos(angle) * y + np.sin(angle) * x)
        pixels = self.pixels * light[:, :, np.newaxis]
        pixels += grain(self.rng, height, width, 6, 3)[:, :, np.newaxis]
        pixels += self.rng.normal(0, 3, (height, width, 1))
        image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
        return worn(image.filter(ImageFilter.GaussianBlur(self.rng.uniform(0.3, 0.9))), quality)


def pen(digit: Picture, side: float, breadth: float) -> Image.Image:
    """The middle of the strokes of ``digit`` drawn anew, side × side pixels, ink 255 on 0."""
    fine = 4
    large = Image.fromarray(digit).resize((28 * fine, 28 * fine), Image.Resampling.BICUBIC)
    scale = 4 * side / (28 * fine)  # four times as large as it becomes
    canvas = Image.new("L", (4 * round(side), 4 * round(side)))
    draw = ImageDraw.Draw(canvas)
    radius = 2 * breadth
    for row, column in np.argwhere(thinned(np.asarray(large) > 110)):
        x, y = (column + 0.5) * scale, (row + 0.5) * scale
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
    return canvas.filter(ImageFilter.GaussianBlur(scale / 2)).reduce(4)


def thinned(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Strokes one pixel broad (Zhang and Suen, 1984, "A fast parallel algorithm for thinning")."""
    mask = np.pad(mask, 1)
    around = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]
    changed = True
    while changed:
        changed = False
        for first in (True, False):
            ring = np.array([np.roll(mask, (-dy, -dx), (0, 1)) for dy, dx in around])
            count = ring.sum(axis=0)
            rises = (~ring & np.roll(ring, -1, axis=0)).sum(axis=0)
            north, east, south, west = ring[0], ring[2], ring[4], ring[6]
            if first:
                open_ = ~(north & east & south) & ~(east & south & west)
            else:
                open_ = ~(north & east & west) & ~(north & south & west)
            gone = mask & (count >= 2) & (count <= 6) & (rises == 1) & open_
            mask, changed = mask & ~gone, changed or bool(gone.any())
    return mask[1:-1, 1:-1]


def grain(rng: np.random.Generator, height: int, width: int, coarse: int, size: float) -> Floats:
    """Smooth noise of standard deviation ``size`` whose spots are ``coarse`` pixels large."""
    spots = rng.normal(0, size, (height // coarse + 1, width // coarse + 1)).astype(np.float32)
    large = Image.fromarray(spots).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(large, float)


def worn(image: Image.Image, quality: int) -> Picture:
    """``image`` after JPEG."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))
