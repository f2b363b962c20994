"""Distorted images: what each part of a recipe does, and what a distortion depends on."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from nnbasic.data.augmentation import SIDE, Distortion

RECIPE = {"shift": 2.0, "rotation": 15.0, "scale": 0.15, "shear": 0.2, "elastic": 34.0}


def distorted(images: np.ndarray, seed: int = 1, epoch: int = 1, **recipe: float) -> np.ndarray:
    """A copy of ``images`` (n, 28, 28), each distorted by ``recipe``."""
    distortion = Distortion(len(images), np.random.SeedSequence(seed), **recipe)
    flat = images.reshape(len(images), -1).copy()
    result = distortion(flat, np.arange(len(images)), epoch)
    assert (result.dtype, result.shape) == (np.uint8, flat.shape)
    return result.reshape(images.shape)


@pytest.fixture
def images(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (200, SIDE, SIDE), np.uint8)


def largest(distortion: Distortion, epoch: int) -> np.ndarray:
    """Draws by which each part of the affine map is as large as it may be."""
    return np.full((200, 6), 2**16 - 1, np.uint16)


def test_without_a_recipe_nothing_changes(images: np.ndarray) -> None:
    np.testing.assert_array_equal(distorted(images), images)
    np.testing.assert_array_equal(distorted(images, smoothness=8.0), images)


def test_each_part_by_numpy(images: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Distortion, "_drawn", largest)
    turned = np.rot90(images, -1, axes=(1, 2))
    np.testing.assert_array_equal(distorted(images, rotation=90), turned)
    shifted = np.zeros_like(images)
    shifted[:, :-3, :-3] = images[:, 3:, 3:]
    np.testing.assert_array_equal(distorted(images, shift=3), shifted)
    # between the pixels: the mean of four
    wide = np.pad(images, [(0, 0), (0, 1), (0, 1)]).astype(int)
    four = wide[:, :-1, :-1] + wide[:, :-1, 1:] + wide[:, 1:, :-1] + wide[:, 1:, 1:]
    np.testing.assert_array_equal(distorted(images, shift=0.5), (four + 2) // 4)
    # each row moves by the shear, and what is square grows by half
    line = np.zeros((1, SIDE, SIDE), np.uint8)
    line[:, :, 13:15] = 200
    weights = distorted(line, shear=0.5)[0, 1:-1].astype(float)
    centres = weights @ np.arange(SIDE) / weights.sum(axis=1)
    np.testing.assert_allclose(np.diff(centres), -0.5, atol=0.02)
    square = np.zeros((1, SIDE, SIDE), np.uint8)
    square[:, 10:18, 10:18] = 200
    grown = distorted(square, scale=0.5)[0] / 200
    assert grown.sum() == pytest.approx(144, rel=0.01)
    assert np.argwhere(grown > 0.5).min() == 8


def test_an_image_moves_by_any_amount_up_to_the_shift() -> None:
    images = np.zeros((2000, SIDE, SIDE), np.uint8)
    images[:, 13:15, 13:15] = 250
    moved = distorted(images, shift=3).astype(float)
    total = moved.sum(axis=(1, 2))
    for axis in (1, 2):
        by = moved.sum(axis=axis) @ np.arange(SIDE) / total - 13.5
        assert -3.01 < by.min() < -2.95
        assert 2.95 < by.max() < 3.01
        assert by.std() == pytest.approx(np.sqrt(3), rel=0.05)


def test_blank_stays_blank() -> None:
    blank = np.zeros((50, SIDE, SIDE), np.uint8)
    assert not distorted(blank, **RECIPE).any()


def correlations(fields: np.ndarray) -> list[float]:
    """SD of ``fields`` (n, 8, 8), and their correlations at distances of 3 and 6 pixels."""
    sd = float(fields.std())
    return [sd, *(float(np.mean(fields[:, :, :-d] * fields[:, :, d:])) / sd**2 for d in (3, 6))]


@pytest.mark.parametrize(("elastic", "smoothness"), [(34.0, 4.0), (20.0, 2.5)])
def test_the_elastic_field_is_that_of_simard(
    rng: np.random.Generator, elastic: float, smoothness: float
) -> None:
    """Uniform noise, smoothed by a Gaussian: simulated, and measured on distorted ramps."""
    n, reach = 3000, int(4 * smoothness)
    gaussian = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * smoothness**2))
    gaussian /= gaussian.sum()
    smooth = np.stack([np.roll(np.pad(gaussian, (0, 7)), i) for i in range(8)])
    noise = rng.uniform(-1, 1, (n, smooth.shape[1], smooth.shape[1]))
    simulated = elastic * smooth @ noise @ smooth.T
    ramp = np.tile(9 * np.arange(SIDE), (n, SIDE, 1)).astype(np.uint8)
    middle = slice(10, 18)
    for images in (ramp, ramp.transpose(0, 2, 1)):
        change = distorted(images, elastic=elastic, smoothness=smoothness) - images.astype(float)
        measured = change[:, middle, middle] / 9
        np.testing.assert_allclose(correlations(measured), correlations(simulated), atol=0.04)


def test_a_distortion_depends_on_seed_epoch_and_example_alone(images: np.ndarray) -> None:
    same = np.repeat(images[:1], 200, axis=0)
    once = distorted(same, **RECIPE)
    assert len(np.unique(once.reshape(200, -1), axis=0)) == 200
    np.testing.assert_array_equal(distorted(same, **RECIPE), once)
    for other in ({"epoch": 2}, {"seed": 2}):
        assert not (distorted(same, **other, **RECIPE) == once).all(axis=(1, 2)).any()  # type: ignore[arg-type]


def test_neither_the_batch_nor_the_threads_change_a_bit(
    images: np.ndarray, rng: np.random.Generator
) -> None:
    expected, flat = distorted(images, epoch=3, **RECIPE), images.reshape(len(images), -1)
    distortion = Distortion(len(images), np.random.SeedSequence(1), **RECIPE)
    for size in (1, 2, 7, 63, 64, 65, 200):
        for threads in (1, 2):
            order = rng.permutation(len(images))[: 20 * size]
            for start in range(0, len(order), size):
                batch = order[start : start + size]
                distortion(flat[:1].copy(), batch[:1], 2)  # another epoch in between
                with threadpool_limits(threads, user_api="blas"):
                    found = distortion(flat[batch], batch, 3)
                np.testing.assert_array_equal(found.reshape(-1, SIDE, SIDE), expected[batch])
