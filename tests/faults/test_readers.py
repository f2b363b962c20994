"""Whatever a file holds, its reader has an answer or one error of ours, and does not take long."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sampling import MINUTES, Sample

from nnbasic.compare.comparison import compare
from nnbasic.configs import ConfigError, loads
from nnbasic.configs.loading import load_file
from nnbasic.data import DataError, idx
from nnbasic.inference import Digit, Unreadable
from nnbasic.inference import read as read_pictures
from nnbasic.model import MLP
from nnbasic.model.arrays import Array
from nnbasic.training import Predictions, Run, RunError
from nnbasic.training.checkpoint import Progress, restore, save
from nnbasic.training.collection import RunData
from nnbasic.training.metrics_export import write_csv
from nnbasic.training.selection import facts, select

SEED = 500
"""How many contents come of one seed, in the long form."""


def try_reader(
    sample: Sample, contents: st.SearchStrategy[bytes], check: Callable[[bytes], None]
) -> None:
    """``check`` does not raise for 60 of ``contents``; in the long form for up to 100,000."""
    size = SEED if MINUTES else 60
    form = settings(
        max_examples=size,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    tried = 0
    for number in sample(range(100_000 // SEED), 1):
        seed(number)(form(given(contents)(check)))()
        tried += size
    print(f", {tried:,} contents")


NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -1, 2, 10**18, 10**99, 10**101, 10**400, 2**53, 1e300, 1e308, 5e-324]),
)
WORDS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["\ud800", "=1+1", "\x1b[2J", "<b>", "nan", "1e999", "../x", "relu", "name"]),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS)


def nested(value: Any, levels: int) -> Any:
    for _ in range(levels):
        value = [value]
    return value


VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
) | st.builds(nested, SCALARS, st.sampled_from([5, 19, 20, 21, 400]))


@st.composite
def changed_json(draw: st.DrawFn, good: Any) -> Any:
    """``good`` with a few of its parts replaced, removed or added."""
    value = json.loads(json.dumps(good))
    for _ in range(draw(st.integers(0, 3))):
        place, parts = value, []
        while isinstance(place, (dict, list)) and place:
            keys = sorted(place) if isinstance(place, dict) else range(len(place))
            parts.append((place, draw(st.sampled_from(list(keys)))))
            place = place[parts[-1][1]]
            if draw(st.booleans()):
                break
        if not parts:
            return draw(VALUES)
        place, key = parts[-1]
        kind = draw(st.sampled_from(["replace", "remove", "add"]))
        if kind == "replace":
            place[key] = draw(VALUES)
        elif kind == "remove":
            del place[key]
        elif isinstance(place, dict):
            place[draw(WORDS)] = draw(VALUES)
        else:
            place.append(draw(VALUES))
    return value


def encoded(value: Any) -> bytes:
    """``value`` as JSON, infinite numbers, lone surrogates and all."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


@st.composite
def changed_bytes(draw: st.DrawFn, good: bytes, *, most: int = 8) -> bytes:
    """``good`` with a few bytes changed, a piece cut out or put in, or cut short."""
    content = bytearray(good)
    for _ in range(draw(st.integers(0, most))):
        if not content:
            break
        # headers are at the ends
        end = draw(st.sampled_from([min(200, len(content)), len(content)]))
        at = draw(st.integers(0, end - 1))
        at = draw(st.sampled_from([at, len(content) - 1 - at]))
        kind = draw(st.sampled_from(["byte", "byte", "word", "cut", "insert", "end"]))
        if kind == "byte":
            content[at] = draw(st.integers(0, 255))
        elif kind == "word":
            value = draw(st.sampled_from([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]))
            content[at : at + 4] = struct.pack(draw(st.sampled_from(["<I", ">I"])), value)
        elif kind == "cut":
            del content[at : at + draw(st.integers(1, 40))]
        elif kind == "insert":
            content[at:at] = draw(st.binary(max_size=20))
        else:
            del content[at:]
    return bytes(content)


@pytest.fixture(scope="module")
def run(trained_on_digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    good = min(trained_on_digits.iterdir())
    return Run(Path(shutil.copytree(good, tmp_path_factory.mktemp("read") / "run")))


def through(run: Run, name: str, content: bytes) -> None:
    """All that is shown of a run when its file holds ``content``; the file is put back."""
    path = run.directory / name
    good = path.read_bytes()
    path.write_bytes(content)
    try:
        data = RunData.read(run)
        problem = data.problem
    except RunError as error:
        problem = str(error)
    else:
        facts(data)
        select([data], ["val_accuracy>0"], "epoch")
        json.dumps(compare([data]).to_dict(), allow_nan=False)
        target = path.parent.parent / "out.csv"
        write_csv([data], target)
        target.unlink()
        rows = [row.to_dict() for row in data.metrics]
        json.dumps([rows, data.diagnostics, data.record.config], allow_nan=False)
    finally:
        path.write_bytes(good)
    assert problem is None or "\n" not in problem


def lines(good: list[Any]) -> st.SearchStrategy[bytes]:
    whole = changed_json(good).map(
        lambda rows: b"\n".join(map(encoded, rows if isinstance(rows, list) else [rows])) + b"\n"
    )
    return whole | changed_bytes(b"".join(encoded(row) + b"\n" for row in good))


@pytest.mark.parametrize("name", ["run.json", "user.json", "metrics.jsonl", "diagnostics.jsonl"])
def test_what_a_run_says_of_itself(run: Run, name: str, sample: Sample) -> None:
    text = (run.directory / name).read_text()
    if name.endswith("l"):
        contents = lines([json.loads(line) for line in text.splitlines()])
    else:
        contents = changed_json(json.loads(text)).map(encoded) | changed_bytes(text.encode())

    def check(content: bytes) -> None:
        through(run, name, content)

    try_reader(sample, contents, check)


def refusal(read: Callable[[], object]) -> str | None:
    """The message of the error of ours that ``read`` raises; None if it has an answer."""
    try:
        read()
    except (ConfigError, DataError, RunError) as error:
        return str(error)
    return None


def npz(arrays: dict[str, Array], compressed: bool = False) -> bytes:
    stream = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(stream, allow_pickle=True, **arrays)
    return stream.getvalue()


DTYPES = st.sampled_from(
    ["u1", "i8", "f4", "f8", ">f4", "c8", "U3", "S2", "V4", "O", "M8[s]", "?", "f2", "i4,f4"]
)
ARRAYS = st.builds(
    lambda dtype, shape: np.zeros(shape, dtype),
    DTYPES,
    st.lists(st.integers(0, 4), max_size=4).map(tuple),
)


@st.composite
def archives(draw: st.DrawFn, good: dict[str, Array]) -> bytes:
    """An archive with some arrays of other types and shapes, or with other bytes."""
    arrays = dict(good)
    for name in draw(st.lists(st.sampled_from(sorted(arrays)), max_size=2, unique=True)):
        if draw(st.booleans()):
            arrays[name] = draw(ARRAYS)
        else:
            del arrays[name]
    return draw(changed_bytes(npz(arrays, draw(st.booleans())), most=3))


def test_checkpoints(tmp_path: Path, sample: Sample) -> None:
    network, path = MLP([4, 3, 10], "relu", seed=1), tmp_path / "c.npz"
    state = {"momentum": np.zeros_like(network.vector)}
    save(path, network, state, Progress(2, 20))
    with np.load(path) as file:
        good = dict(file)
    before = network.vector.tobytes()

    def check(content: bytes) -> None:
        path.write_bytes(content)
        if reason := refusal(lambda: restore(path, network, state)):
            assert "\n" not in reason
            assert network.vector.tobytes() == before
        network.vector[:] = np.frombuffer(before, network.vector.dtype)

    try_reader(sample, archives(good), check)


def test_predictions(tmp_path: Path, sample: Sample) -> None:
    path = tmp_path / "p.npz"
    labels, probabilities = np.arange(10, dtype=np.uint8), np.eye(10, dtype=np.float32)

    def check(content: bytes) -> None:
        path.write_bytes(content)
        reason = refusal(lambda: Predictions.load(path).confusion())
        assert reason is None or "\n" not in reason

    try_reader(
        sample,
        archives({"labels": labels, "predicted": labels, "probabilities": probabilities}),
        check,
    )


def test_configs(run: Run, sample: Sample) -> None:
    path = run.directory.parent / "c.yaml"
    good = (run.directory / "config.yaml").read_bytes()
    base = json.loads((run.directory / "run.json").read_text())["config"]

    def check(content: bytes) -> None:
        path.write_bytes(content)
        refusal(lambda: load_file(path))
        refusal(lambda: loads(content.decode(errors="replace")))

    try_reader(sample, changed_bytes(good) | changed_json(base).map(encoded), check)


@st.composite
def idx_files(draw: st.DrawFn) -> bytes:
    shape = draw(st.lists(st.sampled_from([0, 1, 2, 3, 28, 0xFFFFFFFF, 1 << 31]), max_size=6))
    kind = draw(st.sampled_from([8, 9, 0xB, 0xC, 0xD, 0xE, 0xA, 0]))
    body = draw(st.binary(max_size=60)) + bytes(draw(st.sampled_from([0, 784, 1568])))
    content = struct.pack(f">BBBB{len(shape)}I", 0, 0, kind, len(shape), *shape) + body
    content = draw(changed_bytes(content, most=2))
    return (
        draw(changed_bytes(gzip.compress(content, mtime=0), most=2))
        if draw(st.booleans())
        else content
    )


def test_idx(tmp_path: Path, sample: Sample) -> None:
    def check(content: bytes) -> None:
        path = tmp_path / "file"
        path.write_bytes(content)
        reason = refusal(lambda: idx.read(path))
        assert reason is None or reason.startswith(f"{path}: ")

    try_reader(sample, idx_files(), check)


def npy(array: Array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def test_pictures(tmp_path: Path, sample: Sample) -> None:
    def check(content: bytes) -> None:
        path = tmp_path / "picture"
        path.write_bytes(content)
        found: Sequence[Digit | Unreadable] = list(read_pictures([path]))
        assert found
        for each in found:
            assert isinstance(each, Digit) or each.reason

    try_reader(
        sample, idx_files() | ARRAYS.map(npy).flatmap(changed_bytes) | st.binary(max_size=40), check
    )
