"""The configs that come with the program."""

from dataclasses import replace
from pathlib import Path

import pytest

from nnbasic import configs
from nnbasic.configs import Config, load, presets
from nnbasic.configs.schema import PARTS
from nnbasic.model import ACTIVATIONS, INITIALIZERS
from nnbasic.model.initializers import Normal


def test_there_is_one_for_each_activation_and_the_three_initialisations() -> None:
    for name in ACTIVATIONS:
        assert isinstance(load(name).activation, ACTIVATIONS[name])
    for name in ("normal", "xavier", "he"):
        assert isinstance(load(name).init, INITIALIZERS[name])
    assert load("normal").init == Normal(std=0.02)


@pytest.mark.parametrize("name", [*ACTIVATIONS, "normal", "xavier", "he"])
def test_each_is_the_default_network_but_for_what_it_shows(name: str) -> None:
    config, default = load(name), Config()
    changed = {key for key in PARTS if getattr(config, key) != getattr(default, key)}
    assert changed <= ({"activation", "init", "optimizer"} if name in ACTIVATIONS else {"init"})
    assert replace(config.optimizer, lr=1) == replace(default.optimizer, lr=1)


@pytest.mark.parametrize(("name", "description"), presets().items())
def test_each_is_short_and_described_in_one_line(name: str, description: str) -> None:
    lines = (Path(configs.__file__).parent / f"{name}.yaml").read_text("utf-8").splitlines()
    assert len(lines) <= 12
    assert 20 <= len(description) <= 66  # one line of `nnbasic configs list`
    assert description.endswith(".")
