"""The built-in digits: the same bits everywhere, laid out as MNIST is, and cached safely."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from nnbasic.data import digits
from nnbasic.data.strokes import STYLES, compile_style

SAMPLE = "b87ce0ff837c58767b2f33a6870a5d87125a1adff15d74c7fbf1b4cf6ac4d58a"
"""Of 100 images and labels drawn from seed 7."""

Set = tuple[digits.Images, digits.Labels]


@pytest.fixture(scope="module")
def sample() -> Set:
    return digits.generate(1000, seed=3)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the cached set."""
    folder = tmp_path_factory.mktemp("cache") / "not" / "yet"
    digits.load(folder)
    return folder


def digest(*arrays: np.ndarray) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def test_a_sample_has_the_same_bits_on_every_machine() -> None:
    assert digest(*digits.generate(100, seed=7)) == SAMPLE


def test_the_whole_set_has_the_same_bits_on_every_machine(cache: Path) -> None:
    assert hashlib.sha256((cache / digits.FILE).read_bytes()).hexdigest() == digits.SHA256


def test_other_seeds_give_other_images(sample: Set) -> None:
    other, _ = digits.generate(1000, seed=4)
    rows = {image.tobytes() for image in np.concatenate([sample[0], other])}
    assert len(rows) == 2000


@pytest.mark.parametrize("count", [0, 1, 7, 250])
def test_shapes_and_balance(count: int) -> None:
    images, labels = digits.generate(count, seed=0)
    assert images.shape == (count, 784)
    assert labels.shape == (count,)
    assert images.dtype == labels.dtype == np.uint8
    assert images.flags.c_contiguous
    numbers = np.bincount(labels, minlength=10)
    assert numbers.max() - numbers.min() <= 1


def test_the_classes_are_shuffled(sample: Set) -> None:
    _, labels = sample
    assert 50 < np.sum(labels[1:] == labels[:-1]) < 200  # 100 expected


def test_ink_fills_a_box_of_20_pixels(sample: Set) -> None:
    for image in sample[0].reshape(-1, 28, 28):
        rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert 18 <= max(height, width) <= 20


def test_the_middle_of_the_ink_is_the_middle_of_the_image(sample: Set) -> None:
    ink = sample[0].reshape(-1, 28, 28).astype(np.float64)
    for axis in (1, 2):
        across = ink.sum(3 - axis)
        mean = across @ np.arange(28) / across.sum(1)
        assert np.all(np.abs(mean - 14) <= 0.5)


def test_ink_is_black_within_and_grey_at_the_edge(sample: Set) -> None:
    images = sample[0]
    assert np.all(images.max(1) > 150)
    assert 0.1 < np.mean(images > 0) < 0.3
    assert np.mean((images > 0) & (images < 250)) > 0.05


def test_every_digit_has_several_styles() -> None:
    assert np.bincount([style.digit for style in STYLES]).tolist() == [
        pytest.approx(6, abs=6) for _ in range(10)
    ]


def test_drawings_of_one_style_must_correspond() -> None:
    with pytest.raises(ValueError, match="differ in strokes or corners"):
        compile_style(1, 1.0, "0,0 0,100", "0,0 0,50! 0,100")


def test_a_cached_set_is_read_and_not_drawn_again(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(digits, "generate")
    train_images, train_labels, test_images, test_labels = digits.load(cache)
    assert train_images.shape == (12_000, 784)
    assert test_images.shape == (2_000, 784)
    assert np.bincount(train_labels).tolist() == [1200] * 10
    assert np.bincount(test_labels).tolist() == [200] * 10
    assert [path.name for path in cache.iterdir()] == [digits.FILE]
