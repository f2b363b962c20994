"""Data sets: which one `load` gives, its splits, and when it refuses to fall back."""

import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from nnbasic.data import DataError, Dataset, load, mnist
from nnbasic.data.fetch import FetchError


@pytest.fixture
def offline(small_mnist: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing can be fetched; the small MNIST is in the folder returned."""
    monkeypatch.setenv("NNBASIC_MIRRORS", "http://127.0.0.1:9/")
    return small_mnist


def test_mnist_is_split_without_a_copy(mnist_directory: Path) -> None:
    tracemalloc.start()
    dataset = load("mnist", validation=5000, directory=mnist_directory)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60e6  # the images alone are 55 MB
    assert (dataset.name, dataset.note) == ("mnist", None)
    assert dataset.source == str(mnist_directory)
    assert dataset.train.images.base is dataset.validation.images.base
    whole, labels, test, test_labels = mnist.read(mnist_directory)
    np.testing.assert_array_equal(dataset.validation.images, whole[-5000:])
    np.testing.assert_array_equal(dataset.validation.labels, labels[-5000:])
    np.testing.assert_array_equal(dataset.train.images[-1], whole[54999])
    np.testing.assert_array_equal(dataset.train.labels, labels[:55000])
    np.testing.assert_array_equal(dataset.test.images, test)
    np.testing.assert_array_equal(dataset.test.labels, test_labels)


@pytest.mark.parametrize("validation", [-1, 40, 10**9])
def test_a_validation_split_that_leaves_nothing_is_refused(offline: Path, validation: int) -> None:
    with pytest.raises(DataError, match="it must be between 0 and 39"):
        load("mnist", validation=validation, directory=offline)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(DataError, match="unknown dataset 'cifar'; known: auto, mnist, digits"):
        load("cifar", validation=0)


def test_mnist_that_cannot_be_fetched_is_an_error(offline: Path) -> None:
    with pytest.raises(FetchError, match=r"127\.0\.0\.1:9/"):
        load("mnist", validation=5)


def test_auto_falls_back_and_says_why(offline: Path) -> None:
    with pytest.warns(UserWarning, match="using the built-in digits: MNIST could not be") as seen:
        dataset = load("auto", validation=2000)
    assert seen[0].filename == __file__
    assert dataset.name == "digits"
    assert dataset.note is not None
    assert "MNIST could not be fetched" in dataset.note
    asked_for = load("digits", validation=0)
    assert asked_for.note is None
    assert asked_for.sha256 == dataset.sha256


def test_auto_is_mnist_and_does_not_replace_a_broken_file(offline: Path) -> None:
    assert load("auto", validation=5, directory=offline).name == "mnist"
    (offline / f"{mnist.FILES[3].name}.gz").write_bytes(b"\x1f\x8b broken")
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz: the gzip stream is broken"):
        load("auto", validation=5, directory=offline)
    # Also where only some of the files are there and the others cannot be fetched.
    mnist.CACHE.mkdir(parents=True)
    shutil.copy(offline / f"{mnist.FILES[3].name}.gz", mnist.CACHE)
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz: the gzip stream is broken"):
        load("auto", validation=5)


def test_the_first_training_images_alone(dataset: Dataset) -> None:
    short = dataset.shortened(100)
    np.testing.assert_array_equal(short.train.images, dataset.train.images[:100])
    assert len(short.train.labels) == 100
    assert (short.validation, short.test) == (dataset.validation, dataset.test)
    assert short.scale("standard") != dataset.scale("standard")  # fitted to what is trained on
    with pytest.raises(DataError, match=r"data\.train is 60001; digits has"):
        dataset.shortened(60_001)
