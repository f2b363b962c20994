"""`nnbasic compare --figure`: one figure in a file of its own."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from nnbasic.compare.figure_file import KINDS
from support import Command, words


@pytest.mark.usefixtures("runs")
def test_each_figure_is_named_by_its_file_and_stands_for_the_table(nnbasic: Command) -> None:
    files = [f"{kind}.svg" for kind in KINDS if kind not in ("effects", "rates")]
    said = nnbasic("compare", *(f"--figure={file}" for file in files))
    assert (said.code, said.out) == (0, "")
    assert said.err.splitlines() == [f"The figure is in {file}" for file in files]
    for file in files:
        assert {"relu", "tanh"} <= words(Path(file))


def test_effects_are_those_of_the_runs_that_are_ranked(nnbasic: Command, runs: Path) -> None:
    assert nnbasic("compare", "--figure", "effects=slide.svg").code == 0
    assert {"relu", "tanh", "Effect of activation"} <= words(Path("slide.svg"))
    for run in list(runs.iterdir())[1:]:
        shutil.rmtree(run)
    said = nnbasic("compare", "--figure", "effects.svg")
    assert said.code == 2
    assert "--figure effects: these runs do not have two rows that are ranked" in said.err
    assert not Path("effects.svg").exists()


@pytest.mark.usefixtures("runs")
def test_a_file_of_another_name_says_which_figure_it_is(nnbasic: Command) -> None:
    assert nnbasic("compare", "--figure", "curves=talk.PNG").code == 0
    with Image.open("talk.PNG") as picture:
        assert picture.width == 2640
    assert nnbasic("compare", "--figure", "map=slide.pdf").code == 0
    content = Path("slide.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"/FontFile2" in content  # embedded, and still text


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("file", ["curves.pdf", "curves.svg", "curves.png"])
def test_the_same_runs_make_the_same_file(nnbasic: Command, file: str) -> None:
    contents = set()
    for _ in range(2):
        assert nnbasic("compare", "--figure", file, "--force").code == 0
        contents.add(Path(file).read_bytes())
    assert len(contents) == 1
