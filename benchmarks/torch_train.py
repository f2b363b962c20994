"""The recipe of a config in PyTorch, as one would write it: a peer of `time_to_accuracy.py`.

    python benchmarks/torch_train.py config.yaml --seed 0

Reads the four files of $NNBASIC_DATA, trains, and prints the test accuracy.
"""

from __future__ import annotations

import sys
from itertools import pairwise

import recipe
import torch


def main() -> None:
    config, *arrays, rates = recipe.read(sys.argv[1])
    x, y, test_x, test_y = map(torch.from_numpy, arrays)
    torch.manual_seed(int(sys.argv[3]))
    layers: list[torch.nn.Module] = []
    for inputs, units in pairwise(config["layers"]):
        linear = torch.nn.Linear(inputs, units)
        torch.nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        torch.nn.init.zeros_(linear.bias)
        layers += [linear, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(
        model.parameters(),
        momentum=config["optimizer"]["momentum"],
        nesterov=config["optimizer"]["nesterov"],
    )
    loss_of = torch.nn.CrossEntropyLoss()
    step = 0
    for _ in range(config["epochs"]):
        for chosen in torch.randperm(len(y)).split(config["batch_size"]):
            optimizer.param_groups[0]["lr"] = float(rates[step])
            optimizer.zero_grad(set_to_none=True)
            loss_of(model(x[chosen]), y[chosen]).backward()
            optimizer.step()
            step += 1
    with torch.no_grad():
        print((model(test_x).argmax(1) == test_y).float().mean().item())


if __name__ == "__main__":
    main()
