"""Classes as tutorials write them train as they are; those that do not fit are named."""

from typing import Any

import numpy as np
import pytest

from nnbasic.data import Batches
from nnbasic.model import ACTIVATIONS, MLP, Layer, LayerError, fit
from nnbasic.model.activations import LeakyReLU
from nnbasic.model.registry import hyperparameters
from support import examples

SIZES = [6, 8, 7, 3]


class InputChanged:
    """Changes what it is given in place, both ways."""

    def forward(self, x: Any) -> Any:
        self.mask = x <= 0
        x[self.mask] = 0
        return x

    def backward(self, dout: Any) -> Any:
        dout[self.mask] = 0
        return dout


class NewArrays:
    """Returns new arrays."""

    def forward(self, x: Any) -> Any:
        self.x = x
        return np.maximum(0, x)

    def backward(self, dout: Any) -> Any:
        return dout * (self.x > 0)


class Doubles:
    """Returns float64, as Python loops and `np.zeros` do."""

    def forward(self, x: Any) -> Any:
        self.out = np.zeros(x.shape)
        self.out += np.maximum(0, x)
        return self.out

    def backward(self, dout: Any) -> Any:
        return np.where(self.out > 0, 1.0, 0.0) * dout


def train(activation: Any) -> np.ndarray:
    network = MLP(SIZES, activation, seed=2)
    batches = Batches(*examples(50, seed=1), batch_size=16, dtype=np.float32)
    optimizer = {"name": "sgd", "momentum": 0.9}
    *_, last = fit(network, batches, optimizer=optimizer, epochs=10)
    assert last.metrics["train_accuracy"] > 0.9
    return network.vector


@pytest.mark.parametrize("written", [InputChanged, NewArrays, Doubles])
def test_a_relu_of_the_tutorials_trains_as_ours_does(written: type[Any]) -> None:
    ACTIVATIONS.register("theirs")(written)
    np.testing.assert_array_equal(train("theirs"), train("relu"))


class Untyped:
    """Leaky ReLU with hyperparameters whose types are those of their defaults, but for the name."""

    def __init__(self, slope=1, half=False, name="leaky"):  # type: ignore[no-untyped-def]
        self.factor = slope / 2 if half else slope

    def forward(self, x: Any) -> Any:
        self.slopes = np.where(x > 0, 1, self.factor)
        return x * self.slopes

    def backward(self, dout: Any) -> Any:
        return dout * self.slopes


class Typed(Untyped):
    """Annotated, and without a default."""

    def __init__(self, slope: float) -> None:
        self.factor = slope


@pytest.mark.parametrize("formula", ["f(z) = z", ""])
def test_the_docstring_is_that_of_the_class(formula: str) -> None:
    written = type("Written", (Untyped,), {"__doc__": formula or None})
    ACTIVATIONS.register("theirs")(written)
    assert ACTIVATIONS["theirs"].__doc__ == formula  # not one that dataclasses write


@pytest.mark.parametrize(
    ("written", "given"), [(Untyped, {"slope": 0.2}), (Typed, {"slope": np.float32(0.25)})]
)
def test_hyperparameters_are_the_arguments(written: type[Any], given: dict[str, Any]) -> None:
    ACTIVATIONS.register("theirs")(written)
    ours = LeakyReLU(slope=given["slope"])
    np.testing.assert_allclose(
        train({"name": "theirs", **given}), train(ours), rtol=1e-4, atol=1e-6
    )


def test_hyperparameters_are_checked_and_recorded() -> None:
    for name, written in (("untyped", Untyped), ("typed", Typed)):
        ACTIVATIONS.register(name)(written)
    assert hyperparameters(ACTIVATIONS["untyped"]) == {"slope": float, "half": bool}
    layer = ACTIVATIONS.build({"name": "typed", "slope": 1})
    assert repr(ACTIVATIONS.spec(layer)) == "{'name': 'typed', 'slope': 1.0}"
    with pytest.raises(ValueError, match="'typed': slope: is missing, and has no default"):
        ACTIVATIONS.build("typed")
    with pytest.raises(ValueError, match="slope: must be a number, not 'steep'"):
        ACTIVATIONS.build({"name": "untyped", "slope": "steep"})


class NoReturn(NewArrays):
    def forward(self, x: Any) -> Any:
        x[x < 0] = 0


class Summed(NewArrays):
    def backward(self, dout: Any) -> Any:
        return dout.sum(axis=0)


class WithInput(NewArrays):
    def backward(self, x: Any, dout: Any) -> Any:  # type: ignore[override]
        return dout


class WithoutRandom(Layer):
    def forward(self, x: Any) -> Any:  # type: ignore[override]
        return x

    def backward(self, gradient: Any) -> Any:
        return gradient


@pytest.mark.parametrize(
    ("written", "method", "problem"),
    [
        (NoReturn, "forward", "returns no array for one of shape (2, 8); it must return one of (2"),
        (Summed, "backward", "returns an array of shape (8,) for one of shape (2, 8)"),
        (WithInput, "backward", "must take (self, dout)"),
        (WithoutRandom, "forward", "must take (self, x, rng=None)"),
    ],
)
def test_what_is_no_such_method_is_named_with_its_line(
    written: type[Any], method: str, problem: str
) -> None:
    ACTIVATIONS.register("theirs")(written)
    line = getattr(written, method).__code__.co_firstlineno
    with pytest.raises(LayerError) as caught:
        MLP(SIZES, "theirs")
    said = f"{__file__}:{line}: {method} of {written.__name__} {problem}"
    assert str(caught.value).startswith(said)


class OneWay:
    def forward(self, x: Any) -> Any:
        return x


class NoMethod(NewArrays):
    forward = None  # type: ignore[assignment]


class Unknown(NewArrays):
    def __init__(self, slope):  # type: ignore[no-untyped-def]
        pass


class Sized(NewArrays):
    def __init__(self, units: int) -> None:
        pass


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (Sized, "the argument units of Sized needs another name"),
        (OneWay, "OneWay has no method backward"),
        (NoMethod, "NoMethod has no method forward"),
        (Unknown, "the argument slope of Unknown needs a default, or an annotation such as slope:"),
    ],
)
def test_what_is_no_layer_is_refused(written: type[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ACTIVATIONS.register("theirs")(written)
    assert "theirs" not in list(ACTIVATIONS)
