"""What a disk may hold after a power cut, worked out from the system calls of a process.

The worst that POSIX allows: content is certain once its file was synced, a name once its folder
was. All else since then may be there or not, in any combination, and content in part.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from calls import Call

DIRECTORY = -1
"""In place of a file's number."""

MANY = 5
"""With more names pending than these, not every subset of them is tried."""

Names = dict[str, int | None]
State = tuple[tuple[str, bytes | None], ...]
"""The files with their contents, and the folders with None, by paths relative to the root."""


@dataclass
class Disk:
    """The files below ``root``: as a process sees them, and what of them is certain."""

    root: str
    names: Names = field(default_factory=dict)
    certain_names: Names = field(default_factory=dict)
    pending: list[tuple[str, Names]] = field(default_factory=list)
    contents: dict[int, bytearray] = field(default_factory=dict)
    certain_contents: dict[int, bytes] = field(default_factory=dict)
    open: dict[int, tuple[str, int]] = field(default_factory=dict)
    offsets: dict[int, int] = field(default_factory=dict)
    appending: set[int] = field(default_factory=set)
    reported: bytes = b""
    """What the process has written to stdout and stderr."""

    def __post_init__(self) -> None:
        """All that is there now is certain."""
        self.names[self.root] = DIRECTORY
        for path in Path(self.root).rglob("*"):
            self.names[str(path)] = DIRECTORY if path.is_dir() else len(self.contents)
            if not path.is_dir():
                self.certain_contents[len(self.contents)] = path.read_bytes()
                self.contents[len(self.contents)] = bytearray(path.read_bytes())
        self.certain_names |= self.names

    def does(self, call: Call) -> bool:
        """Do what ``call`` did; whether that changed what may be left after a cut."""
        if call.result < 0:
            return False
        if call.name == "openat":
            return self._open(call)
        if call.name in ("rename", "link", "linkat", "unlink", "mkdir", "rmdir"):
            return self._name(call)
        number = call.numbers()[0]
        if call.name == "write" and number in (1, 2):
            self.reported += call.texts()[0]
            return True
        if number not in self.open:
            return False
        path, file = self.open[number]
        if call.name == "write":
            data, at = call.texts()[0][: call.result], self.offsets[number]
            content = self.contents[file]
            at = len(content) if number in self.appending else at
            content[at : at + len(data)] = data
            self.offsets[number] = at + len(data)
        elif call.name == "lseek":
            self.offsets[number] = call.result
        elif call.name == "close":
            del self.open[number]
        elif call.name == "fsync" and file == DIRECTORY:
            for _, change in (each for each in self.pending if each[0] == path):
                self.certain_names |= change
            self.pending = [each for each in self.pending if each[0] != path]
        elif call.name == "fsync":
            self.certain_contents[file] = bytes(self.contents[file])
        return call.name in ("write", "fsync")

    def _open(self, call: Call) -> bool:
        path = os.fsdecode(call.texts()[0])
        self.open.pop(call.result, None)
        if not path.startswith(self.root):
            return False
        new = "O_CREAT" in call.given and self.names.get(path) is None
        if new:
            self.contents[len(self.contents)] = bytearray()
            self._pend({path: len(self.contents) - 1})
        file = self.names.get(path)
        assert file is not None, path
        if "O_TRUNC" in call.given and not new:
            self.contents[file].clear()
        self.open[call.result] = path, file
        self.offsets[call.result] = 0
        (self.appending.add if "O_APPEND" in call.given else self.appending.discard)(call.result)
        return new

    def _name(self, call: Call) -> bool:
        paths = [os.fsdecode(text) for text in call.texts()]
        if not all(path.startswith(self.root) for path in paths):
            return False
        if call.name == "mkdir":
            self._pend({paths[0]: DIRECTORY})
        elif call.name in ("unlink", "rmdir"):
            self._pend({paths[0]: None})
        else:
            old, new = paths
            moved = [name for name in self.names if name == old or name.startswith(f"{old}/")]
            change: Names = {new + name[len(old) :]: self.names[name] for name in moved}
            if call.name == "rename":
                change |= dict.fromkeys(moved)
            self._pend(change)
        return True

    def _pend(self, change: Names) -> None:
        """Its folder is that of its first name: of a move, the new one."""
        self.names |= change
        self.pending.append((str(Path(next(iter(change))).parent), change))

    def states(self) -> Iterator[State]:
        """All that may be there if the power is cut now."""
        changes = [change for _, change in self.pending]
        sizes = range(len(changes) + 1)
        if len(changes) > MANY:
            subsets = [*([one] for one in changes), *(changes[:size] for size in sizes)]
        else:
            subsets = [list(some) for size in sizes for some in combinations(changes, size)]
        for subset in subsets:
            names = dict(self.certain_names)
            for change in subset:
                names |= change
            for part in (0.0, 0.5, 1.0):
                yield tuple(
                    (os.path.relpath(path, self.root), self._content(file, part))
                    for path, file in sorted(names.items())
                    if file is not None and self._reachable(path, names)
                )

    def _content(self, file: int, part: float) -> bytes | None:
        """``part`` of what is not certain has reached the disk."""
        if file == DIRECTORY:
            return None
        old, new = self.certain_contents.get(file, b""), bytes(self.contents[file])
        if new.startswith(old):
            return new[: len(old) + int(part * (len(new) - len(old)))]
        return old if not part else new[: int(part * len(new))]

    def _reachable(self, path: str, names: Names) -> bool:
        above = [str(folder) for folder in Path(path).parents if str(folder).startswith(self.root)]
        return all(names.get(folder) == DIRECTORY for folder in above)


def write(state: State, folder: Path) -> None:
    """Put ``state`` into a new ``folder``."""
    folder.mkdir()
    for name, content in state:
        if content is None:
            (folder / name).mkdir(exist_ok=True)
        else:
            (folder / name).write_bytes(content)
