"""What the peers of `time_to_accuracy.py` share: a config's images as float32, and its rates."""

import gzip
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

from nnbasic.model import SCHEDULES


class Recipe(NamedTuple):
    """A config, the images (n, 784) and labels (n,) to train and to test on, each step's rate."""

    config: dict[str, Any]
    x: np.ndarray
    y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    rates: np.ndarray


def read(file: str) -> Recipe:
    """The complete config in ``file``, with MNIST's four files of $NNBASIC_DATA."""
    config = yaml.safe_load(Path(file).read_text())
    x, test_x = (_read(name, 16).reshape(-1, 784) / np.float32(255) for name in ("train", "t10k"))
    y, test_y = (_read(name, 8).astype(np.int64) for name in ("train", "t10k"))
    if config["data"]["scale"] == "standard":
        mean, std = x.mean(), x.std()
        for images in (x, test_x):
            images -= mean
            images /= std
    elif config["data"]["scale"] != "unit":
        raise SystemExit("the peers know the scales 'unit' and 'standard'")
    kept = len(y) - config["data"]["validation"]
    steps = config["epochs"] * -(-kept // config["batch_size"])
    factor = SCHEDULES.build(config["schedule"])
    rates = [config["optimizer"]["lr"] * factor(step, steps) for step in range(steps)]
    return Recipe(config, x[:kept], y[:kept], test_x, test_y, np.array(rates, np.float32))


def _read(part: str, offset: int) -> np.ndarray:
    name = f"{part}-images-idx3-ubyte" if offset == 16 else f"{part}-labels-idx1-ubyte"
    path = Path(os.environ["NNBASIC_DATA"]) / f"{name}.gz"
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=offset)
