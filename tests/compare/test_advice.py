"""What a comparison proposes to do next: the commands really make the runs that are missing."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from nnbasic.compare.advice import more_seeds
from nnbasic.compare.comparison import Comparison
from nnbasic.sweeps.plan import cells
from support import scored

Make = Callable[..., Path]
Compared = Callable[..., Comparison]


def test_the_command_has_the_seeds_that_are_planned(make: Make, compared: Compared) -> None:
    """From the smallest seed on, whichever run was made first."""
    for seed in (2, 0, 1):
        for activation in ("relu", "tanh"):
            accuracy = 0.9 + 0.01 * seed + 0.005 * (activation == "relu") * (seed - 1)
            make({"best": scored(accuracy)}, activation=activation, seed=seed)
    comparison = compared()
    assert comparison.plan is not None
    size, seeds = comparison.plan.further(3)[0]
    assert 3 < seeds == comparison.plan.seeds(size)
    text, _, command = comparison.next_steps[0].partition(" More seeds: ")
    assert f"with {seeds}, one of {100 * size:g}" in text
    words = shlex.split(command.strip("`"))
    assert words[words.index("--seeds") + 1] == str(seeds)
    sweep = cells(words[words.index("--config") + 1], (), [words[words.index("--vary") + 1]])
    assert {cell.config.seed for cell in sweep} == {0}


def test_searched_rates_are_searched_again(make: Make, compared: Compared) -> None:
    """The sweep begins at the rate that was given, and so finds the search that was made."""
    for activation, chosen in (("relu", 0.1), ("tanh", 0.2)):
        search = {"given": 0.05, "chosen": chosen, "tried": {str(chosen): 0.9}, "seeds": 2}
        optimizer = {"name": "sgd", "lr": chosen, "momentum": 0.9}
        make({"rate_search": search}, activation=activation, optimizer=optimizer)
    command = more_seeds(compared().groups, 5)
    assert command is not None
    words = shlex.split(command)
    assert "--lr-search" in words
    assert words[words.index("--set") + 1] == "optimizer.lr=0.05"
    vary = [words[index + 1] for index, word in enumerate(words) if word == "--vary"]
    assert vary == ["activation=relu,tanh"]


def test_rates_searched_from_several_have_no_command(make: Make, compared: Compared) -> None:
    for activation, given in (("relu", 0.1), ("tanh", 0.2)):
        search = {"given": given, "chosen": given, "tried": {str(given): 0.9}, "seeds": 2}
        optimizer = {"name": "sgd", "lr": given, "momentum": 0.9}
        make({"rate_search": search}, activation=activation, optimizer=optimizer)
    comparison = compared()
    assert more_seeds(comparison.groups, 5) is None
    assert comparison.verdict[0].endswith("turn the order round.")


def test_rows_of_several_configs_get_seeds_for_each(make: Make, compared: Compared) -> None:
    for activation in ("relu", "tanh"):
        for init in ("he", "xavier"):
            make(activation=activation, init=init)
    command = more_seeds(compared(by=["activation"]).groups, 5)
    assert command is not None
    assert "--vary activation=relu,tanh --vary init=he,xavier" in command
