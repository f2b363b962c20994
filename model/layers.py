"""What a layer is, and how a class as the tutorials write it becomes one."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import MISSING, field, fields, make_dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal, get_type_hints

import numpy as np

from nnbasic.model.arrays import Array
from nnbasic.model.randomness import StepRandom
from nnbasic.model.registry import Component


class Layer(Component, ABC):
    """A differentiable map of a batch, (n, inputs) to (n, units).

    `forward` keeps in ``self`` what `backward` needs. Neither changes an array that it was given,
    so `backward` may be called twice. The fields of a subclass that is a dataclass are its
    hyperparameters. The network sets the rest: ``name``, the layer of the config that this one
    belongs to (``layer1``), ``units``, and `parameters` and `gradients`, dicts with the same keys.
    """

    name: str = ""
    units: int = 0

    role: ClassVar[Literal["affine", "normalisation", "activation", "noise"]] = "activation"

    limits: ClassVar[tuple[float, float] | None] = None
    """Where a bounded activation flattens out, below and above: near them it is saturated."""

    parameters: Mapping[str, Array] = MappingProxyType({})
    gradients: Mapping[str, Array] = MappingProxyType({})

    @abstractmethod
    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        """The output for the batch ``x``; ``rng`` is this step's while training, else None."""

    @abstractmethod
    def backward(self, gradient: Array) -> Array | None:
        """From dL/d(output), fill `gradients` and return dL/dx."""

    def inputs(self, units: int) -> int:
        """How many inputs ``units`` units take: as many, but for maxout."""
        return units

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each parameter; most layers have none."""
        return {}

    def start(self) -> None:
        """Set the parameters that no initialiser draws."""


class LayerError(ValueError):
    """A layer that does not compute what the network needs of it."""


def check_shapes(layer: Layer, dtype: np.dtype[Any]) -> None:
    """LayerError, with the line, unless ``layer`` maps a small batch to its units and back."""
    inputs = layer.inputs(layer.units)
    x = np.linspace(-1, 1, 2 * inputs, dtype=dtype).reshape(2, inputs)
    gradient = np.ones((2, layer.units), dtype)
    for method, given, wanted in (("forward", x, gradient), ("backward", gradient, x)):
        _check_arguments(layer, method)
        result = getattr(layer, method)(given)
        shape = result.shape if isinstance(result, np.ndarray) else None
        if shape != wanted.shape:
            returned = "no array" if shape is None else f"an array of shape {shape}"
            raise LayerError(
                f"{_place(layer, method)} returns {returned} for one of shape {given.shape};"
                f" it must return one of {wanted.shape}"
            )


def _check_arguments(layer: Layer, method: str) -> None:
    """LayerError if the ``method`` cannot be called as the network or `TutorialLayer` does."""
    written = getattr(layer, "_object", layer)
    takes_rng = method == "forward" and written is layer
    try:
        signature = inspect.signature(getattr(written, method))
        signature.bind(None)
        signature.bind(*[None] * (1 + takes_rng))
    except ValueError:
        return  # it has no signature, as a ufunc
    except TypeError:
        wanted = f"x{', rng=None' * takes_rng}" if method == "forward" else "dout"
        raise LayerError(f"{_place(layer, method)} must take (self, {wanted})") from None


def _place(layer: Layer, method: str) -> str:
    """The line of a ``method`` that somebody wrote: ``mine.py:8: backward of MyReLU``."""
    written = getattr(layer, "written", type(layer))
    code = getattr(written, method).__code__
    return f"{code.co_filename}:{code.co_firstlineno}: {method} of {written.__name__}"


class TutorialLayer(Layer):
    """A layer that leaves its work to an object of the class ``written``.

    That has ``forward(self, x)`` and ``backward(self, dout)``, and may change both arrays in place.
    """

    written: ClassVar[type[Any]]

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._object = self.written(**{one.name: getattr(self, one.name) for one in fields(self)})  # type: ignore[arg-type]

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        return _like(x, self._object.forward(x.copy()))

    def backward(self, gradient: Array) -> Array:
        return _like(gradient, self._object.backward(gradient.copy()))


def _like(given: Array, result: Any) -> Array:
    """``result`` in the dtype of ``given``; what is no array is left for `check_shapes` to name."""
    return result.astype(given.dtype, copy=False) if isinstance(result, np.ndarray) else result


def adapted(cls: type[Any]) -> type[TutorialLayer]:
    """A layer with the arguments of ``cls`` as its hyperparameters.

    Their types are the annotations, or else those of the defaults; a whole number stands for any
    number. An argument that is called as something of `Layer`, such as ``name``, is none of them
    and keeps its default. ValueError if ``cls`` has no forward or backward, or an argument no type.
    """
    for method in ("forward", "backward"):
        if not callable(getattr(cls, method, None)):
            raise ValueError(f"{cls.__name__} has no method {method}")
    hints, arguments = get_type_hints(cls.__init__), []
    for name, parameter in inspect.signature(cls).parameters.items():
        default = MISSING if parameter.default is parameter.empty else parameter.default
        if hasattr(Layer, name):
            if default is MISSING:
                raise ValueError(
                    f"the argument {name} of {cls.__name__} needs another name, or a default that"
                    f" it keeps: every layer has a {name} of its own"
                )
            continue
        kind = hints.get(name, float if type(default) is int else type(default))
        if name not in hints and kind not in (bool, float, str):
            raise ValueError(
                f"the argument {name} of {cls.__name__} needs a default, or an annotation such as"
                f" {name}: float"
            )
        arguments.append((name, kind, field(default=default)))
    namespace = {"written": cls, "__module__": cls.__module__}
    layer = make_dataclass(
        cls.__name__, arguments, bases=(TutorialLayer,), namespace=namespace, init=False
    )
    layer.__doc__ = cls.__doc__ or ""  # for none, dataclasses write one
    return layer
