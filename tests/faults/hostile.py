"""Runs as an enemy would send them: each a copy of a good one with one thing changed.

What the files hold, what they are, or where links in the directory lead may trip a reader over.
"""

import hashlib
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Change = Callable[[Path], object]
"""Changes a copy of a good run."""

SPARSE = 1 << 36
"""Bytes that a file says it has, and that take no room on the disk."""

EVIL_PLUGIN = "from pathlib import Path\nPath(__file__).with_name('executed').touch()\n"

NAMES = ("=cmd|x", "-rf", "a\nb", "\x1b[2J", "x" * 200, os.fsdecode(b"\xff"), "<b>")
"""Names of directories that are runs otherwise."""

ARRAYS = ("best.npz", "last.npz", "predictions.npz")


def nested(levels: int) -> Any:
    return json.loads("[" * levels + "]" * levels)


def record(**changes: Any) -> Change:
    """Changed keys of the record, and of its config."""

    def change(run: Path) -> None:
        found = json.loads((run / "run.json").read_text())
        found["config"] |= changes.pop("config", {})
        (run / "run.json").write_text(json.dumps(found | changes))

    return change


def written(name: str, content: str | bytes) -> Change:
    """``content`` instead of the file; ``%`` stands for its first line without its last brace."""

    def change(run: Path) -> None:
        first = (run / name).read_bytes().splitlines()[0][:-1]
        text = content.encode() if isinstance(content, str) else content
        (run / name).write_bytes(text.replace(b"%", first))

    return change


def is_pipe(path: Path) -> None:
    os.mkfifo(path)


def is_endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def is_huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(SPARSE)


def becomes(name: str, kind: Callable[[Path], None]) -> Change:
    def change(run: Path) -> None:
        (run / name).unlink(missing_ok=True)
        kind(run / name)

    return change


def array(dtype: str, shape: str, body: bytes = b"") -> bytes:
    """A member of an `.npz` with this header."""
    header = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + body


def member(content: bytes) -> Change:
    """One array of each `.npz` replaced by ``content``."""

    def change(run: Path) -> None:
        for name in ARRAYS:
            victim = "labels.npy" if name.startswith("pred") else "parameters/layer1.weight.npy"
            with zipfile.ZipFile(run / name) as file:
                members = {each: file.read(each) for each in file.namelist()}
            with zipfile.ZipFile(run / name, "w", zipfile.ZIP_DEFLATED) as file:
                for each, old in members.items():
                    file.writestr(each, content if each == victim else old)

    return change


def plugin(run: Path) -> None:
    """The config names a plugin that lies beside it, and the record has its hash."""
    (run / "evil.py").write_text(EVIL_PLUGIN)
    config = (run / "config.yaml").read_text().replace("plugins: []", "plugins: [evil.py]")
    (run / "config.yaml").write_text(config)
    digest = hashlib.sha256(EVIL_PLUGIN.encode()).hexdigest()
    record(plugins={"evil.py": digest}, config={"plugins": ["evil.py"]})(run)


UNREADABLE: dict[str, Change] = {
    "a nested config": record(config={"x": nested(400)}),
    "no time": record(started="now"),
    "no record": written("run.json", "[]"),
    "a record that is a pipe": becomes("run.json", is_pipe),
    "a record without an end": becomes("run.json", is_endless),
    "a huge record": becomes("run.json", is_huge),
}
"""What makes a run no run: it is left out of lists, and refused, with a word on `run.json`."""

SPOILT: dict[str, tuple[str, Change]] = {
    "nested lines": (
        "metrics.jsonl",
        written("metrics.jsonl", f'%, "x": {json.dumps(nested(400))}}}'),
    ),
    "no UTF-8": ("metrics.jsonl", written("metrics.jsonl", b"\xff\xfe\0")),
    "endless metrics": ("metrics.jsonl", becomes("metrics.jsonl", is_endless)),
}
"""What spoils a part of a run: it is listed, with a word on the file, and can be scored."""

UNUSABLE: dict[str, tuple[str, Change]] = {
    "a key of others": ("unknown key", record(config={"=1+1": "=cmd|x!A0"})),
    "layers beyond memory": ("this machine has", record(config={"layers": [784, 10**12, 10]})),
    "a plugin": ("evil.py", plugin),
    "an endless checkpoint": ("best.npz", becomes("best.npz", is_endless)),
    "a huge checkpoint": ("best.npz", becomes("best.npz", is_huge)),
    "objects": ("best.npz", member(array("'|O'", "(1,)", pickle.dumps([{"a": 1}])))),
    "10^15 numbers": ("best.npz", member(array("'<f4'", "(1000000000000000,)"))),
    "a zip bomb": ("best.npz", member(array("'<f4'", "(784, 8)") + bytes(1 << 26))),
}
"""What makes a run unusable, with what the message names: it is listed, and cannot be scored."""

HARMLESS: dict[str, Change] = {
    "YAML with tags": written("config.yaml", "!!python/object/apply:os.system [touch executed]"),
    "an id of others": record(id="../../precious"),
    "words that are markup": written(
        "user.json", '{"name": "=1+1", "tags": ["@x"], "notes": "<b>"}'
    ),
}
"""What changes nothing but what is shown."""
