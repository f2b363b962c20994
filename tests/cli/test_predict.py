"""`nnbasic predict`: pictures in, digits out, by one network or several."""

import csv
import io
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnbasic.data import digits
from nnbasic.inference import predict, prepare
from nnbasic.training import Run
from nnbasic.training.trained import load
from support import NNBASIC, Command


@pytest.fixture
def pictures(runs: Path, workplace: Path) -> list[str]:
    """Six digits, black on white, in ./pictures."""
    folder = workplace / "pictures"
    folder.mkdir()
    for number, image in enumerate(digits.load()[2][:6].reshape(-1, 28, 28)):
        large = np.kron(255 - image, np.ones((8, 8), np.uint8))
        Image.fromarray(large).save(folder / f"{number}.png")
    return [f"pictures/{number}.png" for number in range(6)]


def expected(run: str, pictures: list[str]) -> tuple[list[int], np.ndarray]:
    images = [prepare(np.asarray(Image.open(picture))) for picture in pictures]
    found, probabilities = predict(load(Run(Path("runs", run))), np.array(images))
    return found.tolist(), probabilities


def test_json_is_what_the_library_says(
    nnbasic: Command, pictures: list[str], ids: list[str]
) -> None:
    answer = nnbasic("predict", *pictures, "--json")
    assert (answer.code, answer.err) == (0, "")
    said = answer.json()
    assert list(said) == ["predictions", "errors", "skipped"]
    assert said["errors"] == []
    found, probabilities = expected(ids[-1], pictures)
    for index, one in enumerate(said["predictions"]):
        assert list(one) == [
            "file", "number", "run", "digit", "class", "probability", "probabilities", "warnings",
        ]  # fmt: skip
        assert one["class"] == str(one["digit"])
        assert (one["file"], one["number"], one["run"]) == (pictures[index], None, ids[-1])
        assert one["digit"] == found[index]
        assert one["probability"] == one["probabilities"][found[index]]
        np.testing.assert_array_equal(one["probabilities"], probabilities[index].tolist())


def test_csv_says_the_same(nnbasic: Command, pictures: list[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(nnbasic("predict", *pictures, "--csv").out)))
    said = nnbasic("predict", *pictures, "--json").json()["predictions"]
    assert len(rows) == len(pictures)
    for row, one in zip(rows, said, strict=True):
        assert (row["file"], row["number"], row["run"]) == (one["file"], "", one["run"])
        assert int(row["digit"]) == one["digit"]
        assert [float(row[f"p{each}"]) for each in range(10)] == one["probabilities"]


def test_the_table_of_one_network(nnbasic: Command, pictures: list[str], ids: list[str]) -> None:
    lines = nnbasic("predict", ids[0], "pictures").out.splitlines()
    assert lines[0].startswith(f"{ids[0]}, ")
    found, probabilities = expected(ids[0], pictures)
    order = np.argsort(-probabilities, axis=1)
    for index, line in enumerate(lines[3:]):
        first, second = 100 * probabilities[index, order[index, :2]]
        assert line.split() == [
            pictures[index],
            str(found[index]),
            *(f"{first:.1f}", "%"),
            str(order[index, 1]),
            *(f"{second:.1f}", "%"),
        ]


def test_several_networks_side_by_side(
    nnbasic: Command, pictures: list[str], ids: list[str]
) -> None:
    """Where they do not say the same, the row is marked."""
    lines = nnbasic("predict", *ids, "pictures").out.splitlines()
    answers = [expected(run, pictures)[0] for run in ids]
    differ = [len(set(said)) > 1 for said in zip(*answers, strict=True)]
    assert any(differ), "all agree: this tests nothing"
    for line, different, *said in zip(lines[1:7], differ, *answers, strict=True):
        cells = [cell for cell in line.split()[1:] if cell != "%"]
        assert cells[: 1 if different else 0] == ["≠"] * different
        assert [int(cell) for cell in cells if len(cell) == 1 and cell != "≠"] == said
    assert lines[-1] == f"The networks differ on {sum(differ)} of 6, marked ≠."
    objects = nnbasic("predict", *ids, "pictures", "--json").json()["predictions"]
    assert [(one["file"], one["run"]) for one in objects] == [(p, i) for p in pictures for i in ids]


def test_it_shows_the_pixels_that_it_saw(nnbasic: Command, pictures: list[str]) -> None:
    lines = nnbasic("predict", *pictures[:2], "--show").out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"{pictures[0]}: "))
    image = prepare(np.asarray(Image.open(pictures[0])))
    for row, line in enumerate(lines[start + 1 : start + 14]):
        upper, lower = image[1 + 2 * row : 3 + 2 * row, 1:-1] > 85
        blocks = [" ▄▀█"[2 * int(u) + int(v)] for u, v in zip(upper, lower, strict=True)]
        assert line.ljust(53)[:26] == "".join(blocks)


def test_several_digits_of_one_picture_are_split_or_warned_of(
    nnbasic: Command, pictures: list[str]
) -> None:
    line = np.hstack([np.asarray(Image.open(picture)) for picture in pictures])
    Image.fromarray(line).save("line.png")
    said = nnbasic("predict", "--split", "line.png", "--json").json()["predictions"]
    assert [one["number"] for one in said] == [1, 2, 3, 4, 5, 6]
    assert "line.png #6 " in nnbasic("predict", "--split", "line.png").out
    warning = "seems to hold 6 digits, and one is read; try --split"
    answer = nnbasic("predict", "line.png", pictures[0])
    assert (answer.code, answer.err) == (0, f"Warning: line.png: {warning}\n")
    said = nnbasic("predict", "line.png", pictures[0], "--json").json()["predictions"]
    assert [one["warnings"] for one in said] == [[warning], []]


def test_bad_files_are_named_and_the_others_read(nnbasic: Command, pictures: list[str]) -> None:
    Image.new("L", (40, 40), 255).save("blank.png")
    Path("broken.png").write_bytes(Path(pictures[0]).read_bytes()[:80])
    bad = {
        "blank.png": "has no ink",
        "broken.png": "is damaged",
        "nowhere/a": "there is no such file",
    }
    answer = nnbasic("predict", *bad, *pictures)
    assert answer.code == 1
    assert all(picture in answer.out for picture in pictures)
    for line, (name, words) in zip(answer.err.splitlines(), bad.items(), strict=True):
        assert line.startswith(f"Error: {name}: ")
        assert words in line
    said = nnbasic("predict", *bad, "--json")
    assert said.code == 1
    assert said.json()["predictions"] == []
    assert [error["file"] for error in said.json()["errors"]] == list(bad)


def test_a_folder_names_what_it_skips(nnbasic: Command, pictures: list[str]) -> None:
    """Only what looks like a picture is an error."""
    Path("pictures", "notes.txt").write_text("seven")
    answer = nnbasic("predict", "pictures")
    assert (answer.code, answer.err) == (0, "pictures: skipped what is no picture: notes.txt\n")
    said = nnbasic("predict", "pictures", "--json").json()
    assert said["skipped"] == [{"folder": "pictures", "files": ["notes.txt"]}]


def test_stdin(pictures: list[str]) -> None:
    with Path(pictures[0]).open("rb") as picture:
        done = subprocess.run(
            [NNBASIC, "predict", "-", "--json"], stdin=picture, capture_output=True, check=True
        )
    (one,) = json.loads(done.stdout)["predictions"]
    assert one["file"] == "-"


def test_runs_and_files_are_told_apart(
    nnbasic: Command, pictures: list[str], ids: list[str]
) -> None:
    def read_by(*arguments: str) -> list[str]:
        said = nnbasic("predict", *arguments, "--json").json()["predictions"]
        return [one["run"] for one in said]

    picture = pictures[0]
    assert read_by(ids[0], picture) == [ids[0]]
    assert read_by(picture, f"runs/{ids[0]}") == [ids[0]]
    assert read_by("tanh", picture) == [ids[2]]
    Path("tanh").mkdir()
    Path(picture).rename("tanh/0.png")
    assert read_by("tanh") == [ids[-1]]  # what is there is a file


def test_bad_usage(nnbasic: Command, pictures: list[str], ids: list[str]) -> None:
    nnbasic("predict", "rellu", pictures[0]).refused("no run 'rellu'")
    nnbasic("predict", "2026", pictures[0]).refused("'2026' could mean 3 runs")
    nnbasic("predict", ids[0]).refused("Missing FILE")
    nnbasic("predict", pictures[0], "--csv", "--json").refused("exclude one another")
    nnbasic("predict", pictures[0], "--runs", "nowhere").refused("there is no run yet; start one")
