"""`--set KEY=VALUE`."""

import pytest

from nnbasic.configs import ConfigError, EarlyStopping, dump, loads
from nnbasic.model.activations import LeakyReLU, ReLU, Tanh
from nnbasic.model.optimizers import SGD


def test_values_are_yaml() -> None:
    overrides = ["epochs=3", "layers=[784, 50, 10]", "early_stopping={patience: 2}"]
    config = loads("seed: 1", overrides)
    assert (config.epochs, config.layers) == (3, [784, 50, 10])
    assert config.early_stopping == EarlyStopping(patience=2)


def test_a_name_becomes_a_mapping_and_a_mapping_is_replaced() -> None:
    config = loads("activation: leaky_relu", ["activation.slope=0.2"])
    assert config.activation == LeakyReLU(slope=0.2)
    assert loads(dump(config), ["activation=tanh"]).activation == Tanh()


def test_the_default_component_is_changed() -> None:
    assert loads("seed: 0", ["optimizer.lr=5e-2"]).optimizer == SGD(lr=0.05, momentum=0.9)
    assert loads("seed: 0", ["activation.grad_at_zero=1"]).activation == ReLU(grad_at_zero=1)


@pytest.mark.parametrize(
    "overrides",
    [
        ["optimizer.name=sgd", "optimizer.lr=0.3"],
        ["optimizer.lr=0.3", "optimizer.name=sgd"],
        ["optimizer=sgd", "optimizer.lr=0.3"],
        ["optimizer.lr=0.3", "optimizer=sgd"],
    ],
)
def test_a_named_component_inherits_nothing(overrides: list[str]) -> None:
    assert loads("seed: 0", overrides).optimizer == SGD(lr=0.3, momentum=0.0)


def test_a_whole_section_comes_before_its_keys_too() -> None:
    config = loads("seed: 0", ["early_stopping.patience=9", "early_stopping={metric: val_loss}"])
    assert config.early_stopping == EarlyStopping(metric="val_loss", patience=9)


@pytest.mark.parametrize(
    "whole", ["optimizer={name: sgd, lr: 0.1}", "optimizer={lr: 2, name: sgd}"]
)
def test_one_value_in_two_overrides_is_refused(whole: str) -> None:
    for overrides in ([whole, "optimizer.lr=0.3"], ["optimizer.lr=0.3", whole]):
        with pytest.raises(ConfigError) as caught:
            loads("seed: 0", overrides)
        message = f"--set optimizer.lr=0.3: optimizer.lr: is in --set {whole} too; give it once"
        assert str(caught.value) == message
    assert loads("seed: 0", [whole, "optimizer.momentum=0.5"]).optimizer.momentum == 0.5


def test_keys_of_the_file_stay_when_the_name_changes() -> None:
    with pytest.raises(ConfigError, match=r"config:1: optimizer\.momentum: unknown key"):
        loads("optimizer: {name: sgd, momentum: 0.5}", ["optimizer.name=adam"])


def test_nothing_becomes_a_mapping() -> None:
    config = loads("early_stopping: null", ["early_stopping.patience=3", "data.validation=100"])
    assert config.early_stopping == EarlyStopping(patience=3)
    assert config.data.validation == 100


def test_the_last_one_counts_and_puts_right_what_the_file_gets_wrong() -> None:
    assert loads("epochs: many", ["epochs=2", "epochs=3"]).epochs == 3


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("epochs", "--set epochs: must be KEY=VALUE, as in optimizer.lr=0.05"),
        ("optimizer..lr=3", "--set optimizer..lr=3: must be KEY=VALUE"),
        ("epochs=[", "--set epochs=[: epochs: not valid YAML"),
        ("data={scale: unit, scale: unit}", "data.scale: given twice"),
        ("epochs=0", "--set epochs=0: epochs: must be at least 1 and at most 100000, not 0"),
        ("optimiser.lr=3", "optimiser: unknown key; did you mean 'optimizer'?"),
        ("optimizer.lr.x=3", "optimizer.lr is a value; set it as a whole, as in optimizer.lr=..."),
        ("optimizer.epochs.x=1", "optimizer.epochs: unknown key; known: lr,"),
        ("layers.1=3", "layers.1: layers is a list; set it as a whole, as in layers=[...]"),
    ],
)
def test_wrong_overrides(override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loads("epochs: 3\nlayers: [784, 10]", [override])
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].line is None
    assert str(caught.value).startswith(f"--set {override}")
