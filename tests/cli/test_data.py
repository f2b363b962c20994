"""`nnbasic data` as a person or a script uses it."""

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnbasic import configs
from nnbasic.data import load, mnist
from nnbasic.training.trained import Trained, build
from support import Said, invoke

pytestmark = pytest.mark.usefixtures("workplace")


@pytest.fixture
def copy(mnist_directory: Path, tmp_path: Path) -> Path:
    """A folder with MNIST in it that a test may damage."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in mnist.FILES:
        path = file.within(mnist_directory)
        assert path is not None
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def data(*arguments: object) -> Said:
    return invoke("data", *arguments)


def damage(folder: Path) -> Path:
    """Make the test labels in ``folder`` a valid file with one label changed."""
    path = folder / "t10k-labels-idx1-ubyte.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[-1] ^= 1
    path.write_bytes(gzip.compress(content))
    return path


def test_status_of_nothing() -> None:
    result = data("status")
    assert result.code == 2
    assert "data/mnist  (the cache)\n    nothing there" in result.out
    assert "`nnbasic data fetch` gets it" in result.out
    assert json.loads(data("status", "--json").out)["mnist"]["used"] is None


def test_status_of_mnist(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNBASIC_DATA", str(copy))
    result = data("status")
    assert result.code == 0
    assert result.out.count("verified") == 4
    assert f"folders:\n\n  {copy}  ($NNBASIC_DATA)\n" in result.out
    report = json.loads(data("status", "--json").out)
    assert report["mnist"]["used"] == str(copy)
    places = report["mnist"]["places"]
    assert [place["from"] for place in places] == ["$NNBASIC_DATA", "the cache"]
    assert [file["verified"] for file in places[0]["files"]] == [True] * 4
    assert [file["path"] for file in places[1]["files"]] == [None] * 4


def test_status_names_what_is_broken_and_what_is_missing(copy: Path) -> None:
    damage(copy)
    assert "\nProblem:" in data("status", "--data", copy).out
    broken = json.loads(data("status", "--json", "--data", copy).out)
    assert broken["mnist"]["problem"].startswith(f"{copy} has broken files")
    (copy / "t10k-images-idx3-ubyte.gz").unlink()
    result = data("status", "--data", copy)
    assert result.code == 2
    assert re.search(r"t10k-images-idx3-ubyte +10,000 images +missing", result.out)
    assert re.search(r"t10k-labels-idx1-ubyte.gz +10,000 labels +BROKEN", result.out)
    assert "is not MNIST's t10k-labels-idx1-ubyte" in " ".join(result.out.split())
    report = json.loads(data("status", "--json", "--data", copy).out)
    assert "t10k-images" in report["mnist"]["problem"]
    files = report["mnist"]["places"][0]["files"]
    assert [file["verified"] for file in files] == [True, True, False, False]
    assert mnist.FILES[3].sha256 in files[3]["problem"]


def test_show_draws_three_digits_abreast(mnist_directory: Path) -> None:
    result = data("show", "--data", mnist_directory, "--count", 4)
    lines = result.out.splitlines()
    assert lines[0].split("  ")[0] == "mnist train 0: 5"
    assert re.findall(r"train \d: (\d)", result.out) == list("5041")
    assert len(lines) == 2 * 14
    assert max(map(len, lines)) <= 80
    assert set("▄▀█") < set(result.out)
    test = data("show", "--data", mnist_directory, "--count", 1, "--split", "test")
    assert test.out.startswith("mnist test 0: 7\n")


def test_show_falls_back_to_the_built_in_digits_and_says_so() -> None:
    result = data("show", "--count", 1)
    assert result.code == 0
    assert "MNIST could not be fetched" in result.err
    assert result.err.endswith(
        "--data or $NNBASIC_DATA can name a folder that holds MNIST's files.\n"
    )
    assert result.err.count("MNIST could not be fetched") == 1
    assert result.out.startswith("digits train 0: ")
    assert data("show", "--dataset", "mnist").refused("MNIST could not be fetched")


def test_show_does_not_pass_over_a_broken_file(copy: Path) -> None:
    damage(copy)
    words = "is not MNIST's t10k-labels-idx1-ubyte", "`nnbasic data fetch` gets the files"
    assert data("show", "--data", copy).refused(*words)


class TestAugment:
    @pytest.fixture(autouse=True)
    def bent(self, workplace: Path) -> None:
        """`bent.yaml` distorts the images of `small.yaml`."""
        recipe = "augmentation: {shift: 2, rotation: 15, elastic: 30}\n"
        Path("bent.yaml").write_text(Path("small.yaml").read_text() + recipe)

    def test_the_picture_shows_what_training_is_given(self) -> None:
        Path("sheet.png").write_text("precious")
        show = ("show", "--augment", "bent", "--count", 3, "--output", "sheet.png")
        assert data(*show).refused("sheet.png: already exists", "--force")
        said = data(*show, "--force")
        assert said.out == "sheet.png: 3 images of digits, distorted as in epochs 1 to 8\n"
        enlarged = np.array(Image.open("sheet.png"))
        pixels = enlarged[::4, ::4]
        np.testing.assert_array_equal(enlarged, pixels.repeat(4, axis=0).repeat(4, axis=1))
        assert pixels.shape == (1 + 3 * 29, 1 + 9 * 29 + 2)
        config, dataset = configs.load("bent"), load("digits", validation=9000)
        trained = Trained(build(config), dataset.scale(config.data.scale), config)
        given, _ = trained.training_batches(dataset.train).take(np.array([7, 1]), epoch=5)
        for ink, left in ((dataset.train.images[1], 1), (np.rint(255 * given[1]), 1 + 5 * 29 + 2)):
            tile = pixels[30:58, left : left + 28]
            np.testing.assert_array_equal(tile, 255 - ink.reshape(28, 28))

    def test_in_the_terminal_a_line_of_pictures_for_each_image(self) -> None:
        lines = data("show", "--augment", "bent", "--count", 2).out.splitlines()
        assert len(lines) == 2 * 14
        assert re.fullmatch(r"digits train 0: \d +epoch 1 +epoch 2", lines[0])
        assert re.fullmatch(r"digits train 1: \d +epoch 1 +epoch 2", lines[14])
        assert max(map(len, lines)) <= 80

    def test_what_it_needs(self) -> None:
        assert data("show", "--augment", "small").refused("add to it", "augmentation: {shift")
        assert data("show", "--output", "sheet.png").refused("--output goes with --augment")
        for more in (("--config", "small"), ("--split", "test")):
            assert data("show", "--augment", "bent", *more).refused("--augment says which images")


def test_what_is_there_is_not_fetched_again(mnist_directory: Path) -> None:
    said = data("fetch", "--data", mnist_directory)
    assert said.out == f"MNIST is in {mnist_directory}, verified; nothing to fetch.\n"


def test_fetch_without_a_network_is_an_error(workplace: Path) -> None:
    words = "http://127.0.0.1:9/", "Check the connection to the network. --data or $NNBASIC_DATA"
    assert data("fetch").refused(*words)
    assert not (workplace / "data").exists()
