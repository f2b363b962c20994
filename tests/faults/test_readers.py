"""Whatever a file of a run holds, commands have an answer or one message, and do not take long.

With the hypothesis profile `thorough`, many more contents are tried.
"""

import io
import json
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostile import nested
from nnbasic.model.arrays import Array
from support import invoke

NUMBERS = [0, -1, 2, 10**18, 10**101, 10**400, 2**53, 1e300, 1e308, 5e-324, float("nan")]
WORDS = ["\ud800", "=1+1", "\x1b[2J", "<b>", "1e999", "../x", "relu", "name", ""]


SCALARS = st.none() | st.booleans() | st.sampled_from([*NUMBERS, *WORDS]) | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner)
) | st.sampled_from([5, 20, 21, 400]).map(nested)


@st.composite
def changed_json(draw: st.DrawFn, good: str) -> bytes:
    """A JSON document with a few of its parts replaced or removed."""
    value = json.loads(good)
    for _ in range(draw(st.integers(1, 3))):
        place = value
        while isinstance(place, (dict, list)) and place:
            key = draw(
                st.sampled_from(sorted(place) if isinstance(place, dict) else [*range(len(place))])
            )
            if not isinstance(place[key], (dict, list)) or draw(st.booleans()):
                place[key] = draw(VALUES)
                break
            place = place[key]
    return json.dumps(value).encode("utf-8", "surrogatepass")


@st.composite
def changed_bytes(draw: st.DrawFn, good: bytes) -> bytes:
    """A few bytes changed, cut out or put in; mostly near the ends, where headers are."""
    content = bytearray(good)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, min(200, len(content))) | st.integers(0, len(content)))
        at = draw(st.sampled_from([at, len(content) - at]))
        cut = draw(st.sampled_from([0, 1, 4, 40, len(content)]))
        content[at : at + cut] = draw(st.binary(max_size=8) | st.just(struct.pack("<I", 2**32 - 1)))
    return bytes(content)


DTYPES = ["u1", "i8", "f4", ">f4", "c8", "U3", "S2", "V4", "O", "M8[s]", "?", "f2", "i4,f4"]
ARRAYS = st.builds(
    lambda dtype, shape: np.zeros(shape, dtype),
    st.sampled_from(DTYPES),
    st.lists(st.integers(0, 4), max_size=4).map(tuple),
)


@st.composite
def archives(draw: st.DrawFn, good: dict[str, Array]) -> bytes:
    """An archive with an array of another type or shape, one array less, or with other bytes."""
    arrays, name = dict(good), draw(st.sampled_from(sorted(good)))
    kind = draw(st.sampled_from(["array", "less", "bytes"]))
    if kind == "array":
        arrays[name] = draw(ARRAYS)
    elif kind == "less":
        del arrays[name]
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=True, **arrays)
    return draw(changed_bytes(stream.getvalue())) if kind == "bytes" else stream.getvalue()


@pytest.fixture(scope="module")
def folder(trained_on_digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run."""
    folder = tmp_path_factory.mktemp("read")
    shutil.copytree(min(trained_on_digits.iterdir()), folder / "runs" / "good")
    return folder


def contents(path: Path) -> st.SearchStrategy[bytes]:
    """Changed contents of a file of a run."""
    if path.suffix == ".npz":
        with np.load(path) as file:
            return archives(dict(file))
    lines = path.read_text().splitlines()
    if path.suffix == ".jsonl":
        changed = changed_json(lines[0]).map(lambda line: line + b"\n" + lines[1].encode() + b"\n")
    else:
        changed = changed_json("".join(lines))
    return changed | changed_bytes(path.read_bytes())


READERS = {
    "run.json": ["runs list --json", "compare", "eval"],
    "user.json": ["runs list --json", "compare"],
    "metrics.jsonl": ["runs list --json", "compare", "runs show"],
    "diagnostics.jsonl": ["compare", "runs show"],
    "best.npz": ["eval"],
    "predictions.npz": ["compare"],
}


@pytest.mark.parametrize("name", READERS)
def test_whatever_a_file_holds(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(folder)
    path = folder / "runs" / "good" / name
    good = path.read_bytes()

    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(contents(path))
    def check(content: bytes) -> None:
        path.write_bytes(content)
        for command in READERS[name]:
            said = invoke(*command.split())
            assert said.code in (0, 2), said.err
            assert said.err.count("\n") <= 3
            assert said.code == 0 or "Error: " in said.err

    try:
        check()
    finally:
        path.write_bytes(good)


def test_a_name_that_is_a_list(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    path = folder / "runs" / "good" / "run.json"
    good = path.read_text()
    record = json.loads(good)
    record["config"]["activation"]["name"] = [[]]
    try:
        path.write_text(json.dumps(record))
        assert invoke("compare").code in (0, 2)
    finally:
        path.write_text(good)
