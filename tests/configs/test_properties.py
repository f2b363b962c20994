"""What holds for every input: a config or a ConfigError, and nothing lost in writing."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import yaml
from hypothesis import event, given
from hypothesis import strategies as st

from nnbasic.configs import Config, ConfigError, dump, load, loads, presets
from nnbasic.configs.schema import PARTS
from nnbasic.model import ACTIVATIONS, INITIALIZERS, LOSSES

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


YAML = st.sampled_from([dump(load(name)) for name in presets()])


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


def test_what_is_written_is_readable() -> None:
    lines = dump(Config()).splitlines()
    assert lines[0] == "layers: [784, 256, 128, 10]"
    assert lines[1] == "activation: {name: relu, grad_at_zero: 0}"
    assert lines[3] == "loss: {name: cross_entropy, label_smoothing: 0.0}"
    assert [line.partition(":")[0] for line in lines] == list(PARTS)
