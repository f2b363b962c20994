"""The built-in digits: the same bits everywhere, laid out as MNIST is, and cached safely."""

from __future__ import annotations

import hashlib
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from nnbasic.data import digits
from nnbasic.data.pen import Style, write
from nnbasic.data.strokes import DRAWINGS

SAMPLE = "fec738cb6ca50636472909f7c53e84cbda3fa5c54c0ca73da3324822cbcfdf61"
"""SHA-256 of 100 images and their labels, drawn from seed 7."""


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return digits.generate(1000, seed=3)[0].reshape(-1, 28, 28)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the cached set, made by `digits.load` itself."""
    folder = tmp_path_factory.mktemp("cache") / "not" / "there" / "yet"
    digits.load(folder)
    return folder


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_sample_has_the_same_bits_on_every_machine() -> None:
    images, labels = digits.generate(100, seed=7)
    assert sha256(images.tobytes() + labels.tobytes()) == SAMPLE


def test_the_whole_set_has_the_same_bits_on_every_machine(cache: Path) -> None:
    assert sha256((cache / digits.FILE).read_bytes()) == digits.SHA256


def test_no_two_images_are_the_same(cache: Path) -> None:
    train_images, _, test_images, _ = digits.load(cache)
    rows = {image.tobytes() for image in (*train_images, *test_images)}
    assert len(rows) == 14_000


@pytest.mark.parametrize("count", [0, 1, 7, 250])
def test_shapes_and_balance(count: int) -> None:
    images, labels = digits.generate(count, seed=0)
    assert (images.shape, labels.shape) == ((count, 784), (count,))
    assert images.dtype == labels.dtype == np.uint8
    assert images.flags.c_contiguous
    numbers = np.bincount(labels, minlength=10)
    assert len(numbers) == 10
    assert np.ptp(numbers) <= 1


def test_classes_come_in_random_order() -> None:
    _, labels = digits.generate(1000, seed=3)
    same_as_before = np.sum(labels[1:] == labels[:-1])
    assert 60 < same_as_before < 140  # 100 expected, standard deviation 9.5


def test_the_ink_fills_a_box_of_20_pixels(images: np.ndarray) -> None:
    for image in images:
        sides = [np.ptp(np.flatnonzero(image.any(axis))) + 1 for axis in (0, 1)]
        assert 19 <= max(sides) <= 20


def test_the_centre_of_mass_is_the_middle(images: np.ndarray) -> None:
    ink = images.astype(np.float64)
    for axis in (1, 2):
        across = ink.sum(axis)
        mean = across @ np.arange(28) / across.sum(1)
        off = np.abs(mean - 14)  # MNIST's middle; a box is moved by whole pixels ...
        assert np.mean(off <= 0.5) > 0.99
        assert off.max() < 1  # ... and never out of the image


def test_ink_is_solid_within_and_soft_at_its_edge(images: np.ndarray) -> None:
    ink = images[images > 0]
    assert 0.1 < ink.size / images.size < 0.3
    assert np.mean(ink > 250) > 0.25
    assert np.mean(ink < 200) > 0.25
    assert images.max((1, 2)).min() > 150


def test_every_digit_is_written_in_several_styles() -> None:
    assert list(DRAWINGS) == list(range(10))
    assert min(len(styles) for styles in DRAWINGS.values()) >= 5


@pytest.mark.parametrize(
    ("digit", "texts"), [(digit, texts) for digit in DRAWINGS for _, texts in DRAWINGS[digit]]
)
def test_drawings_are_upright_and_of_the_agreed_size(digit: int, texts: list[str]) -> None:
    for points in Style.parse(texts).drawings:
        assert 90 <= np.ptp(points[:, 1]) <= 110
        assert np.ptp(points[:, 0]) <= 145


def test_the_pen_draws_what_the_text_says(rng: np.random.Generator) -> None:
    """A bar and a stem make a T, which is wider at its top than at its foot."""
    letters = write(Style.parse(["0,0 60,0 | 30,0 30,100"]), 200, rng)
    wider = []
    for letter in letters:
        rows = letter[letter.any(1)]
        top, foot = (np.sum(part.any(0)) for part in (rows[:6], rows[-6:]))
        wider.append(top > foot)
    assert np.mean(wider) > 0.95


def test_drawings_of_one_style_must_have_the_same_points() -> None:
    with pytest.raises(ValueError, match="differ in their strokes or corners"):
        Style.parse(["0,0 0,40 0,100", "0,0 0,50! 0,100"])


def test_a_cached_set_is_read_and_not_drawn_again(cache: Path) -> None:
    before = (cache / digits.FILE).stat()
    train_images, train_labels, test_images, test_labels = digits.load(cache)
    assert train_images.shape == (12_000, 784)
    assert test_images.shape == (2_000, 784)
    assert train_images.flags.c_contiguous
    assert test_images.flags.c_contiguous
    assert np.bincount(train_labels).tolist() == [1200] * 10
    assert np.bincount(test_labels).tolist() == [200] * 10
    after = (cache / digits.FILE).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert [path.name for path in cache.iterdir()] == [digits.FILE]


@pytest.mark.parametrize("damage", ["short", "long", "flipped"])
def test_a_damaged_file_is_replaced(damage: str, cache: Path, tmp_path: Path) -> None:
    content = (cache / digits.FILE).read_bytes()
    flipped = content[:5000] + bytes([content[5000] ^ 1]) + content[5001:]
    damaged = {"short": content[:-1], "long": content + b"\0", "flipped": flipped}[damage]
    (tmp_path / digits.FILE).write_bytes(damaged)
    for loaded, good in zip(digits.load(tmp_path), digits.load(cache), strict=True):
        np.testing.assert_array_equal(loaded, good)
    assert (tmp_path / digits.FILE).read_bytes() == content


def test_a_folder_that_cannot_be_written_is_no_error(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for loaded, good in zip(digits.load(tmp_path / "file"), digits.load(cache), strict=True):
        np.testing.assert_array_equal(loaded, good)


def test_two_processes_may_fill_the_cache_at_once(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        for arrays in pool.map(digits.load, [tmp_path, tmp_path]):
            assert sha256(b"".join(array.tobytes() for array in arrays)) == digits.SHA256
    assert [path.name for path in tmp_path.iterdir()] == [digits.FILE]
