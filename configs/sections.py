"""Sections of a config: frozen dataclasses whose annotations check every value."""

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Self, get_args

from nnbasic.configs.errors import KeyPath
from nnbasic.model.registry import (
    SYNONYMS,
    Flaw,
    HyperparameterError,
    Registry,
    checked,
    hyperparameters,
    suggestion,
)

# cached, as evaluating them takes a millisecond
_annotations: Callable[[type[Any]], dict[str, Any]] = cache(hyperparameters)  # type: ignore[assignment]


def key(default: Any, description: str) -> Any:
    """A key of a section: its default as YAML has it, and its meaning."""
    metadata = {"description": description}
    return dataclasses.field(default_factory=lambda: copy.deepcopy(default), metadata=metadata)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Section:
    """A mapping in a config: nothing but its own keys, each with a value of its annotated type.

    The annotations are those of hyperparameters (see `nnbasic.model.registry`), a Section, or
    ``Annotated[Loss, LOSSES]`` for a component of this registry: the value is the component itself,
    built from its name or from a mapping. ``Annotated[..., ACTIVATIONS, list]`` may be many.
    HyperparameterError, with all that is wrong, if the values are others.
    """

    def __post_init__(self) -> None:
        flaws: list[Flaw] = []
        for name, annotation in _annotations(type(self)).items():
            value = _checked(annotation, getattr(self, name), (name,), flaws)
            object.__setattr__(self, name, value)
        if not flaws:
            flaws = [Flaw((name,), message) for name, message in self.mismatches()]
        if flaws:
            raise HyperparameterError(type(self).__name__, flaws)

    def mismatches(self) -> Iterator[tuple[str, str]]:
        """Key and message of what does not go together, where each value is right in itself."""
        yield from ()

    @classmethod
    def model_validate(cls, content: Any) -> Self:
        """The section with the keys and values in the mapping ``content``."""
        if isinstance(content, cls):
            return content
        known = _annotations(cls)
        if not isinstance(content, Mapping):
            message = f"must be a mapping with any of the keys {', '.join(known)}"
            raise HyperparameterError(cls.__name__, [Flaw((), message, content)])
        unknown = [name for name in content if name not in known]
        flaws = [Flaw((name,), f"unknown key; {_hint(str(name), known)}") for name in unknown]
        try:
            section = cls(**{name: content[name] for name in known if name in content})
        except HyperparameterError as error:
            flaws += error.flaws
        if flaws:
            raise HyperparameterError(cls.__name__, flaws)
        return section

    def model_dump(self) -> dict[str, Any]:
        """The complete content, of dicts, lists and scalars."""
        keys = _annotations(type(self)).items()
        return {name: _plain(part(annotation), getattr(self, name)) for name, annotation in keys}


Part = Registry[Any] | type[Section] | None


def part(annotation: Any) -> Part:
    """The table of components or the section that a value is of; None: it is a plain one."""
    for each in (annotation, *get_args(annotation)):
        if isinstance(each, Registry) or (isinstance(each, type) and issubclass(each, Section)):
            return each
    return None


def _checked(annotation: Any, value: Any, path: KeyPath, flaws: list[Flaw]) -> Any:
    """``value`` in the type that ``annotation`` says; what does not fit is added to ``flaws``."""
    inner = part(annotation)
    if inner is None or (value is None and type(None) in get_args(annotation)):
        return checked(annotation, value, path, flaws)
    if isinstance(value, list) and list in get_args(annotation):
        return [_checked(inner, entry, (*path, i), flaws) for i, entry in enumerate(value)]
    try:
        if not isinstance(inner, Registry):
            return inner.model_validate(value)
        component = inner.build(value)
        inner.name(component)  # an instance may be of a class without a name
        return component
    except HyperparameterError as error:
        flaws += [flaw._replace(path=(*path, *flaw.path)) for flaw in error.flaws]
    except ValueError as error:  # an unknown name, or values that do not go together
        flaws.append(Flaw(path, str(error)))
    return value


def _plain(inner: Part, value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(inner, entry) for entry in value]
    if isinstance(inner, Registry):
        return inner.spec(value)
    return value.model_dump() if isinstance(value, Section) else value


def _hint(name: str, known: Mapping[str, Any]) -> str:
    """What an unknown key may have meant: one in a section or component, or one here."""
    meant = SYNONYMS.get(name, name)
    found = [f"{top}.{meant}" for top in known if meant in _inside(part(known[top]))]
    return f"did you mean {' or '.join(found)}?" if found else suggestion(name, known)


def _inside(inner: Part) -> set[str]:
    """The keys that a section has, or that some of the components have."""
    if isinstance(inner, Registry):
        return {key for name in inner for key in hyperparameters(inner[name])}
    return set(_annotations(inner)) if inner else set()
