"""The built-in digits: the file in the package, what drew it, and how like MNIST it is."""

from pathlib import Path

import numpy as np
import pytest

from draw import content
from nnbasic.data import DataError, digits


def test_the_set_is_laid_out_as_mnist_is() -> None:
    train, train_labels, test, test_labels = digits.load()
    assert (train.shape, test.shape) == ((12_000, 784), (2_000, 784))
    assert all(array.dtype == np.uint8 for array in (train, train_labels, test, test_labels))
    assert train.flags.c_contiguous
    assert test.flags.c_contiguous
    assert np.bincount(train_labels).tolist() == [1200] * 10
    assert np.bincount(test_labels).tolist() == [200] * 10
    assert len({image.tobytes() for image in (*train, *test)}) == 14_000
    same_as_before = np.sum(test_labels[1:] == test_labels[:-1])
    assert 140 < same_as_before < 260  # 200 expected in random order, standard deviation 13


def test_the_file_is_what_the_program_draws() -> None:
    """All of it, on whatever machine this is; it takes a second."""
    with np.load(digits.FILE) as file:
        for name, drawn in content().items():
            np.testing.assert_array_equal(file[name], drawn)
    assert digits.FILE.stat().st_size < 1.4e6


@pytest.mark.parametrize("damage", ["absent", "short", "flipped", "other", "text"])
def test_a_damaged_file_is_an_error(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, file = digits.FILE.read_bytes(), tmp_path / "digits.npz"
    monkeypatch.setattr(digits, "FILE", file)
    if damage == "other":
        np.savez(file, images=np.zeros((3, 14, 28), np.uint8), labels=np.zeros(3, np.uint8))
    elif damage != "absent":
        flipped = whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]
        file.write_bytes({"short": whole[:-1], "flipped": flipped, "text": b"digits"}[damage])
    with pytest.raises(DataError, match="install nnbasic again"):
        digits.load()
