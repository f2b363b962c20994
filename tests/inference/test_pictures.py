"""Files of every kind, and files that are none."""

import gzip
import io
import os
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnbasic.data import digits, idx
from nnbasic.inference import Digit, Skipped, Unreadable, prepare, read


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Four digits, ink 255 on 0."""
    return digits.load()[2][:4].reshape(-1, 28, 28)


@pytest.fixture(scope="module")
def large(images: np.ndarray) -> np.ndarray:
    """The first of them as somebody would draw it: 280 × 280, black on white."""
    return np.kron(255 - images[0], np.ones((10, 10), np.uint8))


def only(*sources: object) -> Digit:
    (found,) = read(sources)  # type: ignore[arg-type]
    assert isinstance(found, Digit), found
    return found


def reason(source: object) -> str:
    (found,) = read([source])  # type: ignore[list-item]
    assert isinstance(found, Unreadable), found
    return found.reason


MODES = {
    "png": ("1", "L", "P", "RGB", "LA", "RGBA"),
    "jpg": ("L", "RGB", "CMYK"),
    "webp": ("RGB", "RGBA"),
    "bmp": ("1", "L", "P", "RGB"),
    "tiff": ("1", "L", "P", "RGB", "RGBA", "CMYK"),
    "gif": ("1", "L", "P"),
}


@pytest.mark.parametrize(("ending", "mode"), [(e, m) for e, modes in MODES.items() for m in modes])
def test_every_format_and_mode(ending: str, mode: str, large: np.ndarray, tmp_path: Path) -> None:
    file = tmp_path / f"digit.{ending}"
    Image.fromarray(large).convert("RGB").convert(mode).save(file)
    found = only(file)
    assert np.abs(found.image.astype(int) - prepare(large)).mean() < 3
    assert (found.file, found.number) == (str(file), None)


def test_sixteen_bits(large: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(large.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(only(tmp_path / "deep.png").image, prepare(large))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_turned_as_its_camera_was(
    orientation: int, large: np.ndarray, tmp_path: Path
) -> None:
    """As the EXIF standard has it: 3 is upside down, 6 is to be turned to the right, …"""
    stored = {
        1: large,
        2: large[:, ::-1],
        3: large[::-1, ::-1],
        4: large[::-1],
        5: large.T,
        6: np.rot90(large),
        7: large[::-1, ::-1].T,
        8: np.rot90(large, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.fromarray(np.ascontiguousarray(stored))
    picture.save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(only(tmp_path / "turned.png").image, prepare(large))


def test_a_large_photograph_is_read_small(large: np.ndarray, tmp_path: Path) -> None:
    huge = Image.fromarray(large).resize((6000, 6000))
    for ending in ("jpg", "png"):
        huge.save(tmp_path / f"huge.{ending}")
        image = only(tmp_path / f"huge.{ending}").image
        assert np.abs(image.astype(int) - prepare(large)).mean() < 4


def test_arrays(images: np.ndarray, large: np.ndarray, tmp_path: Path) -> None:
    file = tmp_path / "array.npy"
    for one in (large, large[:, :, np.newaxis], images[0], images[0].reshape(784)):
        np.save(file, one)
        assert only(file).number is None
    for many in (images, images.reshape(-1, 784), np.stack([images] * 3, axis=3)):
        np.save(file, many)
        found = list(read([file]))
        assert [digit.number for digit in found] == [1, 2, 3, 4]
        expected = [prepare(image) for image in images]
        np.testing.assert_array_equal([d.image for d in found if isinstance(d, Digit)], expected)


@pytest.mark.parametrize("order", ["pixels first", "images last", "channel first", "int64"])
def test_arrays_of_other_orders(order: str, images: np.ndarray, tmp_path: Path) -> None:
    same = {
        "pixels first": images.reshape(-1, 784).T,
        "images last": np.tile(np.moveaxis(images, 0, 2), 2),
        "channel first": images[:, np.newaxis],
        "int64": images.astype(np.int64),
    }[order]
    np.save(tmp_path / "array.npy", same)
    found = [one for one in read([tmp_path / "array.npy"]) if isinstance(one, Digit)]
    expected = [prepare(image) for image in images] * (2 if order == "images last" else 1)
    np.testing.assert_array_equal([digit.image for digit in found], expected)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((3, 200, 100), np.uint8), "(200, 100, 3)"),
        (np.zeros((40, 9, 9, 9), np.uint8), "(40, 9, 9, 9)"),
        (np.full((40, 28, 28), -0.42), "from -0.42 to -0.42"),
    ],
)
def test_what_is_wrong_with_all_pictures_is_said_once(
    array: np.ndarray, words: str, tmp_path: Path
) -> None:
    np.save(tmp_path / "array.npy", array)
    assert words in reason(tmp_path / "array.npy")


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
def test_few_bits_in_wide_pixels(bits: int, large: np.ndarray, tmp_path: Path) -> None:
    values = np.rint(large / 255 * (2**bits - 1)).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "deep.png")
    close = only(tmp_path / "deep.png").image.astype(int) - prepare(large)
    assert np.abs(close).max() <= 1


def test_all_pages_and_the_end_of_an_animation(large: np.ndarray, tmp_path: Path) -> None:
    """Who is filmed while writing has written the digit in the last frame."""
    blank = np.full_like(large, 255)
    pages = [Image.fromarray(page) for page in (large, large[:, ::-1].copy(), large)]
    pages[0].save(tmp_path / "fax.tif", save_all=True, append_images=pages[1:])
    found = list(read([tmp_path / "fax.tif"]))
    assert [digit.number for digit in found] == [1, 2, 3]
    Image.fromarray(blank).save(
        tmp_path / "film.gif", save_all=True, append_images=[Image.fromarray(large)]
    )
    digit = only(tmp_path / "film.gif")
    assert digit.warnings == ("is an animation of 2 frames, of which the last is read",)


def test_a_format_that_is_not_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    assert "kind HEIC" in reason(tmp_path / "photo.heic")
    assert "magick photo.heic photo.jpg" in reason(tmp_path)  # a folder does not skip it


@pytest.mark.parametrize("name", ["four-images-idx3-ubyte", "four.idx.gz"])
def test_idx(name: str, images: np.ndarray, tmp_path: Path) -> None:
    idx.write(tmp_path / name, images)
    assert [digit.number for digit in read([tmp_path / name])] == [1, 2, 3, 4]


def test_a_stream_is_read_like_a_file(large: np.ndarray, tmp_path: Path) -> None:
    content = io.BytesIO()
    Image.fromarray(large).save(content, "PNG")
    content.seek(0)
    found = only(content)
    assert found.file == "-"
    np.testing.assert_array_equal(found.image, prepare(large))
    assert reason(io.BytesIO()) == "is empty"


def test_folders_are_read_whole_and_in_order(large: np.ndarray, tmp_path: Path) -> None:
    picture = Image.fromarray(large)
    wanted = ["a.png", "b/1.JPG", "b/2.gif", "b/3.jfif", "c/d/e.bmp"]
    for name in (*wanted, ".hidden.png", ".cache/x.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        picture.save(tmp_path / name)
    (tmp_path / "b" / "notes.txt").write_text("no picture")
    *digits, skipped = read([tmp_path])
    assert [one.file for one in digits] == [str(tmp_path / name) for name in wanted]
    assert skipped == Skipped(str(tmp_path), [str(Path("b", "notes.txt"))])


def test_several_digits_of_one_picture(images: np.ndarray, tmp_path: Path) -> None:
    line = np.kron(255 - np.hstack(list(images)), np.ones((8, 8), np.uint8))
    Image.fromarray(line).save(tmp_path / "line.png")
    found = list(read([tmp_path / "line.png"], split=True))
    assert [digit.number for digit in found] == [1, 2, 3, 4]


def test_what_cannot_be_read_is_named_and_the_rest_is_read(
    large: np.ndarray, tmp_path: Path
) -> None:
    Image.fromarray(large).save(tmp_path / "good.png")
    (tmp_path / "folder").mkdir()
    content = (tmp_path / "good.png").read_bytes()
    bad = {
        "empty.png": (b"", "is empty"),
        "text.png": (b"hello there", "no picture of a known kind"),
        "cut.png": (content[: len(content) // 2], "is damaged"),
        "broken.png": (content[:60] + b"\xff" * 40 + content[100:], "is damaged"),
        "pickle.npy": (_saved(np.array([{}])), "damaged .npy file, or holds Python objects"),
        "nul.npy": (_saved(large).replace(b")", b"\0", 1), "damaged .npy"),
        "cut.npy": (_saved(large)[:-5], "damaged .npy"),
        "vast.npy": (_saved(np.full((4, 4), 1e300)), "expected uint8"),
        "deep.npy": (_saved(np.zeros((2, 2, 2, 2, 2))), "(2, 2, 2, 2, 2)"),
        "words.npy": (_saved(np.array([["a", "b"]])), "<U1"),
        "cut.idx": (b"\0\0\x08\x03" + struct.pack(">3I", 9, 28, 28), "cut short"),
        "cut.idx.gz": (gzip.compress(b"\0\0\x08\x03")[:-6], "gzip stream is broken"),
        "white.png": (_png(np.full((50, 50), 255, np.uint8)), "has no ink"),
        "bomb.png": (_bomb(60_000), "pixels"),
        "drawing.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture of a"),
    }
    for name, (data, _) in bad.items():
        (tmp_path / name).write_bytes(data)
    names = [*bad, "good.png", "missing.png", "folder"]
    found = dict(zip(names, read(tmp_path / name for name in names), strict=True))
    for name, (_, words) in bad.items():
        answer = found[name]
        assert isinstance(answer, Unreadable), name
        assert words in answer.reason
        assert str(tmp_path) not in answer.reason
    assert isinstance(found["good.png"], Digit)
    for name, words in ("missing.png", "no such file"), ("folder", "folder without pictures"):
        assert words in reason(tmp_path / name)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is no file" in reason(tmp_path / "pipe")
    assert "is no file" in reason("/dev/zero")


def test_a_stack_with_an_empty_picture(images: np.ndarray, tmp_path: Path) -> None:
    stack = images.copy()
    stack[1] = 0
    np.save(tmp_path / "stack.npy", stack)
    found = list(read([tmp_path / "stack.npy"]))
    assert [isinstance(one, Digit) for one in found] == [True, False, True, True]
    assert found[1].number == 2


def test_a_header_that_promises_pictures_without_end(tmp_path: Path) -> None:
    """Of no pixel, and of one each in a file that is all zeros."""
    header = b"\0\0\x08\x03"
    file = tmp_path / "many"
    file.write_bytes(header + struct.pack(">3I", 1 << 28, 0, 5))
    assert reason(file) == "holds no picture"
    n = 1_000_001
    file.write_bytes(header + struct.pack(">3I", n, 1, 5) + bytes(5 * n))
    assert reason(file) == "holds 1,000,001 pictures, and at most 1,000,000 are read of a file"


def _saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _png(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


def _bomb(side: int) -> bytes:
    """A PNG of a few kilobytes that promises ``side`` × ``side`` pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(1 << 20))
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
