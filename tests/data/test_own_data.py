"""Data sets of others, in files made and named as MNIST's."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nnbasic.data import DataError, idx, load, load_idx, mnist

NAMES = [file.name for file in mnist.FILES]


@pytest.fixture
def arrays(rng: np.random.Generator) -> list[np.ndarray]:
    """Images of three classes and their labels, for training and for testing."""
    return [
        array
        for count in (30, 12)
        for array in (
            rng.integers(0, 256, (count, 28, 28), dtype=np.uint8),
            np.arange(count, dtype=np.uint8) % 3,
        )
    ]


def written(
    folder: Path, arrays: list[np.ndarray], spelling: str = "-idx", ending: str = ""
) -> Path:
    for name, array in zip(NAMES, arrays, strict=True):
        idx.write(folder / f"{name.replace('-idx', spelling)}{ending}", array)
    return folder


@pytest.mark.parametrize("names", [*itertools.product(["-idx", ".idx"], ["", ".gz"])])
def test_four_files_are_a_data_set(
    names: tuple[str, str],
    tmp_path: Path,
    arrays: list[np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    written(tmp_path / "mine", arrays, *names)
    found = load_idx(Path("~/mine"), name="mine", validation=10, classes=["a", "b", "c"])
    assert (found.name, found.source, found.classes) == ("mine", str(tmp_path / "mine"), 3)
    np.testing.assert_array_equal(found.train.images, arrays[0][:20].reshape(20, 784))
    np.testing.assert_array_equal(found.validation.labels, arrays[1][20:])
    np.testing.assert_array_equal(found.test.images, arrays[2].reshape(12, 784))
    np.testing.assert_array_equal(found.test.labels, arrays[3])


def test_files_in_folders_called_like_them_are_found(
    tmp_path: Path, arrays: list[np.ndarray]
) -> None:
    flat = load_idx(written(tmp_path / "flat", arrays), name="a", validation=0)
    for name, array in zip(NAMES, arrays, strict=True):
        idx.write(tmp_path / "deep" / name / name.replace("-idx", ".idx"), array)
    deep = load_idx(tmp_path / "deep", name="a", validation=0)
    assert deep.sha256 == flat.sha256


def test_a_split_that_lacks_classes_is_warned_of(tmp_path: Path, arrays: list[np.ndarray]) -> None:
    folder = written(tmp_path / "mixed", arrays)
    assert load_idx(folder, name="a", validation=10).warnings == ()
    arrays[1].sort()
    arrays[3][:] = 0
    found = load_idx(written(tmp_path / "sorted", arrays), name="a", validation=10)
    assert [warning.partition(";")[0] for warning in found.warnings] == [
        "the 20 training images hold 2 of the 3 classes",
        "the 10 validation images hold 1 of the 3 classes",
        "the 12 test images hold 1 of the 3 classes",
    ]


def test_labels_need_not_begin_at_0(tmp_path: Path, arrays: list[np.ndarray]) -> None:
    arrays[1], arrays[3] = arrays[1] + 1, arrays[3] + 1  # as EMNIST's letters do
    assert load_idx(written(tmp_path, arrays), name="a", validation=10).warnings == ()


def test_the_hash_is_of_the_content(tmp_path: Path, arrays: list[np.ndarray]) -> None:
    plain = load_idx(written(tmp_path / "plain", arrays), name="a", validation=0)
    zipped = load_idx(written(tmp_path / "zipped", arrays, ending=".gz"), name="b", validation=3)
    assert plain.sha256 == zipped.sha256
    arrays[2][0, 0, 0] ^= 1
    other = load_idx(written(tmp_path / "other", arrays), name="a", validation=0)
    assert other.sha256 != plain.sha256


def test_mnist_keeps_its_own_hash(mnist_directory: Path) -> None:
    own = load_idx(mnist_directory, name="copy", validation=5000)
    official = load("mnist", validation=5000, directory=mnist_directory)
    assert own.sha256 == official.sha256
    np.testing.assert_array_equal(own.test.images, official.test.images)


BAD: dict[str, tuple[int, Callable[[np.ndarray], np.ndarray], str]] = {
    "other size": (0, lambda x: x[:, :20], r"train-images-idx3-ubyte: .* shape \(30, 20, 28\)"),
    "other type": (2, lambda x: x.astype("f4"), r"t10k-images-idx3-ubyte: .* type float32; exp"),
    "no images": (2, lambda x: x[:0], r"t10k-images-idx3-ubyte: an array of shape \(0, 28, 28\)"),
    "too few labels": (1, lambda y: y[:-1], r"shape \(29,\) .* expected 30 whole numbers"),
    "fractions": (3, lambda y: y.astype("f4"), "type float32; expected 12 whole numbers"),
    "a negative label": (3, lambda y: y.astype("i1") - 1, "labels from -1 to 1; expected 0 to"),
    "a large label": (1, lambda y: y.astype("i4") * 500, "labels from 0 to 1000; expected 0 to 2"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(case: str, tmp_path: Path, arrays: list[np.ndarray]) -> None:
    number, spoil, message = BAD[case]
    arrays[number] = spoil(arrays[number])
    with pytest.raises(DataError, match=message):
        load_idx(written(tmp_path, arrays), name="mine", validation=0)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["a", "b"], "labels from 0 to 2; expected 0 to 1"),
        (["a", "b", "c", "d"], "labels go from 0 to 2, and there are 4 names of classes"),
    ],
)
def test_a_name_for_each_class(
    classes: list[str], message: str, tmp_path: Path, arrays: list[np.ndarray]
) -> None:
    with pytest.raises(DataError, match=message):
        load_idx(written(tmp_path, arrays), name="mine", validation=0, classes=classes)


def test_missing_files_and_too_large_a_split(tmp_path: Path, arrays: list[np.ndarray]) -> None:
    folder = written(tmp_path / "data", arrays)
    with pytest.raises(DataError, match="a validation split of 30 images; mine has 30 training"):
        load_idx(folder, name="mine", validation=30)
    (folder / NAMES[3]).unlink()
    with pytest.raises(DataError, match=r"data has no t10k-labels-idx1-ubyte \(.gz or not\); put"):
        load_idx(folder, name="mine", validation=0)
    with pytest.raises(DataError, match="nowhere does not exist; put the four files there"):
        load_idx(tmp_path / "nowhere", name="mine", validation=0)
