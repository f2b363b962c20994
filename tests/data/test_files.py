"""Files are replaced whole, whoever else reads or writes them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from nnbasic.data.files import replacing


def write(path: Path, content: bytes) -> None:
    with replacing(path) as file:
        file.write(content)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_breaks_off_leaves_the_old_file(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def half() -> None:
        with replacing(path) as file:
            file.write(b"half of the n")
            raise error

    with pytest.raises(type(error)):
        half()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_takes_nobodys_name(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with replacing(path, new=True) as file:
        file.write(b"first")
    with pytest.raises(FileExistsError), replacing(path, new=True) as file:
        file.write(b"second")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_many_may_write_at_once_and_readers_never_see_a_part(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    contents = {letter * 100_000 for letter in (b"a", b"b")}
    write(path, b"a" * 100_000)
    stop = threading.Event()
    errors = []

    def writer(content: bytes) -> None:
        while not stop.is_set():
            try:
                write(path, content)
            except OSError as error:
                errors.append(error)

    threads = [threading.Thread(target=writer, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    try:
        seen = {path.read_bytes() for _ in range(300)}
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert errors == []
    assert seen <= contents
    assert list(tmp_path.iterdir()) == [path]
