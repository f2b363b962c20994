"""What holds for every input: a config or a ConfigError, and nothing lost in writing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import jsonschema
import yaml
from hypothesis import event, given
from hypothesis import strategies as st

from nnbasic.configs import Config, ConfigError, dump, flow, json_schema, load, loads
from nnbasic.configs.schema import COMPONENTS, PARTS
from nnbasic.model import ACTIVATIONS, INITIALIZERS, LOSSES, Bounds
from nnbasic.model.registry import Registry, hyperparameters

VALIDATOR = jsonschema.Draft202012Validator(json_schema())
KEYS = [*PARTS, "name", "lr", "slope", "validation", "patience", "milestones"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=10),
    st.sampled_from([*ACTIVATIONS, *INITIALIZERS, *LOSSES, "sgd", "adam", "step", "cosine"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)
TEXTS = st.one_of(
    st.text(),
    st.text(alphabet="{}[]:,-?!&*|>'\"%@`#\\ \t\nabxuU019.e~<"),
    st.dictionaries(st.sampled_from(KEYS), VALUES).map(yaml.safe_dump),
)


def hyperparameter(annotation: Any) -> st.SearchStrategy[Any]:
    """Values from the whole range of a hyperparameter; whole numbers up to 9."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        bounds = next(each for each in arguments if isinstance(each, Bounds))
        return numbers(arguments[0], bounds)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(hyperparameter(arguments[0]), max_size=4)
    if type(None) in arguments:
        return st.none() | hyperparameter(arguments[0])
    return st.booleans() if annotation is bool else numbers(annotation, Bounds())


def numbers(kind: type, bounds: Bounds) -> st.SearchStrategy[Any]:
    """Numbers within the bounds; whole ones up to 9, as many pieces of a maxout fit in memory."""
    low = bounds.ge if bounds.gt is None else bounds.gt
    high = bounds.le if bounds.lt is None else bounds.lt
    if kind is int:
        assert (bounds.gt, high) == (None, None)
        return st.integers(int(low or 0), 9)
    return st.floats(
        low,
        high,
        exclude_min=bounds.gt is not None,
        exclude_max=bounds.lt is not None,
        allow_nan=False,
        allow_infinity=False,
    )


def component(registry: Registry[Any]) -> st.SearchStrategy[Any]:
    """A specification: a name, or a mapping with some of the hyperparameters."""

    def mapping(name: str) -> st.SearchStrategy[dict[str, Any]]:
        known = hyperparameters(registry[name]).items()
        optional = {key: hyperparameter(annotation) for key, annotation in known}
        return st.fixed_dictionaries({"name": st.just(name)}, optional=optional)

    names = st.sampled_from(list(registry))
    return names | names.flatmap(mapping)


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """What a valid config file says, with any of the keys."""
    hidden = draw(st.lists(st.integers(1, 40), max_size=3))
    choices = {key: component(registry) for key, registry in COMPONENTS.items()}
    choices["activation"] |= st.lists(
        choices["activation"], min_size=len(hidden), max_size=len(hidden)
    )
    stopping = {
        "metric": st.sampled_from(["val_accuracy", "val_loss"]),
        "min_delta": st.floats(0, allow_infinity=False),
        "patience": st.integers(1, 99),
    }
    data = {
        "dataset": st.sampled_from(["auto", "mnist", "digits"]),
        "validation": st.integers(1, 59_999),
        "scale": st.sampled_from(["unit", "standard", "signed"]),
    }
    plain = {
        "epochs": st.integers(1, 10**5),
        "batch_size": st.integers(1, 60_000),
        "seed": st.integers(0, 2**64),
        "dtype": st.sampled_from(["float32", "float64"]),
        "data": st.fixed_dictionaries({}, optional=data),
        "early_stopping": st.none() | st.fixed_dictionaries({}, optional=stopping),
        "diagnostics": st.booleans(),
    }
    layers = st.just([784, *hidden, 10])
    return draw(st.fixed_dictionaries({"layers": layers}, optional=choices | plain))


YAML = contents().map(yaml.safe_dump)


def check(read: Callable[[], Config]) -> None:
    """What ``read`` gives survives writing, unless it is a ConfigError."""
    try:
        config = read()
    except ConfigError:
        event("refused")
        return
    event("accepted")
    again = loads(dump(config))
    assert again == config
    assert again.identity() == config.identity()


@given(TEXTS | YAML, st.lists(st.text() | st.builds("{}={}".format, st.sampled_from(KEYS), TEXTS)))
def test_any_text_gives_a_config_or_a_config_error(text: str, overrides: list[str]) -> None:
    check(lambda: loads(text, overrides))


@given(YAML, st.data())
def test_any_damage_to_a_config_gives_a_config_or_a_config_error(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 20, len(text))))
    check(lambda: loads(text[:start] + data.draw(st.text(max_size=10)) + text[end:]))


@given(st.binary() | (TEXTS | YAML).map(lambda text: text.encode("utf-8", "replace")))
def test_any_file_gives_a_config_or_a_config_error(content: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        Path(file.name).write_bytes(content)
        check(lambda: load(file.name))


@given(contents(), contents())
def test_what_is_valid_is_accepted(content: dict[str, Any], other: dict[str, Any]) -> None:
    VALIDATOR.validate(content)
    text = yaml.safe_dump(content)
    assert loads(text) == Config.model_validate(content)
    hidden = {"layers", "activation"}  # which depend on one another
    changes = {key: value for key, value in other.items() if key not in hidden}
    changed = loads(text, [f"{key}={flow(value)}" for key, value in changes.items()])
    assert changed == Config.model_validate(content | changes) == loads(dump(changed))


def test_what_is_written_is_readable() -> None:
    lines = dump(Config()).splitlines()
    assert lines[0] == "layers: [784, 256, 128, 10]"
    assert lines[1] == "activation: {name: relu, grad_at_zero: 0}"
    assert lines[3] == "loss: {name: cross_entropy, label_smoothing: 0.0}"
    assert [line.partition(":")[0] for line in lines] == list(PARTS)
