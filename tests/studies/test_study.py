"""Study files: the shipped ones, and the messages for those that are none."""

from dataclasses import replace
from pathlib import Path

import pytest

from nnbasic.configs import ConfigError
from nnbasic.model import ACTIVATIONS
from nnbasic.studies.study import SEED, read_study, shipped
from nnbasic.training.record import RateSearch

GOOD = """\
claim: ReLU is better.
config: {layers: [784, 16, 10], epochs: 2}
arms:
  relu: {activation: relu}
  tanh: {activation: tanh}
measure: val_accuracy
expect:
  - relu - tanh >= 0.5
"""


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_study_can_be_read(name: str) -> None:
    study = read_study(name)
    used = {name for each in study.expect for name in (each.first, each.second)}
    names = {SEED, *(key for key, _ in study.choices), *(cell.name for cell in study.cells)}
    assert names >= used
    assert study.source


def test_what_a_study_says(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD)
    study = read_study(str(file))
    assert (study.name, study.claim, study.searched) == ("mine", "ReLU is better.", True)
    assert study.seeds == range(3)
    activations = [ACTIVATIONS.name(cell.config.activation) for cell in study.cells]
    assert activations == [cell.name for cell in study.cells] == ["relu", "tanh"]
    assert {cell.config.epochs for cell in study.cells} == {2}


def test_a_preset_and_keys_with_dots(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        GOOD.replace("{layers: [784, 16, 10], epochs: 2}", "elu")
        .replace("tanh: {activation: tanh}", "small: {activation.alpha: 0.5}")
        .replace("relu - tanh", "relu - small")
    )
    small = read_study(str(tmp_path / "mine.yaml")).cells[1].config
    assert vars(small.activation)["alpha"] == 0.5


CROSSED = GOOD.replace("relu: {activation: relu}", "activation: [relu, tanh]").replace(
    "tanh: {activation: tanh}", "init: [he, {name: normal, std: 0.02}]"
)


def test_arms_of_crossed_choices(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    shares = "variance_share: activation - seed >= 0"
    file.write_text(CROSSED.replace("relu - tanh", "relu-he - relu-normal-0.02") + f"  - {shares}")
    study = read_study(str(file))
    arms = ["relu-he", "relu-normal-0.02", "tanh-he", "tanh-normal-0.02"]
    assert [cell.name for cell in study.cells] == arms
    assert [ACTIVATIONS.name(cell.config.activation) for cell in study.cells[::2]] == [
        "relu",
        "tanh",
    ]
    assert [key for key, _ in study.choices] == ["activation", "init"]
    assert (study.expect[1].first, study.expect[1].second) == ("activation", "seed")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            "relu - tanh",
            "activation - lr",
            8,
            "there is no choice 'lr'; the choices are activation",
        ),
        ("relu - tanh >= 0.5", "activation / init >= 1", 8, "have differences, not ratios"),
        ("measure:", "seeds: 2\nmeasure:", 9, "variance_share needs 3 seeds, and arms such as"),
        ("[relu, tanh]", "[relu]", 4, "arms.activation: must be a list of two different"),
        ("[relu, tanh]", "[relu, relu]", 4, "arms.activation: must be a list of two different"),
    ],
)
def test_a_mistake_in_crossed_choices(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    file = tmp_path / "mine.yaml"
    text = CROSSED.replace("val_accuracy", "variance_share").replace(old, new)
    file.write_text(text.replace("relu - tanh", "activation - init"))
    with pytest.raises(ConfigError) as error:
        read_study(str(file))
    assert words in str(error.value)
    assert line in [problem.line for problem in error.value.problems]


def test_shares_of_arms_that_cross_nothing(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace("val_accuracy", "variance_share"))
    with pytest.raises(ConfigError, match="variance_share needs 3 seeds, and arms such as"):
        read_study(str(file))


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("claim: ReLU is better.\n", "", None, "lacks the key claim"),
        ("measure: val", "seed: 3\nmeasure: val", 6, "seed: is no key of a study"),
        ("val_accuracy", "accuracy", 8, "there is no measure 'accuracy'"),
        ("val_accuracy", "epochs_to(95)", 8, "a share between 0 and 1, as in epochs_to(0.95)"),
        ("relu - tanh", "relu - elu", 8, "there is no arm 'elu'"),
        ("activation: tanh", "activation: relu", 5, "arms.tanh: does not differ from relu"),
        ("activation: tanh", "activaton: tanh", 5, "arms.tanh.activaton"),
        ("epochs: 2", "epochs: -2", 2, "config.epochs"),
        ("  tanh: {activation: tanh}\n", "", 3, "two arms or more"),
        ("measure:", "seeds: 1\nmeasure:", 6, "a whole number from 2"),
        ("measure:", "learning_rate: 0.1\nmeasure:", 6, "must be `searched`, or say why"),
        ("measure:", "learning_rate: {fixed: 0.1}\nmeasure:", 6, "the rate itself is optimizer.lr"),
        ("relu: {", "re lu: {", 4, "has no spaces"),
        ("ReLU is better.", "' '", 1, "claim: must be text"),
        ("measure:", "learning_rate: {fixed: ''}\nmeasure:", 6, "must be `searched`, or say why"),
        ("epochs: 2", "diagnostics: false", 4, "arms.relu: needs diagnostics"),
        ("epochs: 2", "data.validation: 0", 4, "arms.relu: needs validation images"),
        ("activation: tanh", "activation: tanh, seed: 5", 5, "arms.tanh: has another seed"),
        ("activation: tanh", "activation: relu, optimizer.lr: 1", 5, "only in its learning rate"),
        ("  - relu - tanh >= 0.5", "  relu: 1", 7, "a list of inequalities"),
    ],
)
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int | None, words: str
) -> None:
    file = tmp_path / "mine.yaml"
    assert old in GOOD
    file.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError) as error:
        read_study(str(file))
    assert words in str(error.value)
    assert line in [problem.line for problem in error.value.problems]


@pytest.mark.parametrize("name", ["nothing", "n" * 5000, "", "\0", "."])
def test_a_study_that_does_not_exist(name: str) -> None:
    with pytest.raises(ConfigError, match="nnbasic study list"):
        read_study(name)


def test_a_study_with_another_name_is_suggested() -> None:
    with pytest.raises(ConfigError, match="did you mean relu-is-faster"):
        read_study("relu-is-fast")


def test_one_epoch_is_one(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace("epochs: 2", "epochs: 1"))
    assert "; 1 epoch; " in read_study(str(file)).scope()


def test_a_deep_net_is_named_shortly(tmp_path: Path) -> None:
    file = tmp_path / "deep.yaml"
    file.write_text(GOOD.replace("[784, 16, 10]", "[784, 9, 9, 9, 4, 4, 10]"))
    assert read_study(str(file)).scope().startswith("784-3×9-4-4-10; 2 epochs; ")


def test_rates_that_were_found_are_said(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD)
    study = read_study(str(file))
    assert study.scope().endswith("learning rate searched for each arm")
    searches = [
        RateSearch(given=0.1, chosen=0.1, tried=tried, seeds=2)
        for tried in ({0.01: 0.5, 0.1: 0.9, 1.0: 0.1}, {0.01: 0.5, 0.1: 0.9})
    ]
    found = [
        replace(cell, rate_search=each) for cell, each in zip(study.cells, searches, strict=True)
    ]
    study = replace(study, cells=tuple(found))
    assert study.scope().endswith(
        "learning rate searched: 0.1 (relu), 0.1 at the edge of the grid (tanh)"
    )
