"""Batches: which examples, in which order, with which values and types."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnbasic.data import Batches, DataError, Scale
from nnbasic.data.batches import Transform

SEED = np.random.SeedSequence(7, spawn_key=(2,))


def numbered(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images whose first pixel says which one they are, and labels that say it too."""
    images = np.zeros((count, 3), np.uint8)
    images[:, 0] = np.arange(count)
    return images, np.arange(count, dtype=np.uint8)


def rows(batches: Batches, epoch: int) -> list[int]:
    """The examples of an epoch in the order in which they come; inputs and labels must agree."""
    seen: list[int] = []
    for x, labels in batches.epoch(epoch):
        assert (255 * x[:, 0]).round().tolist() == labels.tolist()
        seen += labels.tolist()
    return seen


@settings(deadline=None)
@given(
    count=st.integers(1, 200), size=st.integers(1, 250), epoch=st.integers(0, 9), mix=st.booleans()
)
def test_an_epoch_has_each_example_once(count: int, size: int, epoch: int, mix: bool) -> None:
    batches = Batches(*numbered(count), batch_size=size, order=SEED if mix else None)
    lengths = [len(labels) for _, labels in batches.epoch(epoch)]
    assert lengths[:-1] == [size] * (len(batches) - 1)
    assert sum(lengths) == batches.examples == count
    seen = rows(batches, epoch)
    assert sorted(seen) == list(range(count))
    if not mix:
        assert seen == list(range(count))


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    one = Batches(*numbered(100), batch_size=7, order=SEED)
    two = Batches(*numbered(100), batch_size=13, order=np.random.SeedSequence(7, spawn_key=(2,)))
    third = rows(one, 3)
    assert rows(one, 4) != third
    next(one.epoch(5))
    assert rows(one, 3) == third == rows(two, 3)
    SEED.spawn(1)  # children that others take change nothing
    assert rows(Batches(*numbered(100), batch_size=7, order=SEED), 3) == third
    other = Batches(*numbered(100), batch_size=7, order=np.random.SeedSequence(8))
    assert rows(other, 3) != third
    for seed in (8, np.int64(8)):
        assert rows(Batches(*numbered(100), batch_size=7, order=seed), 3) == rows(other, 3)


EVERY = np.arange(256, dtype=np.uint8).reshape(2, 128)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["unit", "signed", "standard"])
def test_every_pixel_value_is_scaled(name: str, dtype: type[np.floating]) -> None:
    training = np.array([[0, 0, 0, 255], [10, 20, 30, 40]], np.uint8)
    unit = training / 255
    expected = {
        "unit": EVERY / 255,
        "signed": (EVERY - 127.5) / 127.5,
        "standard": (EVERY / 255 - unit.mean()) / unit.std(),
    }[name]
    scale = Scale.fit(name, training)
    labels = np.array([0, 1])
    ((x, y),) = Batches(EVERY, labels, batch_size=5, scale=scale, dtype=dtype, order=SEED).epoch(0)
    assert x.dtype == dtype
    assert y.dtype == np.intp
    error = 4e-7 if dtype is np.float32 else 1e-14
    np.testing.assert_allclose(x, expected[y], rtol=error, atol=error)


def test_pixels_are_scaled_as_in_a_training_unless_something_else_is_asked_for() -> None:
    labels = np.array([0, 1])
    ((x, _),) = Batches(EVERY, labels, batch_size=2).epoch(0)
    np.testing.assert_allclose(x, EVERY / 255, rtol=4e-7)
    ((x, _),) = Batches(EVERY.astype(np.float32), labels, batch_size=2).epoch(0)
    np.testing.assert_array_equal(x, EVERY)


@pytest.mark.parametrize("source", [np.float32, np.float64, np.int64, np.bool_])
def test_values_that_are_no_pixels_stay_as_they_are_or_are_scaled(
    source: type, rng: np.random.Generator
) -> None:
    images = rng.integers(0, 2, (5, 4)).astype(source)
    for x, labels in Batches(images, np.arange(5), batch_size=2, order=SEED).epoch(0):
        assert x.dtype == np.float32
        np.testing.assert_array_equal(x, images[labels])
        x[:] = -1
    for x, labels in Batches(images, np.arange(5), batch_size=2, scale=Scale(2.0, 1.0)).epoch(0):
        np.testing.assert_array_equal(x, 2 * images[labels].astype(np.float32) + 1)
    assert images.min() >= 0  # the batches are no views of them


@pytest.mark.parametrize(
    ("images", "labels", "options", "message"),
    [
        (np.zeros((2, 2, 2)), np.zeros(2, int), {}, r"images of shape \(2, 2, 2\); expected"),
        (np.zeros((2, 2)), np.zeros(3, int), {}, "expected 2 integers, one for each image"),
        (np.zeros((2, 2)), np.zeros(2), {}, "expected 2 integers, one for each image"),
        (np.zeros((0, 2)), np.zeros(0, int), {}, "there are no examples"),
        (np.zeros((2, 2)), np.array([3, -1]), {}, "a label of -1"),
        (np.zeros((2, 2)), np.zeros(2, int), {"batch_size": 0}, "batch size of 0"),
        (np.zeros((2, 2)), np.zeros(2, int), {"dtype": np.int32}, "expected a floating-point"),
    ],
)
def test_what_does_not_fit_is_refused(
    images: np.ndarray, labels: np.ndarray, options: dict[str, object], message: str
) -> None:
    arguments: dict[str, object] = {"batch_size": 1, **options}
    with pytest.raises(DataError, match=message):
        Batches(images, labels, **arguments)  # type: ignore[arg-type]


def test_scales_that_cannot_be_are_refused() -> None:
    with pytest.raises(DataError, match="unknown scale 'minmax'; known: unit, standard, signed"):
        Scale.fit("minmax", EVERY)
    with pytest.raises(DataError, match="these images have none"):
        Scale.fit("standard", np.full((3, 3), 7, np.uint8))
    with pytest.raises(DataError, match="for uint8 images; these are float64"):
        Scale.fit("standard", np.zeros((3, 3)))


def shifted(images: np.ndarray, examples: np.ndarray, epoch: int) -> np.ndarray:
    assert images.dtype == np.uint8
    return images + (100 + examples[:, np.newaxis] + epoch).astype(np.uint8)


def test_a_transform_changes_the_images_before_they_are_scaled() -> None:
    batches = Batches(
        *numbered(10), batch_size=4, order=SEED, scale=Scale(0.5, 1.0), transform=shifted
    )
    for epoch in (1, 2):
        for x, found in batches.epoch(epoch):
            # pixel 0 says which one it is: number + 100 + number + epoch, scaled
            np.testing.assert_array_equal(x[:, 0], (2 * found + 100 + epoch) / 2 + 1)
            np.testing.assert_array_equal(x[:, 1], (found + 100 + epoch) / 2 + 1)


@pytest.mark.parametrize("transform", [None, shifted])
def test_a_process_may_ask_for_its_part_of_each_batch(
    transform: Transform | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many batches are transformed at once."""
    batches = Batches(*numbered(46), batch_size=10, order=SEED, transform=transform)
    whole = [batches.take(examples, 2)[0].copy() for examples in batches.indices(2)]
    for ahead in (1, 20, 1000):
        monkeypatch.setattr("nnbasic.data.batches.AHEAD", ahead)
        parts = batches.epoch(2, lambda n: slice(n // 2, n))
        for (x, labels), examples, of in zip(parts, batches.indices(2), whole, strict=True):
            half = len(examples) // 2
            assert labels.tolist() == examples[half:].tolist()
            np.testing.assert_array_equal(x, of[half:])
