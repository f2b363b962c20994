"""`nnbasic compare --figure`: one figure in a file of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnbasic.compare.figure_file import KINDS
from support import Command, words


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("kind", set(KINDS) - {"effects", "rates"})
def test_each_figure_is_named_by_its_file(nnbasic: Command, kind: str) -> None:
    said = nnbasic("compare", "--figure", f"{kind}.svg")
    assert said.code == 0
    assert said.err.endswith(f"The figure is in {kind}.svg\n")
    assert {"relu", "tanh"} <= words(Path(f"{kind}.svg"))


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
    pixels = np.asarray(Image.open("talk.PNG").convert("L"))
    assert pixels.shape[1] == 2640
    assert pixels[0, 0] == 255  # on white
    assert pixels.min() < 60
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


@pytest.mark.usefixtures("runs")
def test_several_figures_are_written_instead_of_the_table(nnbasic: Command) -> None:
    said = nnbasic("compare", "--figure", "seeds.svg", "--figure", "map=slide.png")
    assert said.code == 0
    assert said.out == ""
    assert said.err.splitlines() == ["The figure is in seeds.svg", "The figure is in slide.png"]
    assert Path("seeds.svg").exists()
    assert Path("slide.png").exists()
