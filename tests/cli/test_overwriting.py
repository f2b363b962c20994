"""Files to write: no command replaces one unless it is told to, or begins work for a wrong name."""

from pathlib import Path

import pytest

from support import Command


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("compare --report page.html", "page.html"),
        ("compare --figure seeds.svg", "seeds.svg"),
        ("runs show --figure run.svg", "run.svg"),
        ("activations relu --figure relu.svg", "relu.svg"),
        ("draw tanh", "page.html"),
        ("export tanh tanh.npz", "tanh.npz"),
        ("runs export tanh relu --csv all.csv", "all.csv"),
    ],
)
def test_a_file_is_overwritten_with_force_alone(nnbasic: Command, command: str, file: str) -> None:
    other = command if file in command else f"{command} --output {file}"
    assert nnbasic(*other.replace(file, f"no/{file}").split()).refused("there is no folder no")
    if not file.endswith(".csv"):  # which may be called anything
        assert nnbasic(*other.replace(file, f"{Path(file).stem}.tex").split()).refused(
            "must end in ."
        )
    Path(file).write_text("precious")
    assert nnbasic(*command.split()).refused(f"{file}: already exists", "--force")
    assert Path(file).read_text() == "precious"
    assert nnbasic(*command.split(), "--force").code == 0
    assert Path(file).stat().st_size > 500
