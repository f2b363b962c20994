"""Classes as tutorials write them, made into layers.

They have ``forward(self, x)`` and ``backward(self, dout)``. They may keep a mask in ``self``, and
change what they are given in place.
"""

from __future__ import annotations

import inspect
from dataclasses import field, fields, make_dataclass
from typing import Any, ClassVar, get_type_hints

import numpy as np

from nnbasic.model.arrays import Array
from nnbasic.model.layers import Layer
from nnbasic.model.randomness import StepRandom


class TutorialLayer(Layer):
    """A layer that leaves its work to an object of the class ``written``."""

    written: ClassVar[type[Any]]

    def __post_init__(self) -> None:
        super().__post_init__()
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
    number. ValueError if ``cls`` has no forward or backward, or an argument has no known type.
    """
    missing = [name for name in ("forward", "backward") if not callable(getattr(cls, name, None))]
    if missing:
        raise ValueError(f"{cls.__name__} has no method {' and no method '.join(missing)}")
    arguments, bases = _hyperparameters(cls), (TutorialLayer,)
    made: Any = make_dataclass(cls.__name__, arguments, bases=bases, kw_only=True)
    made.written, made.__doc__, made.__module__ = cls, cls.__doc__, cls.__module__
    return made


def _hyperparameters(cls: type[Any]) -> list[Any]:
    """The arguments of ``cls`` as `make_dataclass` takes them."""
    hints = get_type_hints(cls.__init__)
    found = []
    for name, parameter in inspect.signature(cls).parameters.items():
        default = parameter.default
        kind = hints.get(name, float if type(default) is int else type(default))
        if name not in hints and kind not in (bool, float, str):
            raise ValueError(
                f"the argument {name} of {cls.__name__} needs a default, or an annotation such as"
                f" {name}: float"
            )
        given = () if default is inspect.Parameter.empty else (field(default=default),)
        found.append((name, kind, *given))
    return found
