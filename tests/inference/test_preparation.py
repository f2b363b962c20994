"""The preparation: MNIST's own images are left alone, and pictures of them become them again."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnbasic.data import DataError, idx
from nnbasic.inference import predict, prepare
from nnbasic.inference.preparation import frame
from nnbasic.training import Trained

Labelled = tuple[np.ndarray, np.ndarray]


def photograph(
    image: np.ndarray,
    rng: np.random.Generator,
    *,
    scale: float = 1.0,
    white: bool = True,
    paper: bool = False,
) -> np.ndarray:
    """``image`` enlarged ten times and by ``scale``, somewhere on a larger sheet.

    ``paper`` has a coarse and a fine grain, light that fades to a half, and was kept as JPEG.
    """
    side = round(280 * scale)
    large = Image.fromarray(image).resize((280, 280), Image.Resampling.NEAREST)
    resized = large.resize(
        (side, side), Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    )
    height, width = (int(side * rng.uniform(1, 1.8)) for _ in range(2))
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    ink = np.zeros((height, width))
    ink[top : top + side, left : left + side] = np.asarray(resized) / 255
    sheet, pen = (
        ((235.0, 35.0) if white else (20.0, 220.0))
        if paper
        else (255.0 * white, 255.0 * (not white))
    )
    picture = sheet + (pen - sheet) * ink
    if paper:
        angle = rng.uniform(0, 2 * np.pi)
        y, x = np.linspace(-1, 1, height)[:, np.newaxis], np.linspace(-1, 1, width)
        picture *= 0.75 + 0.25 * (np.cos(angle) * y + np.sin(angle) * x) / np.sqrt(2)
        grain = Image.fromarray(rng.normal(0, 6, (height // 6, width // 6)).astype(np.float32))
        picture += np.asarray(grain.resize((width, height), Image.Resampling.BICUBIC))
        picture += rng.normal(0, 8, picture.shape)
    pixels = np.rint(np.clip(picture, 0, 255)).astype(np.uint8)
    if not paper:
        return pixels
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=75)
    return np.asarray(Image.open(file))


def accuracy(reader: Trained, images: list[np.ndarray], labels: np.ndarray) -> float:
    return float(np.mean(predict(reader, images).digits == labels))


def test_the_reader_reads_mnist(reader: Trained, mnist_test: Labelled) -> None:
    """What the other tests build on. Of some of the images alone, chance would be in the way."""
    images, labels = mnist_test
    assert accuracy(reader, list(images), labels) > 0.97


def test_what_mnist_is(mnist_directory: Path, mnist_test: Labelled) -> None:
    """The facts that the preparation rests on, of all 70,000 images."""
    train = idx.read(mnist_directory / "train-images-idx3-ubyte.gz")
    images = np.concatenate([train, mnist_test[0]])
    mass = images.sum(axis=(1, 2), dtype=np.int64)
    for axis in (1, 2):
        along = images.sum(axis=axis, dtype=np.int64)
        centre = along @ (np.arange(28) + 0.5) / mass
        assert np.count_nonzero((centre < 14) | (centre >= 15)) == 1
        assert centre.min() > 13.97
    lengths = [
        28 - inked.argmax(axis=1) - inked[:, ::-1].argmax(axis=1)
        for inked in (images.any(axis=1), images.any(axis=2))
    ]
    sides, counts = np.unique(np.maximum(*lengths), return_counts=True)
    assert dict(zip(sides.tolist(), counts.tolist(), strict=True)) == {19: 16, 20: 69984}


def test_mnist_images_are_framed_already(mnist_test: Labelled) -> None:
    images = mnist_test[0]
    again = np.array([frame(image) for image in images])
    changed = np.abs(again.astype(int) - images).max(axis=(1, 2))
    assert np.count_nonzero(changed > 1) <= 10  # 1: some have a maximum of 254
    same = [prepare(image) for image in images[:200]]
    np.testing.assert_array_equal(same, images[:200])


@pytest.mark.slow
@pytest.mark.parametrize("paper", [False, True], ids=["screen", "paper"])
def test_pictures_of_digits_are_read_as_well_as_the_digits(
    paper: bool,
    reader: Trained,
    mnist_test: Labelled,
    rng: np.random.Generator,
) -> None:
    """Enlarged, moved, scaled between 0.3 and 3, on black or white: at most one point is lost.

    Of 1,200 images chance alone makes up a third of a point.
    """
    chosen = rng.choice(10_000, 1200, replace=False)
    images, labels = mnist_test[0][chosen], mnist_test[1][chosen]
    scales = np.exp(rng.uniform(np.log(0.3), np.log(3), len(chosen)))
    prepared = [
        prepare(photograph(image, rng, scale=scale, white=bool(turn % 2), paper=paper))
        for turn, (image, scale) in enumerate(zip(images, scales, strict=True))
    ]
    before = accuracy(reader, list(images), labels)
    assert accuracy(reader, prepared, labels) >= before - 0.01


COLOURS = {
    "blue on cream": ((250, 240, 200), (30, 40, 160)),
    "chalk on a board": ((30, 70, 50), (230, 230, 220)),
    "yellow on white": ((255, 255, 255), (250, 230, 40)),
    "blue on black": ((0, 0, 0), (0, 0, 255)),
}


@pytest.mark.parametrize("colours", COLOURS)
def test_coloured_ink(
    colours: str, reader: Trained, mnist_test: Labelled, rng: np.random.Generator
) -> None:
    paper, ink = map(np.array, COLOURS[colours])
    pictures = [
        (paper + (ink - paper) * (photograph(image, rng, white=False)[:, :, np.newaxis] / 255))
        for image in mnist_test[0][:40]
    ]
    prepared = [prepare(picture.astype(np.uint8)) for picture in pictures]
    assert accuracy(reader, prepared, mnist_test[1][:40]) >= 0.95


@pytest.mark.parametrize("grey", [0, 255])
def test_ink_on_nothing(grey: int, mnist_test: Labelled) -> None:
    """Where the paper is transparent, black and white ink are read alike."""
    large = np.kron(mnist_test[0][0], np.ones((10, 10), np.uint8))
    rgba = np.stack([np.full_like(large, grey)] * 3 + [large], axis=2)
    expected = mnist_test[0][0].astype(int)
    for picture in (rgba, rgba[:, :, 2:]):
        assert np.abs(prepare(picture) - expected).mean() < 4


def test_any_type_of_numbers(mnist_test: Labelled) -> None:
    large = np.kron(255 - mnist_test[0][1], np.ones((10, 10), np.uint8))
    expected = prepare(large)
    for same in (large / 255, (large / 255).astype(np.float32), large.astype(np.uint16) * 257):
        np.testing.assert_array_equal(prepare(same), expected)
    assert prepare(large > 127).max() == 255


def test_a_tight_crop_is_no_other_polarity(reader: Trained, mnist_test: Labelled) -> None:
    """Though there is hardly any paper around the ink."""
    images, labels = mnist_test[0][:100], mnist_test[1][:100]
    cut = [image[image.any(axis=1)][:, image.any(axis=0)] for image in images]
    large = [np.kron(np.pad(image, 1), np.ones((8, 8), np.uint8)) for image in cut]
    for pictures in (large, [255 - picture for picture in large]):
        assert accuracy(reader, [prepare(picture) for picture in pictures], labels) >= 0.95


def test_dust_and_ruled_lines_are_left_out(mnist_test: Labelled, rng: np.random.Generator) -> None:
    clean = photograph(mnist_test[0][0], rng)
    ruled = clean.copy()
    ruled[5::30] = np.minimum(ruled[5::30], 200)
    dusty = clean.copy()
    for row, column in rng.integers(0, len(clean) - 3, (20, 2)):
        dusty[row : row + 3, column : column + 2] = 0
    for picture in (ruled, dusty):
        assert np.abs(prepare(picture).astype(int) - prepare(clean)).mean() < 2


@pytest.mark.slow
def test_the_edge_of_a_shadow_is_no_ink(
    reader: Trained, mnist_test: Labelled, rng: np.random.Generator
) -> None:
    """Of a shadow that takes 40 % of the light from a part of the sheet, at any angle."""
    images, labels = mnist_test[0][:80], mnist_test[1][:80]
    prepared = []
    for image in images:
        picture = photograph(image, rng)
        y, x = (np.linspace(-1, 1, n) for n in picture.shape)
        angle, place = rng.uniform(0, 2 * np.pi), rng.uniform(-0.5, 0.5)
        beyond = np.cos(angle) * y[:, np.newaxis] + np.sin(angle) * x - place
        prepared.append(
            prepare((picture * (1 - 0.4 / (1 + np.exp(-25 * beyond)))).astype(np.uint8))
        )
    assert accuracy(reader, prepared, labels) >= 0.95


@pytest.mark.parametrize("noise", [0, 3, 10])
@pytest.mark.parametrize("shape", [(28, 28), (300, 500), (1, 1), (1, 700)])
def test_paper_without_ink_is_said_to_have_none(
    shape: tuple[int, int], noise: float, rng: np.random.Generator
) -> None:
    light = np.linspace(235, 120, shape[1])
    sheet = np.clip(light + rng.normal(0, noise, shape), 0, 255).astype(np.uint8)
    for picture in (sheet, 255 - sheet):
        with pytest.raises(DataError, match="no ink"):
            prepare(picture)


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (np.zeros((3, 3, 5)), r"\(3, 3, 5\)"),
        (np.zeros(784), r"\(784,\)"),
        (np.zeros((0, 5)), r"\(0, 5\)"),
        (np.full((5, 5), 2.5), r"from 2\.5 to 2\.5"),
        (np.array([[0, 300]]), "from 0 to 300"),
        (np.array([[0.0, np.nan]]), "nan"),
        (np.array([["a", "b"]]), "<U1"),
    ],
)
def test_what_is_no_picture(picture: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        prepare(picture)


def test_thin_and_lopsided_ink_stays_within_the_image() -> None:
    """Where its centre of mass cannot be in the middle, nothing is cut off."""
    lopsided = np.zeros((200, 200))
    lopsided[:, 0] = 0.1
    lopsided[180:, :] = 1
    for ink in (np.ones((300, 1)), np.ones((1, 300)), np.ones((1, 1)), lopsided):
        image = frame(ink)
        rows, columns = image.any(axis=1).sum(), image.any(axis=0).sum()
        assert max(rows, columns) == 20
        assert image.max() == 255


@pytest.mark.parametrize("width", [20, 48, 60])
def test_a_thick_bar_is_ink_and_no_sheet(width: int) -> None:
    picture = np.full((270, 220), 255, np.uint8)
    picture[40:230, 110 - width // 2 : 110 + width // 2] = 0
    rows, columns = (np.flatnonzero(prepare(picture).any(axis=axis)) for axis in (1, 0))
    assert np.ptp(rows) == 19
    assert np.ptp(columns) < 10
