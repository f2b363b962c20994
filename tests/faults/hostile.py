"""A folder of runs as an enemy would send it; `python tests/faults/hostile.py RUN FOLDER` makes it.

Each is a copy of a good run with one thing changed that a reader may trip over: what the files
hold, what they are, what the directory is called, or where links in it lead.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Change = Callable[[Path], object]
"""Changes a copy of a good run."""

HOSTILE: dict[str, Change] = {}
"""Every hostile run by its name."""

SPARSE = 1 << 36
"""Bytes that a file says it has, and that take no room on the disk."""

EVIL_PLUGIN = "from pathlib import Path\nPath(__file__).with_name('executed').touch()\n"

JSON_FILES = ("run.json", "user.json", "metrics.jsonl", "diagnostics.jsonl")
ARRAYS = ("best.npz", "last.npz", "predictions.npz")
OTHERS = ("config.yaml", ".lock")


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def edited(text: str) -> Change:
    """A record in which ``text``, an assignment to a part of ``r``, was done."""

    def change(run: Path) -> None:
        record = json.loads((run / "run.json").read_text())
        exec(text, {"r": record, "json": json})
        (run / "run.json").write_text(json.dumps(record))

    return change


def written(name: str, content: str | bytes) -> Change:
    """``content`` instead of the file; ``%`` stands for its first line without its last brace."""

    def change(run: Path) -> None:
        data = content.encode() if isinstance(content, str) else content
        if b"%" in data:
            first = (run / name).read_bytes().splitlines()[0]
            data = data.replace(b"%", first[:-1])
        (run / name).write_bytes(data)

    return change


def is_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def is_pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def is_endless(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/zero")


def is_huge(path: Path) -> None:
    path.unlink(missing_ok=True)
    with path.open("wb") as file:
        file.truncate(SPARSE)


def is_link(path: Path) -> None:
    """A link to a file outside, which must stay as it is: see `make`."""
    path.unlink(missing_ok=True)
    path.symlink_to(path.absolute().parent.parent.parent / "precious" / "file")


def of(kind: Callable[[Path], None], name: str) -> Change:
    return lambda run: kind(run / name)


def array(dtype: str, shape: str, body: bytes = b"", version: bytes = b"\1\0") -> bytes:
    """A member of an `.npz` with this header."""
    header = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(header)) + header + body


def member(content: bytes, **properties: Any) -> Change:
    """The first array of each `.npz` replaced by ``content``, with ``properties`` in the list."""

    def change(run: Path) -> None:
        for name in ARRAYS:
            with zipfile.ZipFile(run / name) as file:
                members = {each.filename: file.read(each) for each in file.infolist()}
            victim = "labels.npy" if name.startswith("pred") else "parameters/layer1.weight.npy"
            assert victim in members
            with zipfile.ZipFile(run / name, "w") as file:
                for each, old in members.items():
                    info = zipfile.ZipInfo(each)
                    if each == victim and properties.get("compress_type") == zipfile.ZIP_DEFLATED:
                        info.compress_type = zipfile.ZIP_DEFLATED
                    file.writestr(info, content if each == victim else old)
            data = bytearray((run / name).read_bytes())
            for signature, flag, method in (b"PK\3\4", 6, 8), (b"PK\1\2", 8, 10):
                listed = signature == b"PK\1\2"
                where = (data.rindex if listed else data.index)(victim.encode())
                start = data.rindex(signature, 0, where)
                data[start + flag] |= properties.get("flag_bits", 0)
                if (kind := properties.get("compress_type", 0)) > 90:
                    struct.pack_into("<H", data, start + method, kind)
            (run / name).write_bytes(data)

    return change


def all_arrays(content: bytes) -> Change:
    def change(run: Path) -> None:
        for name in ARRAYS:
            (run / name).write_bytes(content)

    return change


def pickled() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([{"a": 1}], object), allow_pickle=True)
    return stream.getvalue()


def many_members() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for number in range(12_000):
            file.writestr(f"{number}.npy", b"")
    return stream.getvalue()


def plugin(run: Path) -> None:
    """The config names a plugin that lies beside it, and the record has its hash."""
    (run / "evil.py").write_text(EVIL_PLUGIN)
    record = json.loads((run / "run.json").read_text())
    record["config"]["plugins"] = [str((run / "evil.py").absolute())]
    sha256 = hashlib.sha256(EVIL_PLUGIN.encode()).hexdigest()
    record["plugins"] = dict.fromkeys(record["config"]["plugins"], sha256)
    (run / "run.json").write_text(json.dumps(record))


RECORDS = {
    "config nested": "r['config']['x'] = json.loads('[' * 400 + ']' * 400)",
    "config nested a little": "r['config']['x'] = json.loads('[' * 25 + ']' * 25)",
    "config empty": "r['config'] = {}",
    "config is a list": "r['config'] = [1]",
    "long number in the config": "r['config']['seed'] = 10**400",
    "layers of none": "r['config']['layers'] = []",
    "layers without outputs": "r['config']['layers'] = [784, 0]",
    "layers of words": "r['config']['layers'] = ['a', 'b']",
    "layers beyond memory": "r['config']['layers'] = [784, 10**15, 10]",
    "init a number": "r['config']['init'] = 3",
    "activation nested": "r['config']['activation'] = [[{'name': []}]]",
    "seed a list": "r['config']['seed'] = [1]",
    "identity a list": "r['identity'] = [1]",
    "hash a mapping": "r['code_sha256'] = {}",
    "twice as many right": "r['test_accuracy'] = 2.0",
    "accuracy of two": "r['best']['val_accuracy'] = 2.0",
    "no images": "r['test_images'] = 0",
    "long seconds": "r['seconds'] = 10**400",
    "seconds of an age": "r['seconds'] = 1e308",
    "surrogate": "r['dataset'] = '\\ud800'",
    "surrogate in a key": "r['machine'] = {'\\udfff': 1}",
    "surrogate in the config": "r['config']['name'] = ['\\ud800']",
    "formulas": "r['config']['=1+1'] = '=cmd|x!A0'",
    "no scale": "r['scale'] = {'multiplier': 1e308, 'offset': 1e308}",
    "no time": "r['started'] = 'now'",
    "an early time": "r['started'] = '0001-01-01T00:00:00+00:00'",
    "no trials": "r['rate_search'] = {'given': 1, 'chosen': 1, 'tried': {}, 'seeds': 1}",
    "trials of nothing": "r['rate_search'] = {'given':1,'chosen':1,'tried':{'nan':1},'seeds':1}",
    "no threads": "r['threads'] = -(10**90)",
    "version a number too many": "r['schema_version'] = 10**90",
    "true for a version": "r['schema_version'] = True",
    "machine nested": "r['machine'] = json.loads('{\"a\":' * 300 + '1' + '}' * 300)",
    "host a list": "r['machine']['host'] = [1]; r['status'] = 'running'",
    "plugins of nothing": "r['plugins'] = {'\\n': None}",
    "plugins of numbers": "r['config']['plugins'] = [1, {}, None]",
    "epochs to come": "r['epoch'] = 10**15",
    "id of another": "r['id'] = '../../precious'",
}
HOSTILE |= {f"record: {name}": edited(text) for name, text in RECORDS.items()}

LINES = {
    "nested": f'%, "x": {nested(400)}}}',
    "deep": f'%, "x": {nested(100_000)}}}',
    "long number": '%, "elapsed_seconds": 1' + "0" * 400 + "}",
    "very long number": '%, "step": 1' + "0" * 5000 + "}",
    "infinite": '%, "train_loss": 1e999}',
    "accuracy of two": '%, "val_accuracy": 2}\n%, "train_accuracy": -1}',
    "epoch a list": '%, "epoch": [1]}',
    "an epoch of the future": '%, "epoch": 9007199254740991}',
    "surrogate": '%, "\\ud800": "\\ud800"}',
    "seconds of an age": '%, "elapsed_seconds": 1e308}\n%, "epoch_seconds": 1e308}',
    "words": '%, "train_loss": "many", "val_loss": [], "learning_rate": {}}',
    "formulas": '%, "=1+1": "=cmd|x!A0"}',
    "one long line": '{"epoch": "' + "x" * 1_000_000,
    "no layers": '%, "layers": 3}',
    "layers of numbers": '%, "layers": [1, [], null]}',
    "no histogram": '%, "layers": [{"layer": [], "histogram": []}, {"histogram": {"counts": 1}}]}',
    "histogram of all": '%, "layers": [{"layer": "a", "histogram":'
    ' {"low": -1e299, "high": 1e299, "counts": [1, 1e299, 0]}}]}',
    "histogram of a point": '%, "layers": [{"layer": "a", "histogram":'
    ' {"low": 0, "high": 5e-324, "counts": [1, 2, 3]}}]}',
    "not UTF-8": b"\xff\xfe\x00",
    "empty": "",
    "blank": "\n" * 5,
}
HOSTILE |= {
    f"{file.partition('.')[0]}: {name}": written(file, text)
    for file in JSON_FILES[2:]
    for name, text in LINES.items()
}
HOSTILE |= {
    "user: a list": written("user.json", "[]"),
    "user: nested": written("user.json", f'{{"name": "a", "tags": {nested(400)}}}'),
    "user: surrogate": written("user.json", '{"name": "\\ud800"}'),
    "user: formula": written("user.json", '{"name": "=1+1", "tags": ["@x"], "notes": "<b>"}'),
    "user: long number": written("user.json", '{"name": 1' + "0" * 400 + "}"),
    "config: tags": written("config.yaml", "!!python/object/apply:os.system [touch executed]"),
    "config: aliases": written("config.yaml", "a: &a [1]\nb: [*a, *a]\n"),
    "config: nested": written("config.yaml", "layers: " + nested(400)),
    "config: beyond memory": written("config.yaml", "layers: [784, 1000000000000000, 10]"),
    "config: another": written("config.yaml", "activation: tanh\nlayers: [784, 3, 10]"),
    "config: plugin": plugin,
}
HOSTILE |= {
    f"{name}: {kind.__name__}": of(kind, name)
    for name in (*JSON_FILES, *ARRAYS, *OTHERS)
    for kind in (is_folder, is_pipe, is_endless, is_huge, is_link)
}
HOSTILE |= {
    "npz: encrypted": member(array("'<f4'", "(2,)", bytes(8)), flag_bits=1),
    "npz: unknown compression": member(array("'<f4'", "(2,)", bytes(8)), compress_type=99),
    "npz: unknown version": member(array("'<f4'", "(2,)", bytes(8), b"\t\0")),
    "npz: 10^15 numbers": member(array("'<f4'", "(1000000000000000,)")),
    "npz: a product beyond all": member(array("'<f4'", "(4294967296, 4294967296, 4294967296)")),
    "npz: nothing beside it": member(array("'<u1'", "(0, 9223372036854775807)")),
    "npz: less than nothing": member(array("'<f4'", "(-1,)")),
    "npz: void": member(array("'|V8'", "(10,)", bytes(80))),
    "npz: records": member(array("[('a', '<f4')]", "(10,)", bytes(40))),
    "npz: Unicode": member(array("'<U1'", "(10,)", bytes(40))),
    "npz: times": member(array("'<M8[s]'", "(10,)", bytes(80))),
    "npz: objects": member(pickled()),
    "npz: no dimension": member(array("'<f4'", "()", bytes(4))),
    "npz: many dimensions": member(array("'<f4'", "(" + "1," * 70 + ")", bytes(4))),
    "npz: nested header": member(array("(" * 400, "()")),
    "npz: no header": member(b""),
    "npz: cut short": member(array("'<f4'", "(784, 8)", bytes(99))),
    "npz: too long": member(array("'<f4'", "(784, 8)", bytes(784 * 8 * 4 + 1))),
    "npz: not finite": member(array("'<f4'", "(784, 8)", b"\0\0\x80\x7f" * 784 * 8)),
    "npz: zip bomb": member(
        array("'<f4'", "(784, 8)") + bytes(1 << 26), compress_type=zipfile.ZIP_DEFLATED
    ),
    "npz: many members": all_arrays(many_members()),
    "npz: a pickle": all_arrays(b"\x80\x04}\x94."),
    "npz: an array": all_arrays(array("'<f4'", "(2,)", bytes(8))),
    "npz: the end alone": all_arrays(b"PK\5\6" + bytes(18)),
    "npz: an end elsewhere": all_arrays(
        b"PK\6\6" + bytes(52) + b"PK\6\7" + bytes(16) + b"PK\5\6" + b"\xff" * 16 + b"\0\0"
    ),
    "npz: text": all_arrays(b"no archive at all"),
    "npz: empty": all_arrays(b""),
}

NAMES = ("=cmd|x", "-rf", "a\nb", "\x1b[2J", "con", "x" * 200, os.fsdecode(b"\xff"), "<b>", "..x")
"""Names of directories that are runs otherwise."""


def make(good: Path, folder: Path) -> dict[str, Path]:
    """Make every hostile run out of ``good``, below ``folder``/runs; name → directory.

    Beside it stands ``folder``/precious, to which links lead: nothing may change it. In
    ``folder``/runs there are also three copies of ``good`` itself, and names that are no runs.
    """
    precious, runs = folder / "precious", folder / "runs"
    precious.mkdir(parents=True)
    (precious / "file").write_text("precious\n")
    shutil.copytree(good, precious / "run")
    made = {}
    for number, (name, change) in enumerate(HOSTILE.items()):
        made[name] = runs / f"{number:03}-{name.replace(': ', '-').replace(' ', '-')}"
        copied(good, made[name], seed=number)
        change(made[name])
    for number, name in enumerate(NAMES):
        shutil.copytree(good, runs / name)
        made[f"name {number}"] = runs / name
    for number in range(3):
        copied(good, runs / f"good-{number}", seed=number)
    (runs / "a link").symlink_to(precious.absolute() / "run")
    made["a link"] = runs / "a link"
    (runs / "a link to itself").symlink_to("a link to itself")
    (runs / "a dangling link").symlink_to(precious / "no")
    (runs / "a file").write_text("no run")
    os.mkfifo(runs / "a pipe")
    return made


def copied(good: Path, target: Path, *, seed: int) -> None:
    """A copy as if it had been trained with another seed, so that a comparison counts it."""
    shutil.copytree(good, target)
    edited(f"r['config']['seed'] = {seed}")(target)
    config = target / "config.yaml"
    config.write_text(config.read_text().replace("seed: 0\n", f"seed: {seed}\n"))


if __name__ == "__main__":
    print(*make(Path(sys.argv[1]), Path(sys.argv[2])).values(), sep="\n")
