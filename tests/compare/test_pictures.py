"""The small pictures: read back as any viewer would."""

from __future__ import annotations

import base64
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nnbasic.compare.pictures import digit, filters, first_weights
from nnbasic.training import build
from nnbasic.training.collection import RunData, collect


def opened(url: str) -> np.ndarray:
    head, _, content = url.partition(",")
    assert head == "data:image/png;base64"
    return np.array(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGBA"))


def test_ink_is_black_on_white() -> None:
    image = np.zeros(784, dtype=np.uint8)
    image[28] = 255  # the first pixel of the second row
    picture = opened(digit(image))
    assert picture.shape == (28, 28, 4)
    assert picture[1, 0].tolist() == [0, 0, 0, 255]
    assert picture[0, 1].tolist() == [255, 255, 255, 255]


def test_filters_are_blue_white_and_orange() -> None:
    weight = np.zeros((784, 20), dtype=np.float32)
    weight[0, 0], weight[1, 0] = -3, 3
    weight[0, 9] = 1e-3  # each unit has its own scale; this is the second in the second row
    picture = opened(filters(weight))
    assert picture.shape == (57, 231, 4)
    red, _, blue, alpha = picture[0, 0].tolist()
    assert (blue > 150, red < 50, alpha) == (True, True, 255)
    red, _, blue, _ = picture[0, 1].tolist()
    assert (red > 150, blue < 50) == (True, True)
    assert min(picture[5, 5].tolist()) > 240
    assert picture[29, 29].tolist() == picture[0, 1].tolist()
    assert picture[28, 0, 3] == 0  # the gap


def test_few_units_leave_the_rest_empty() -> None:
    picture = opened(filters(np.ones((784, 3))))
    assert picture[0, 2 * 29, 3] == 255
    assert picture[0, 3 * 29, 3] == 0


@pytest.fixture
def run(swept: Path, tmp_path: Path) -> RunData:
    """A copy of the first run."""
    first = sorted(swept.iterdir())[0]
    shutil.copytree(first, tmp_path / "runs" / first.name)
    (data,), _ = collect(tmp_path / "runs")
    return data


def test_weights_before_and_after(run: RunData) -> None:
    weights = first_weights(run)
    assert not isinstance(weights, str)
    before, after = weights
    assert (before == build(run.run.config()).parameters["layer1.weight"]).all()
    with np.load(run.run.best) as file:
        assert (after == file["parameters/layer1.weight"]).all()
    assert not np.array_equal(before, after)


@pytest.mark.parametrize("damage", ["missing", "torn", "other"])
def test_a_checkpoint_that_cannot_be_used_is_said(run: RunData, damage: str) -> None:
    if damage == "missing":
        run.run.best.unlink()
    elif damage == "torn":
        run.run.best.write_bytes(run.run.best.read_bytes()[:99])
    else:
        arrays: dict[str, Any] = {"parameters/layer1.weight": np.ones((784, 3))}
        np.savez(run.run.best, **arrays)
    assert "best.npz" in str(first_weights(run))


def test_no_plugin_is_run(run: RunData, tmp_path: Path) -> None:
    plugin = tmp_path / "evil.py"
    plugin.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    path = run.run.directory / "run.json"
    record = json.loads(path.read_text())
    record["config"]["plugins"] = [str(plugin)]
    path.write_text(json.dumps(record))
    (changed,), _ = collect(tmp_path / "runs")
    assert "plugins" in str(first_weights(changed))
    assert not (tmp_path / "ran").exists()
