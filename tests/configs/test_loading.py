"""What a config means once it is read."""

from dataclasses import FrozenInstanceError, dataclass

import pytest

from nnbasic.configs import Config, loads
from nnbasic.model.activations import ELU, Tanh
from nnbasic.model.optimizers import SGD
from nnbasic.model.schedules import Cosine


def test_one_line_is_a_config_with_every_default() -> None:
    config = loads("activation: relu")
    assert config == Config()
    assert config.optimizer == SGD(lr=0.1, momentum=0.9)
    assert config.schedule == Cosine(warmup=0.05, final=0.0)
    assert config.data.model_dump() == {"dataset": "auto", "validation": 5000, "scale": "unit"}


def test_the_default_optimizer_lends_nothing_to_another() -> None:
    assert loads("optimizer: sgd").optimizer == SGD(momentum=0.0)
    assert loads("optimizer: adam").optimizer.lr == 0.001
    assert loads("schedule: constant").schedule.warmup == 0.0


@pytest.mark.parametrize("text", ["1e-3", "1E-3", "1.e-3", "0.001", "+1e-3", ".001"])
def test_numbers_are_numbers(text: str) -> None:
    assert loads(f"optimizer: {{name: sgd, lr: {text}}}").optimizer.lr == 0.001


def test_an_activation_for_each_hidden_layer() -> None:
    config = loads("activation: [tanh, {name: elu, alpha: 2}]")
    assert config.activation == [Tanh(), ELU(alpha=2.0)]
    specs = [{"name": "tanh"}, {"name": "elu", "alpha": 2.0}]
    assert config.model_dump()["activation"] == specs


def test_components_may_be_given_built() -> None:
    config = Config(activation=ELU(alpha=2.0))
    assert config == loads("activation: {name: elu, alpha: 2}")

    @dataclass
    class Nameless(ELU):
        pass

    with pytest.raises(ValueError, match="is not a registered activation"):
        Config(activation=Nameless())


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Config().epochs = 3


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("seed: 1", True),
        ("diagnostics: false", True),
        ("optimizer: {momentum: 0.9, lr: 0.1, name: sgd}\nepochs: 10", True),
        ("epochs: 1", False),
        ("activation: {name: relu, grad_at_zero: 1}", False),
    ],
)
def test_identity_is_that_of_the_result_but_for_the_seed(text: str, same: bool) -> None:
    assert (loads(text).identity() == Config().identity()) == same


def test_identity_does_not_depend_on_where_a_plugin_is() -> None:
    here, there = (Config(plugins=[f"/{folder}/cube.py"]) for folder in ("here", "there"))
    assert here.identity() == there.identity()
