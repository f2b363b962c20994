"""`nnbasic activations`: the table and the picture."""

from pathlib import Path

import pytest

from nnbasic.model import ACTIVATIONS
from support import PLUGIN, Said, invoke, words


def activations(*arguments: object) -> Said:
    return invoke("activations", *arguments)


def test_every_activation_stands_in_80_columns() -> None:
    result = activations()
    assert result.code == 0
    lines = result.out.splitlines()
    assert max(map(len, lines)) <= 80
    first_words = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    assert first_words == ["name", *ACTIVATIONS, "mean:"]


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("sigmoid", "0 … 1 0.5 0.25 0.25 0.5"),
        ("tanh", "-1 … 1 0 1 1 0"),
        # E[max(0, z)] = 1/√(2π)
        ("relu", "0 … ∞ 0 0 1 0.399 grad_at_zero 0"),
        ("leaky_relu", "-∞ … ∞ 0 0.01 1 0.395 slope 0.01"),
        ("selu", "-1.76 … ∞ 0 1.76 1.76 0"),
        ("softplus", "0 … ∞ 0.693 0.5 1 0.806"),
        ("prelu", "-∞ … ∞ 0 0.25 1 0.299 slope 0.25, shared false"),
        ("maxout", "learned pieces 2"),
    ],
)
def test_figures(name: str, figures: str) -> None:
    lines = activations(name).out.splitlines()
    assert " ".join(lines[1].split()) == f"{name} {figures}"
    assert not any(line.startswith("tanh") for line in lines[2:])


def test_what_the_picture_shows(tmp_path: Path) -> None:
    picture = tmp_path / "two.svg"
    said = activations("tanh", "maxout", "--figure", picture)
    assert said.err == f"The figure is in {picture}\n"
    shown = words(picture)
    assert {"tanh", "maxout", "pieces 2", "function", "derivative"} <= shown
    assert "relu" not in shown


def test_the_activation_of_a_plugin(tmp_path: Path) -> None:
    plugin = tmp_path / "own.py"
    plugin.write_text(PLUGIN.format(name="squared"))
    picture = tmp_path / "own.svg"
    result = activations("squared", "--plugin", str(plugin), "--figure", str(picture))
    assert result.code == 0
    assert " ".join(result.out.splitlines()[1].split()) == "squared 0 … ∞ 0 0 20 0.5 power 2.0"
    assert "squared" in words(picture)
    broken = tmp_path / "broken.py"
    broken.write_text("raise Warning('oh')")
    assert activations("--plugin", broken).refused(f"{broken}:1: Warning: oh")


@pytest.mark.parametrize("text", ["leaky_relu(slope=0.2)", "{name: leaky_relu, slope: 0.2}"])
def test_one_with_its_options(text: str) -> None:
    head = activations(text).out.splitlines()[1]
    assert " ".join(head.split()) == "leaky_relu -∞ … ∞ 0 0.2 1 0.319 slope 0.2"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("reluu", "did you mean 'relu'?"),
        ("leaky_relu(slop=0.2)", "did you mean 'slope'?"),
        ("leaky_relu(slope=2)", "must be at least 0 and at most 1"),
        ("{name: elu", "not valid YAML"),
        ("7", "must be a name"),
    ],
)
def test_a_wrong_description_is_refused(text: str, words: str) -> None:
    assert activations(text).refused(words)
