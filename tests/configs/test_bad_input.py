"""Everything that a config can get wrong, and what the user is told."""

from pathlib import Path

import pytest

from nnbasic.configs import ConfigError, Problem, load, loads

WRONG_VALUES = [
    # unknown keys
    ("epoch: 3", "config:1: epoch: unknown key; did you mean 'epochs'?"),
    (
        "optimizer:\n  name: sgd\n  lrr: 3",
        "config:3: optimizer.lrr: unknown key; did you mean 'lr'?",
    ),
    ("<<: {epochs: 3}", "config:1: <<: unknown key"),
    ("lr: 0.1", "config:1: lr: unknown key; did you mean optimizer.lr?"),
    ("title: relu", "config:1: title: unknown key; known: layers,"),
    # components
    ("activation: ReLU", "config:1: activation: unknown activation 'ReLU'; did you mean 'relu'?"),
    ("init: xyz", "config:1: init: unknown initialiser 'xyz'; known: normal, uniform, xavier,"),
    ("loss: 3", "config:1: loss: the loss must be a name, such as 'cross_entropy', or a mapping"),
    ("activation: [relu, {name: elu, alpha: x}]", "activation.1.alpha: must be a number, not the"),
    ("activation: [relu]", "config:1: activation: a list of 1 for 2 hidden layers; one for each"),
    ("optimizer: {name: sgd, lr: 0}", "config:1: optimizer.lr: must be greater than 0, not 0"),
    ("optimizer: {name: sgd, lr: .inf}", "optimizer.lr: must be a finite number, not inf"),
    ("optimizer: {name: sgd, lr: '0.1'}", "optimizer.lr: must be a number, not the text '0.1'"),
    # other names of the field
    ("activation: lrelu", "unknown activation 'lrelu'; did you mean 'leaky_relu'?"),
    ("init: he_normal", "unknown initialiser 'he_normal'; did you mean 'he'?"),
    ("criterion: mse", "config:1: criterion: unknown key; did you mean 'loss'?"),
    ("optimizer: momentum", "did you mean {name: sgd, momentum: 0.9}?"),
    # plain values
    ("epochs: 0", "config:1: epochs: must be at least 1 and at most 100000, not 0"),
    ("epochs: 1.0", "config:1: epochs: must be a whole number, not 1.0"),
    ("epochs: true", "config:1: epochs: must be a whole number, not true"),
    (f"epochs: {'9' * 5000}", "epochs: must be a whole number, not the text '999"),
    ("dtype: float16", "dtype: must be one of 'float32' or 'float64', not the text 'float16'"),
    ("diagnostics: yes", "diagnostics: must be true or false, not the text 'yes'"),
    ("data: 3", "config:1: data: must be a mapping with any of the keys dataset, directory, name,"),
    ("data: {scale: big}", "must be one of 'unit' or 'standard' or 'signed', not the text 'big'"),
    ("data: {dataset: idx, name: x}", "data.directory: is missing; dataset: idx needs it"),
    ("data: {classes: [a, b]}", "config:1: data.classes: goes only with dataset: idx"),
    (
        "data: {dataset: idx, directory: x, name: mnist}",
        "data.name: mnist is a data set of nnbasic",
    ),
    ('data: {dataset: idx, directory: "\\0", name: x}', "data.directory: \x00 cannot be a path"),
    (
        "layers: [784, 2]\ndata: {dataset: idx, directory: x, name: x, classes: [a, b, c]}",
        "config:1: layers: must end with at least 3, one output per class, not 2",
    ),
    (
        "batch_size: 1\nbatch_norm: true",
        "config:2: batch_norm: needs batches of 2 images or more",
    ),
    (
        "data: {validation: 0}\nearly_stopping: {}",
        "config:2: early_stopping: needs a validation set",
    ),
    ("plugins: cube.py", "config:1: plugins: must be a list, not the text 'cube.py'"),
    ("plugins: [3]", "config:1: plugins.0: must be text, not 3"),
    ('"\\uD800": 1', "config:1: not valid text: it holds half of a character"),
    # layers
    ("layers: [784]", "config:1: layers: must have at least 2 entries, not 1"),
    ("layers: 784,32,10", "must be a list, not the text '784,32,10'; write [784,32,10]"),
    ("layers:\n- 784\n- x\n- 10", "config:3: layers.1: must be a whole number, not the text 'x'"),
    ("layers: [10, 10]", "layers: must begin with 784, one input per pixel, not 10"),
    ("layers: [784, 3]", "layers: must end with at least 10, one output per class, not 3"),
    ("layers: [784, 100000000, 100000000, 10]", "layers: training takes more than 1.12e+08 GiB of"),
]

WRONG_YAML = [
    ("", "config: must be keys and values, such as `activation: relu`; this is empty"),
    ("- relu", "this is a list"),
    ("epochs: 1\nlayers: [784", "config:2: not valid YAML: expected ',' or ']'"),
    ("epochs: 1\n\tseed: 2", "config:2: not valid YAML: indented with a tab; use spaces"),
    ("epochs: 1\nseed: 1\nepochs: 2", "config:3: epochs: given twice; first on line 1"),
    ("epochs: 1\n---\nepochs: 2", "config:2: a second document begins here (---)"),
    ("a: !!python/object/apply:os.system [exit]", "config:1: tags (!) are not accepted"),
    ("epochs: &a 1\nseed: *a", "config:1: anchors and aliases (& and *) are not accepted"),
    ("[" * 5000, "config:1: nested more than 20 deep"),
    ("activation:relu\nepochs: 1", "config:1: a space is missing after `activation:`"),
    ("epochs: 1\n seed: 2\n", "config:2: indented unlike the key before it"),
    ("epochs: a: b", "config:1: not valid YAML: mapping values are not allowed here"),
    ("? [a]\n: 1", "config:1: a key must be a word, not a list or a mapping"),
    ('a: "\\UFFFFFFFF"', "config: not valid YAML: a number or an escape out of range"),
    ("epochs: 3\n\x1b[31mred: 1", "config:2: not text: it holds the character U+001B"),
    ('"\\e[31mred": 1', "config:1: \x1b[31mred: unknown key"),
]


@pytest.mark.parametrize(("text", "message"), WRONG_VALUES + WRONG_YAML)
def test_the_message_says_where_and_what(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loads(text)
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1


def test_all_hyperparameters_of_a_component_are_looked_at() -> None:
    with pytest.raises(ConfigError) as caught:
        loads("schedule:\n  name: step\n  milestones: [0.5, 2, x]\n  gamma: 0\n  gama: 1")
    assert str(caught.value).splitlines()[1:] == [
        "config:3: schedule.milestones.1: must be at least 0 and at most 1, not 2",
        "config:3: schedule.milestones.2: must be a number, not the text 'x'",
        "config:4: schedule.gamma: must be greater than 0 and at most 1, not 0",
        "config:5: schedule.gama: unknown key; did you mean 'gamma'?",
    ]


def test_all_problems_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "my.yaml"
    file.write_text("epochs: 0\noptimizer:\n  lrr: 1\n  name: sgd\nactivation: rellu\n")
    with pytest.raises(ConfigError) as caught:
        load(file, ["seed=-1"])
    assert str(caught.value).splitlines() == [
        "the config has 4 problems:",
        f"{file}:1: epochs: must be at least 1 and at most 100000, not 0",
        f"{file}:3: optimizer.lrr: unknown key; did you mean 'lr'?",
        f"{file}:5: activation: unknown activation 'rellu'; did you mean 'relu'?"
        " (one of your own needs plugins: [FILE.py] in the config)",
        "--set seed=-1: seed: must be at least 0, not -1",
    ]
    first = caught.value.problems[0]
    assert first == Problem("must be at least 1 and at most 100000, not 0", "epochs", str(file), 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89PNG\r\n\x1a\n", "not text in UTF-8 (byte 0); save it as UTF-8"),
        (b"epochs: 1\nseed: \xff", "my.yaml:2: not text in UTF-8 (byte 16)"),
        ("epochs: 1".encode("utf-16"), "not text in UTF-8"),
        (b"a: 1\n" * 300_000, "larger than 1048576 bytes; this cannot be a config"),
    ],
)
def test_files_that_are_no_config(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "my.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert str(caught.value).startswith(str(file))
    assert message in str(caught.value)


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    file = tmp_path / "my.yaml"
    file.write_bytes(b"\xef\xbb\xbfepochs: 3\r\n")
    assert load(file).epochs == 3


def test_a_directory_is_called_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"{tmp_path}: is a directory; name a file in it"):
        load(tmp_path)


def test_an_endless_device_is_too_large() -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("this system has no /dev/zero")
    with pytest.raises(ConfigError, match="larger than 1048576 bytes"):
        load("/dev/zero")
