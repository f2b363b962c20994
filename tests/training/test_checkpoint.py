"""A checkpoint brings back all state, or says what is wrong with it and changes nothing."""

import io
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnbasic.model import MLP, OPTIMIZERS
from nnbasic.model.optimizers import State
from nnbasic.training import RunError
from nnbasic.training.checkpoint import restore, save


@pytest.fixture
def network() -> MLP:
    return MLP([4, 3, 10], "prelu", seed=1)


@pytest.fixture
def state(network: MLP, rng: np.random.Generator) -> State:
    """The state of Adam after a few updates."""
    adam = OPTIMIZERS.build("adam")
    state = adam.init(network.vector)
    for _ in range(3):
        gradient = rng.normal(size=network.vector.size).astype(np.float32)
        adam.update(network.vector, gradient, state, rate=0.01)
    return state


@pytest.fixture
def path(tmp_path: Path, network: MLP, state: State) -> Path:
    path = tmp_path / "last.npz"
    save(path, network, state, 2)
    return path


def arrays(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def test_everything_comes_back(path: Path, network: MLP, state: State) -> None:
    other = MLP([4, 3, 10], "prelu", seed=2)
    fresh = OPTIMIZERS.build("adam").init(other.vector)
    assert restore(path, other, fresh) == 2
    assert other.vector.tobytes() == network.vector.tobytes()
    assert fresh.keys() == state.keys()
    for name, array in state.items():
        assert fresh[name].tobytes() == array.tobytes()


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    where = content.index(b"layer1.weight") + 200
    return content[:where] + bytes([content[where] ^ 1]) + content[where + 1 :]


def single(content: bytes) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


@pytest.mark.parametrize(
    "damage",
    [
        truncated,
        flipped,
        single,
        lambda content: b"",
        lambda content: pickle.dumps({"epoch": 1}),
    ],
)
def test_a_damaged_file(
    path: Path, network: MLP, state: State, damage: Callable[[bytes], bytes]
) -> None:
    path.write_bytes(damage(path.read_bytes()))
    assert_refused(path, network, state, "damaged, or not of this run")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (
            "parameters/layer1.weight",
            np.zeros((3, 4), np.float32),
            "parameters/layer1.weight is float32 (3, 4), expected float32 (4, 3)",
        ),
        ("optimizer/steps", np.zeros(2, np.int64), "optimizer/steps is int64 (2,)"),
    ],
)
def test_a_checkpoint_of_another_network(
    path: Path, network: MLP, state: State, name: str, value: Any, words: str
) -> None:
    np.savez(path, **{**arrays(path), name: value})
    assert_refused(path, network, state, "not a checkpoint of this network: " + words)


def test_a_missing_array(path: Path, network: MLP, state: State) -> None:
    content = arrays(path)
    del content["epoch"]
    np.savez(path, **content)
    assert_refused(path, network, state, "damaged, or not of this run ('epoch")


def test_no_pickle_is_ever_run(path: Path, network: MLP, state: State) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return pytest.fail, ("a pickle was run",)

    weight = np.full((4, 3), None)
    weight[0, 0] = Bomb()
    np.savez(path, **{**arrays(path), "parameters/layer1.weight": weight})
    assert_refused(path, network, state, "damaged, or not of this run")


def test_a_missing_file_and_a_directory(tmp_path: Path, network: MLP, state: State) -> None:
    assert_refused(tmp_path / "no.npz", network, state, "there is no such file")
    assert_refused(tmp_path, network, state, "damaged, or not of this run")


def assert_refused(path: Path, network: MLP, state: State, words: str) -> None:
    """RunError with the path and ``words`` in one line, and neither network nor state touched."""
    before = network.vector.tobytes(), {name: array.tobytes() for name, array in state.items()}
    with pytest.raises(RunError, match=re.escape(words)) as error:
        restore(path, network, state)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
    after = network.vector.tobytes(), {name: array.tobytes() for name, array in state.items()}
    assert after == before
