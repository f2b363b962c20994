"""The recipe of a config in PyTorch, as one would write it: the peer of `time_to_accuracy.py`.

    python benchmarks/torch_train.py fast --seed 0

Reads the four files of $NNBASIC_DATA, trains, and prints the test accuracy.
"""

from __future__ import annotations

import gzip
import os
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import yaml


def read(name: str, offset: int) -> np.ndarray:
    path = Path(os.environ["NNBASIC_DATA"]) / f"{name}.gz"
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=offset)


def main() -> None:
    config = yaml.safe_load(Path(sys.argv[1]).read_text())
    torch.manual_seed(int(sys.argv[3]))
    x = torch.from_numpy(read("train-images-idx3-ubyte", 16).reshape(-1, 784) / np.float32(255))
    y = torch.from_numpy(read("train-labels-idx1-ubyte", 8).astype(np.int64))
    test_x = torch.from_numpy(read("t10k-images-idx3-ubyte", 16).reshape(-1, 784) / np.float32(255))
    test_y = torch.from_numpy(read("t10k-labels-idx1-ubyte", 8).astype(np.int64))
    if config["data"]["scale"] == "standard":
        mean, std = x.mean(), x.std()
        for images in (x, test_x):
            images.sub_(mean).div_(std)
    elif config["data"]["scale"] != "unit":
        raise SystemExit("the peer knows the scales 'unit' and 'standard'")
    held_out = config["data"]["validation"]
    if held_out:
        x, y = x[:-held_out], y[:-held_out]

    layers: list[torch.nn.Module] = []
    for inputs, units in pairwise(config["layers"]):
        linear = torch.nn.Linear(inputs, units)
        torch.nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        torch.nn.init.zeros_(linear.bias)
        layers += [linear, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    rate = config["optimizer"]["lr"]
    optimizer = torch.optim.SGD(
        model.parameters(),
        rate,
        momentum=config["optimizer"]["momentum"],
        nesterov=config["optimizer"]["nesterov"],
    )
    batch, epochs = config["batch_size"], config["epochs"]
    steps = epochs * -(-len(y) // batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor(config["schedule"], steps))
    loss_of = torch.nn.CrossEntropyLoss()
    for _ in range(epochs):
        for chosen in torch.randperm(len(y)).split(batch):
            optimizer.zero_grad(set_to_none=True)
            loss_of(model(x[chosen]), y[chosen]).backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        accuracy = (model(test_x).argmax(1) == test_y).float().mean().item()
    print(accuracy)


def factor(schedule: dict[str, float], steps: int):
    """The same function of the step that the config names."""
    from nnbasic.model import SCHEDULES

    built = SCHEDULES.build(schedule)
    return lambda step: built(min(step, steps - 1), steps)


if __name__ == "__main__":
    main()
