"""What holds for every input: nothing but a ConfigError, and nothing lost in writing."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from nnbasic.configs import Config, ConfigError, dump, load, loads, presets
from nnbasic.model import ACTIVATIONS, INITIALIZERS, LOSSES, Bounds, Registry, hyperparameters

KEYS = [*Config.model_fields, "name", "lr", "slope", "validation", "patience", "milestones"]
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


@given(TEXTS, st.lists(st.text() | st.builds("{}={}".format, st.sampled_from(KEYS), TEXTS)))
def test_any_text_gives_a_config_or_a_config_error(text: str, overrides: list[str]) -> None:
    with contextlib.suppress(ConfigError):
        config = loads(text, overrides)
        assert loads(dump(config)) == config


@given(st.data())
def test_any_damage_to_a_config_gives_a_config_or_a_config_error(data: st.DataObject) -> None:
    text = dump(Config())
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 20, len(text))))
    with contextlib.suppress(ConfigError):
        loads(text[:start] + data.draw(st.text(max_size=10)) + text[end:])


@given(st.binary() | TEXTS.map(lambda text: text.encode("utf-8", "replace")))
def test_any_file_gives_a_config_or_a_config_error(content: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        Path(file.name).write_bytes(content)
        with contextlib.suppress(ConfigError):
            load(file.name)


@given(st.text())
def test_any_name_gives_a_config_or_a_config_error(name: str) -> None:
    with contextlib.suppress(ConfigError):
        load(name)


def components(registry: Registry[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Specifications with float hyperparameters drawn from their whole range."""

    def one(name: str) -> st.SearchStrategy[dict[str, Any]]:
        values = {}
        for key, annotation in hyperparameters(registry[name]).items():
            for bounds in getattr(annotation, "__metadata__", ()):
                if annotation.__origin__ is float and isinstance(bounds, Bounds):
                    every = st.floats(allow_nan=False, allow_infinity=False)
                    values[key] = every.filter(bounds.__contains__)
        return st.fixed_dictionaries({"name": st.just(name)}, optional=values)

    return st.sampled_from(list(registry)).flatmap(one)


CONFIGS = st.fixed_dictionaries(
    {"layers": st.just([784, 20, 30, 10])},
    optional={
        "activation": components(ACTIVATIONS)
        | st.lists(components(ACTIVATIONS), min_size=2, max_size=2),
        "init": components(INITIALIZERS),
        "loss": components(LOSSES),
        "epochs": st.integers(1, 10**6),
        "seed": st.integers(0, 2**64),
        "dtype": st.sampled_from(["float32", "float64"]),
        "early_stopping": st.fixed_dictionaries(
            {},
            optional={
                "min_delta": st.floats(0, allow_infinity=False),
                "patience": st.integers(1, 99),
            },
        ),
    },
).map(Config.model_validate)


@given(CONFIGS)
def test_writing_and_reading_give_the_same_config(config: Config) -> None:
    assert loads(dump(config)) == config
    assert loads(dump(config)).identity() == config.identity()


def test_presets_survive_writing() -> None:
    for name in presets():
        assert loads(dump(load(name))) == load(name)


def test_what_is_written_is_readable() -> None:
    lines = dump(Config()).splitlines()
    assert lines[0] == "layers: [784, 256, 128, 10]"
    assert lines[1] == "activation: {name: relu, grad_at_zero: 0}"
    assert lines[3] == "loss: cross_entropy"
    assert [line.partition(":")[0] for line in lines] == list(Config.model_fields)


def test_a_name_that_reads_as_a_number_is_quoted() -> None:
    text = dump(Config().model_copy(update={"plugins": ["1e-3", "yes", "0o7"]}))
    assert yaml.safe_load(text)["plugins"] == ["1e-3", "yes", "0o7"]
    assert '"1e-3"' in text or "'1e-3'" in text
