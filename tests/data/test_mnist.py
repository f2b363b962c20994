"""MNIST on disk: the real files, where they are looked for, and what is refused."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from nnbasic.data import DataError, idx, mnist


def test_the_real_files_are_verified_and_read(mnist_directory: Path) -> None:
    images, labels, test_images, test_labels = mnist.read(mnist_directory)
    assert images.shape == (60000, 784)
    assert test_images.shape == (10000, 784)
    assert images.dtype == labels.dtype == np.uint8
    assert images.flags.c_contiguous
    assert labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert test_labels[:5].tolist() == [7, 2, 1, 0, 4]
    # The counts of each digit as published with the data.
    published = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(labels).tolist() == published
    assert np.bincount(test_labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip
    assert round(float(images.mean()) / 255, 4) == 0.1307
    assert round(float(images.std()) / 255, 4) == 0.3081


def test_fashionable_files_of_the_same_names_are_not_mnist(small_mnist: Path) -> None:
    file = mnist.FILES[1]
    path = small_mnist / f"{file.name}.gz"
    labels = idx.read(path)
    labels[-1] ^= 1
    idx.write(path, labels)
    with pytest.raises(DataError) as caught:
        mnist.read(small_mnist)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert f"expected {file.sha256}" in message
    assert message.endswith("; move it away and put the real file there")


def test_all_missing_files_are_named(small_mnist: Path) -> None:
    for name in ("train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (small_mnist / f"{name}.gz").unlink()
    message = r"has no train-images-idx3-ubyte, t10k-labels-idx1-ubyte \(.gz or not\)"
    for use in (mnist.read, mnist.find):
        with pytest.raises(DataError, match=message):
            use(small_mnist)


def test_places_are_searched_in_order(
    small_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mnist.find() is None
    shutil.copytree(small_mnist, mnist.CACHE)
    assert mnist.find() == mnist.CACHE
    variable = shutil.copytree(small_mnist, tmp_path / "variable")
    monkeypatch.setenv("NNBASIC_DATA", str(variable))
    assert mnist.find() == variable
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NNBASIC_DATA", "~/variable")
    assert mnist.find() == variable
    assert mnist.find(small_mnist) == mnist.find(Path("~/origin")) == small_mnist
    assert list(mnist.places(small_mnist).values()) == [small_mnist, variable, mnist.CACHE]


@pytest.mark.parametrize("source", [None, "NNBASIC_DATA"])
def test_a_chosen_folder_without_the_files_is_an_error(
    small_mnist: Path, tmp_path: Path, source: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(small_mnist, mnist.CACHE)  # which is not what was chosen
    (tmp_path / "empty").mkdir()
    for folder, problem in ("nowhere", "does not exist; put"), ("empty", "has no train-images"):
        chosen = None if source else tmp_path / folder
        monkeypatch.setenv("NNBASIC_DATA", str(tmp_path / folder))
        named = r", which \$NNBASIC_DATA names," if source else ""
        with pytest.raises(DataError, match=f"{folder}{named} {problem}"):
            mnist.find(chosen)


def test_a_folder_that_may_not_be_searched_is_a_data_error(tmp_path: Path) -> None:
    # Which of the two it is depends on the version of Python.
    with pytest.raises(DataError, match=r"cannot be read|does not exist"):
        mnist.find(tmp_path / ("x" * 5000))
