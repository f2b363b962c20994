"""The tables of named components: what a config, a test and a plot may choose from.

A component is a frozen dataclass. Its fields are its hyperparameters; a field annotated
``Annotated[float, Bounds(ge=0)]`` is also bounded. `nnbasic.configs` reads the same fields to
validate YAML, so a component is described in exactly one place.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")
C = TypeVar("C")

Spec = str | Mapping[str, Any]
"""A component as a config writes it: its name, or a mapping with ``name`` and hyperparameters."""


@dataclass(frozen=True)
class Bounds:
    """The range of a hyperparameter: greater than, at least, less than, at most."""

    gt: float | None = None
    ge: float | None = None
    lt: float | None = None
    le: float | None = None

    def __contains__(self, value: float) -> bool:
        return (
            (self.gt is None or value > self.gt)
            and (self.ge is None or value >= self.ge)
            and (self.lt is None or value < self.lt)
            and (self.le is None or value <= self.le)
        )

    def __str__(self) -> str:
        words = {"gt": "greater than", "ge": "at least", "lt": "less than", "le": "at most"}
        return " and ".join(f"{words[k]} {v:g}" for k, v in asdict(self).items() if v is not None)


class Registry(Generic[T]):
    """A table from name to component class, with one way to add to it and one to build from it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._classes: dict[str, type[T]] = {}

    def register(self, name: str) -> Callable[[type[C]], type[C]]:
        """Add the decorated class under ``name``; ValueError if the name is taken."""

        def add(cls: type[C]) -> type[C]:
            if name in self._classes:
                raise ValueError(f"the {self.kind} {name!r} is registered already")
            component: Any = cls
            self._classes[name] = component
            return cls

        return add

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __getitem__(self, name: str) -> type[T]:
        try:
            return self._classes[name]
        except KeyError:
            hint = suggestion(str(name), self)
            raise ValueError(f"unknown {self.kind} {name!r}; {hint}") from None

    def build(self, spec: T | Spec) -> T:
        """The component that ``spec`` describes; an instance is returned as it is.

        Raises ValueError for an unknown name or hyperparameter, or a value out of bounds.
        """
        if isinstance(spec, str):
            spec = {"name": spec}
        if not isinstance(spec, Mapping):
            if not hasattr(spec, "__dataclass_fields__"):
                raise ValueError(f"{spec!r} is no {self.kind}; give a name or a mapping")
            return spec
        arguments = dict(spec)
        name = arguments.pop("name", None)
        if not isinstance(name, str):
            raise ValueError(f"the {self.kind} {dict(spec)!r} has no 'name' that is a word")
        cls = self[name]
        known = hyperparameters(cls)
        for key, value in arguments.items():
            if key not in known:
                accepted = ", ".join(known) or "none"
                raise ValueError(f"{self.kind} {name!r} has no {key!r} (it has: {accepted})")
            _check(f"{self.kind} {name!r}: {key}", known[key], value)
        return cls(**arguments)

    def spec(self, component: T) -> dict[str, Any]:
        """The complete mapping that `build` turns back into ``component``."""
        for name, cls in self._classes.items():
            if type(component) is cls:
                return {"name": name, **{k: getattr(component, k) for k in hyperparameters(cls)}}
        raise ValueError(f"{component!r} is not a registered {self.kind}")


def suggestion(word: str, known: Iterable[str]) -> str:
    """A way out of an unknown word: the nearest known one, in any case, or all of them."""
    names = list(known)
    lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower(), lower, n=1)
    return f"did you mean {lower[close[0]]!r}?" if close else f"known: {', '.join(names) or 'none'}"


def hyperparameters(cls: type[Any]) -> dict[str, Any]:
    """Name → annotation (``Annotated`` kept) of each dataclass field of ``cls``, in order."""
    if not hasattr(cls, "__dataclass_fields__"):
        return {}
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: hints[field.name] for field in fields(cls)}


def _check(what: str, annotation: Any, value: Any) -> None:
    """Raise ValueError unless ``value`` fits ``annotation`` and its Bounds."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        _check(what, arguments[0], value)
        for bound in arguments[1:]:
            if isinstance(bound, Bounds) and value not in bound:
                raise ValueError(f"{what} is {value!r}; it must be {bound}")
    elif origin is Literal:
        if value not in arguments or isinstance(value, bool):
            accepted = ", ".join(map(repr, arguments))
            raise ValueError(f"{what} is {value!r}; it must be one of {accepted}")
    elif origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"{what} is {value!r}; it must be a list")
        for index, item in enumerate(value):
            _check(f"{what}[{index}]", arguments[0], item)
    elif type(None) in arguments:
        if value is not None:
            _check(what, next(a for a in arguments if a is not type(None)), value)
    elif annotation is bool:
        if not isinstance(value, bool):
            raise ValueError(f"{what} is {value!r}; it must be True or False")
    elif annotation in (int, float):
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise ValueError(f"{what} is {value!r}; it must be a number")
        if annotation is int and not isinstance(value, int):
            raise ValueError(f"{what} is {value!r}; it must be a whole number")
