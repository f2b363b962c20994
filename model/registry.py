"""The tables of named components: what a config, a test and a plot may choose from.

Registering a class makes it a dataclass, whose fields are its hyperparameters, each annotated as
bool, int, float, str, a Literal, a tuple ``tuple[float, ...]`` of these, or one of these or None;
``Annotated[float, Bounds(ge=0)]`` is also bounded. The annotations are the only description of a
component: `Component` checks values against them, and `nnbasic.configs` writes its JSON Schema.
"""

import difflib
import operator
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    NamedTuple,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np

T = TypeVar("T")
C = TypeVar("C")

Spec = str | Mapping[str, Any]
"""A component as a config writes it: its name, or a mapping with ``name`` and hyperparameters."""


@dataclass(frozen=True)
class Bounds:
    """A hyperparameter's range: greater than, at least, less than, at most, as in `operator`."""

    gt: float | None = None
    ge: float | None = None
    lt: float | None = None
    le: float | None = None

    def __contains__(self, value: float) -> bool:
        limits = ((name, limit) for name, limit in vars(self).items() if limit is not None)
        return all(getattr(operator, name)(value, limit) for name, limit in limits)

    def __str__(self) -> str:
        words = {"gt": "greater than", "ge": "at least", "lt": "less than", "le": "at most"}
        return " and ".join(f"{words[k]} {v:g}" for k, v in asdict(self).items() if v is not None)


class Flaw(NamedTuple):
    """What is wrong with one hyperparameter: ``("slope",)``, or an entry: ``("milestones", 1)``."""

    path: tuple[str | int, ...]
    message: str
    value: Any = MISSING

    def text(self, describe: Callable[[Any], str] = repr) -> str:
        """The message with the value as ``describe`` names it: ``must be a number, not '3'``."""
        what = "" if self.value is MISSING else f", not {describe(self.value)}"
        return self.message + what


class HyperparameterError(ValueError):
    """A component does not take these hyperparameters; ``flaws`` has all that is wrong."""

    def __init__(self, component: str, flaws: list[Flaw]) -> None:
        self.flaws = flaws
        problems = (f"{'.'.join(map(str, flaw.path))}: {flaw.text()}" for flaw in flaws)
        super().__init__(f"{component}: {'; '.join(problems)}")


class Component:
    """What a table holds: its hyperparameters are checked when it is made, in Python as from YAML.

    A whole number will do for a float, NumPy's numbers for Python's, and a list for a tuple; what
    is kept has the annotated type.
    """

    title: ClassVar[str] = "component"
    """What an error calls it, such as ``activation 'elu'``."""

    caution: ClassVar[str | None] = None
    """What a user should know before training with it."""

    def __init__(self, **values: Any) -> None:
        """HyperparameterError, with all that is wrong, if they are not the class's own."""
        flaws: list[Flaw] = []
        known = hyperparameters(type(self))
        for key, annotation in known.items():
            if (value := values.get(key, default(type(self), key))) is MISSING:
                flaws.append(Flaw((key,), "is missing, and has no default"))
            else:
                setattr(self, key, checked(annotation, value, (key,), flaws))
        unknown = [key for key in values if key not in known]
        flaws += [Flaw((key,), f"unknown key; {suggestion(key, known)}") for key in unknown]
        if flaws:
            raise HyperparameterError(self.title, flaws)


class Registry(Generic[T]):
    """A table from name to component class, with one way to add to it and one to build from it."""

    def __init__(
        self, kind: str, base: type[Any], adapt: Callable[[type[Any]], type[T]] | None = None
    ) -> None:
        """A table of subclasses of ``base``; ``adapt`` makes one of a class that is none."""
        self.kind, self.base, self._adapt = kind, base, adapt
        self._classes: dict[str, type[T]] = {}

    def register(self, name: str) -> Callable[[type[C]], type[C]]:
        """Add the decorated class under ``name``, as a dataclass.

        ValueError if the name is taken, if the class leaves methods out that it must have, or if a
        hyperparameter is called as something else that it has.
        """

        def add(cls: type[C]) -> type[C]:
            if name in self._classes:
                raise ValueError(f"the {self.kind} {name!r} is registered already")
            if issubclass(cls, self.base):
                component: Any = dataclass(init=False)(cls)
            elif self._adapt:
                component = self._adapt(cls)
            else:
                raise ValueError(f"the {self.kind} {name!r} must derive from {self.base.__name__}")
            if missing := getattr(component, "__abstractmethods__", None):
                raise ValueError(f"the {self.kind} {name!r} lacks {', '.join(sorted(missing))}")
            if issubclass(cls, self.base) and "__init__" in vars(cls):
                raise ValueError(
                    f"the {self.kind} {name!r} has an __init__: a subclass of {self.base.__name__}"
                    " has annotated attributes instead, such as slope: float = 0.1"
                )
            own = hyperparameters(component).keys() - hyperparameters(self.base).keys()
            for taken in own & {"name", *dir(self.base)}:
                raise ValueError(f"the {self.kind} {name!r} cannot have a hyperparameter {taken!r}")
            self._classes[name], component.title = component, f"{self.kind} {name!r}"
            return cls

        return add

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __getitem__(self, name: str) -> type[T]:
        if name not in self._classes:
            raise ValueError(f"unknown {self.kind} {name!r}; {suggestion(name, self)}")
        return self._classes[name]

    def build(self, spec: T | Spec) -> T:
        """The component that ``spec`` describes; an instance is returned as it is.

        ValueError for an unknown name; HyperparameterError, with all flaws, for hyperparameters.
        """
        if isinstance(spec, self.base):
            return spec
        values = dict(spec) if isinstance(spec, Mapping) else {"name": spec}
        name = values.pop("name", None)
        if not isinstance(name, str):
            example = next(iter(self))
            raise ValueError(
                f"the {self.kind} must be a name, such as {example!r}, or a mapping with one, such"
                f" as {{'name': {example!r}}}; a class of your own is registered under a name first"
            )
        return self[name](**{str(key): value for key, value in values.items()})

    def name(self, component: T) -> str:
        """The name that ``component`` is registered by; ValueError if it is not."""
        for name, cls in self._classes.items():
            if type(component) is cls:
                return name
        raise ValueError(f"{component!r} is not a registered {self.kind}")

    def spec(self, component: T) -> dict[str, Any]:
        """The complete mapping that `build` turns back into ``component``, of lists and scalars."""
        spec: dict[str, Any] = {"name": self.name(component)}
        for key in hyperparameters(type(component)):
            value = getattr(component, key)
            spec[key] = list(value) if isinstance(value, tuple) else value
        return spec


SYNONYMS = {
    "lrelu": "leaky_relu",
    "swish": "silu",
    "kaiming": "he",
    "glorot": "xavier",
    "logistic": "sigmoid",
    "linear": "identity",
    "negative_slope": "slope",
    "criterion": "loss",
    "hidden_layer_sizes": "layers",
    "learning_rate": "lr",
}
"""Other names of the field → ours."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """What an unknown word may have meant: the most similar known one, or all of them."""
    names = list(known)
    for name in (word.lower(), word.lower().partition("_")[0]):  # of he_normal also he
        if (meant := SYNONYMS.get(name, name)) in names:
            return f"did you mean {meant!r}?"
    if word.lower() == "momentum" and "sgd" in names:
        return "did you mean {name: sgd, momentum: 0.9}?"
    lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower(), lower, n=1)
    return f"did you mean {lower[close[0]]!r}?" if close else f"known: {', '.join(names) or 'none'}"


def hyperparameters(cls: type[Any]) -> dict[str, Any]:
    """Name → annotation (``Annotated`` kept) of each dataclass field of ``cls``, in order."""
    if not hasattr(cls, "__dataclass_fields__"):
        return {}
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: hints[field.name] for field in fields(cls)}


def default(cls: type[Any], key: str) -> Any:
    """The default of the hyperparameter ``key`` of ``cls``; `dataclasses.MISSING` without one."""
    field = cls.__dataclass_fields__[key]
    return field.default if field.default_factory is MISSING else field.default_factory()


def checked(annotation: Any, value: Any, path: tuple[str | int, ...], flaws: list[Flaw]) -> Any:
    """``value`` in the type that ``annotation`` says; what does not fit is added to ``flaws``."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        before = len(flaws)
        found = checked(arguments[0], value, path, flaws)
        if len(flaws) == before:
            bounds = [each for each in arguments[1:] if isinstance(each, Bounds)]
            flaws += [Flaw(path, f"must be {each}", value) for each in bounds if found not in each]
        return found
    if type(None) in arguments:
        inner = next(each for each in arguments if each is not type(None))
        return None if value is None else checked(inner, value, path, flaws)
    value = value.item() if isinstance(value, np.generic) else value
    if origin in (tuple, list):
        if isinstance(value, (list, tuple)):
            entries = enumerate(value)
            return origin(checked(arguments[0], entry, (*path, i), flaws) for i, entry in entries)
        expected = "a list"
    elif origin is Literal:
        for choice in arguments:
            if value == choice and isinstance(value, bool) == isinstance(choice, bool):
                return choice
        expected = f"one of {' or '.join(map(repr, arguments))}"
    elif annotation not in _TYPES:
        raise ValueError(f"{path[0]} is annotated {annotation}, which no hyperparameter can be")
    elif annotation is float and type(value) in (int, float):
        if abs(value) <= sys.float_info.max:  # which NaN is not
            return float(value)
        expected = "a finite number"
    elif type(value) is annotation:
        return value
    else:
        expected = _TYPES[annotation]
    flaws.append(Flaw(path, f"must be {expected}", value))
    return value


_TYPES = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
