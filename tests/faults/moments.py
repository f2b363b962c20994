"""Commands of which every change to a folder is seen: to be copied as it stands, or to fail.

What a killed process leaves is what stands in the folder at the moment: the kernel keeps it. What
a power cut leaves, at worst, is what was synced: content once its file was, names once the folder.
"""

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

CHANGES = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
"""Python's audit events of what is changed, beside files that are opened for writing."""

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT

at_work: Callable[[], None] | None = None
"""What is called before each change."""


def hook(event: str, arguments: tuple[Any, ...]) -> None:
    """Python calls it for each event from now on; what it raises, the change ends with."""
    changes = event in CHANGES or (event == "open" and arguments[2] & WRITING)
    if changes and at_work:
        at_work()


sys.addaudithook(hook)


@contextmanager
def watched(seen: Callable[[], object], synced: Callable[[int], object] = id) -> Iterator[None]:
    """Call ``seen`` before each change to a file, and ``synced`` after each sync of one."""

    def once() -> None:
        """Without seeing what it does itself."""
        global at_work
        before, at_work = at_work, None
        try:
            seen()
        finally:
            at_work = before

    def fsync(file: int) -> None:
        if at_work:
            once()
        real(file)
        synced(file)

    global at_work
    real, at_work = os.fsync, once
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        try:
            yield
        finally:
            at_work = None


class Disk:
    """What of a folder is certain to be there after a power cut. All that is there now is."""

    def __init__(self, root: Path) -> None:
        self.root = root.stat().st_ino
        self.names: dict[int, dict[str, tuple[int, bool]]] = {}
        self.contents: dict[int, bytes] = {}
        self.kept: list[int] = []
        for path in [root, *root.rglob("*")]:
            file = os.open(path, os.O_RDONLY)
            self.synced(file)
            os.close(file)

    def synced(self, file: int) -> None:
        """The file or folder that is open as ``file`` has been synced."""
        self.kept.append(os.dup(file))  # so that no other file gets its number
        info = os.fstat(file)
        if stat.S_ISDIR(info.st_mode):
            with os.scandir(file) as entries:
                found = {each.name: (each.inode(), each.is_dir()) for each in entries}
            for names in self.names.values():  # a folder has one place
                for name in [name for name, entry in names.items() if entry[1]]:
                    if names[name] in found.values():
                        del names[name]
            self.names[info.st_ino] = found
        else:
            self.contents[info.st_ino] = Path(f"/proc/self/fd/{file}").read_bytes()

    def write(self, target: Path, folder: int | None = None) -> None:
        """Write what is certain to a new folder."""
        target.mkdir()
        for name, (number, is_folder) in self.names.get(folder or self.root, {}).items():
            if is_folder:
                self.write(target / name, number)
            else:
                (target / name).write_bytes(self.contents.get(number, b""))

    def close(self) -> None:
        for file in self.kept:
            with suppress(OSError):
                os.close(file)
