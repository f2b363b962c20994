"""The IDX reader and writer, against bytes written out by hand, round trips and damage."""

import gzip
import hashlib
import struct
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnbasic.data import DataError, idx

# One file of each type, as the format's description says, with no help from struct or NumPy.
LITERALS = [
    (b"\0\0\x08\x01\0\0\0\x03\x00\x7f\xff", np.array([0, 127, 255], np.uint8)),
    (b"\0\0\x09\x01\0\0\0\x03\x00\x7f\xff", np.array([0, 127, -1], np.int8)),
    (b"\0\0\x0b\x01\0\0\0\x02\x01\x02\xff\xfe", np.array([258, -2], np.int16)),
    (b"\0\0\x0c\x01\0\0\0\x02\0\0\x01\x02\xff\xff\xff\xfe", np.array([258, -2], np.int32)),
    (b"\0\0\x0d\x01\0\0\0\x02\x3f\x80\0\0\xc0\0\0\0", np.array([1, -2], np.float32)),
    (b"\0\0\x0e\x01\0\0\0\x01\x3f\xf0\0\0\0\0\0\0", np.array([1], np.float64)),
    (b"\0\0\x08\x00\x07", np.array(7, np.uint8)),
    (b"\0\0\x08\x02\0\0\0\x02\0\0\0\x03abcdef", np.array([[97, 98, 99], [100, 101, 102]], "u1")),
]


def file_of(folder: Path, content: bytes, name: str = "some-file") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("content", "expected"), LITERALS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_each_type_reads_and_writes_as_the_format_says(
    tmp_path: Path, content: bytes, expected: np.ndarray, pack: Any
) -> None:
    array = idx.read(file_of(tmp_path, pack(content)))
    np.testing.assert_array_equal(array, expected)
    assert (array.dtype, array.shape) == (expected.dtype, expected.shape)
    assert array.dtype.isnative
    assert array.flags.writeable
    idx.write(tmp_path / "written", expected)
    assert (tmp_path / "written").read_bytes() == content


DTYPES = ["u1", "i1", ">i2", "<i2", "<i4", ">i4", "<f4", ">f4", "<f8", ">f8"]
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=7, min_side=0))
)


@settings(deadline=None)  # here and below: how long the disk takes is not what is tested
@given(array=ARRAYS, name=st.sampled_from(["array", "array.gz"]))
def test_what_was_written_is_read(array: np.ndarray, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        idx.write(path, array)
        read = idx.read(path)
        assert path.read_bytes().startswith(b"\x1f\x8b") == (name == "array.gz")
        assert [entry.name for entry in Path(folder).iterdir()] == [name]
    assert read.dtype == array.dtype.newbyteorder("=")
    assert read.shape == array.shape
    # Bytes, not values: a NaN has to come back with its payload.
    assert read.tobytes() == array.astype(read.dtype).tobytes()


def test_reading_never_holds_a_second_copy(tmp_path: Path, rng: np.random.Generator) -> None:
    array = rng.integers(0, 16, (8, 1 << 21), dtype=np.uint8)  # buffers are small beside it
    idx.write(tmp_path / "array", array)
    content = (tmp_path / "array").read_bytes()
    assert idx.sha256(array) == hashlib.sha256(content).hexdigest()
    (tmp_path / "array.gz").write_bytes(gzip.compress(content, 1))
    del content
    for name in ("array", "array.gz"):
        tracemalloc.start()
        read = idx.read(tmp_path / name)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < array.nbytes * 1.25
        np.testing.assert_array_equal(read, array)


DAMAGED = {
    "empty": (b"", "starts with the bytes (none)"),
    "text": (b"<html>not found</html>", "not an IDX file"),
    "unknown type": (b"\0\0\x0a\x01\0\0\0\0", "not an IDX file"),
    "little-endian magic": (b"\x01\x08\0\0\x03\0\0\0abc", "not an IDX file"),
    "rank 200": (b"\0\0\x08\xc8" + bytes(800), "200"),
    "cut in the header": (b"\0\0\x08\x03\0\0\0\x01\0\0", "ends within the header"),
    "cut in the elements": (b"\0\0\x08\x01\0\0\0\x09abc", "cut short after 3 bytes"),
    "too long": (b"\0\0\x08\x01\0\0\0\x03abcd", "goes on after the 3 elements"),
    "rows without elements": (b"\0\0\x08\x02\xff\xff\xff\xff\0\0\0\0", "at most"),
    "absurd": (b"\0\0\x0e\x03" + b"\xff" * 12, "at most 2,147,483,648 bytes are accepted"),
    "product wraps round": (b"\0\0\x08\x04" + struct.pack(">4I", *[1 << 16] * 4), "at most"),
}


@pytest.mark.parametrize("case", DAMAGED)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_damage_is_named(tmp_path: Path, case: str, pack: Any) -> None:
    content, message = DAMAGED[case]
    path = file_of(tmp_path, pack(content))
    with pytest.raises(DataError) as caught:
        idx.read(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


@pytest.mark.parametrize("cut", [-1, -9, 15, 3, None])
def test_a_damaged_gzip_stream_is_named(tmp_path: Path, cut: int | None) -> None:
    content = gzip.compress(b"\0\0\x08\x01\0\0\0\x09abcdefghi", compresslevel=0)
    flipped = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
    with pytest.raises(DataError, match=r"some-file: the gzip stream is broken .*get it again"):
        idx.read(file_of(tmp_path, content[:cut] if cut else flipped))


def test_missing_files_and_folders_are_data_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: cannot be read \(No such file"):
        idx.read(tmp_path / "nowhere")
    with pytest.raises(DataError, match="cannot be read"):
        idx.read(tmp_path)


def test_what_idx_cannot_hold_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no type for int64 arrays; convert it to one of uint8"):
        idx.write(tmp_path / "array", np.zeros(3, np.int64))
    assert list(tmp_path.iterdir()) == []
