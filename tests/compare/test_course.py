"""What the verdict says besides accuracy, on real runs and on stubs."""

import json
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nnbasic.compare.course import speed
from nnbasic.compare.findings import Findings
from support import Compared, Make

DEEP = [784, 8, 8, 8, 8, 8, 10]


def findings(**epochs: list[int | None]) -> Findings:
    """Ranked rows with the epoch in which each seed reaches 95 %, None for never."""
    rows = []
    for name, of_seeds in epochs.items():
        runs = [
            SimpleNamespace(
                seed=seed,
                metrics=[
                    SimpleNamespace(epoch=n, val_accuracy=0.96 if at and n >= at else 0.9)
                    for n in range(1, 31)
                ],
            )
            for seed, at in enumerate(of_seeds)
        ]
        rows.append(SimpleNamespace(name=name, counted=runs))
    found: Any = SimpleNamespace(ranked=rows, seeds=tuple(range(len(of_seeds))))
    return found  # type: ignore[no-any-return]


def test_the_slower_rows_are_named_with_an_interval() -> None:
    (said,) = speed(findings(relu=[3, 3, 4, 3], tanh=[3, 4, 3, 3], sigmoid=[9, 10, 9, 9]), 0.95)
    assert said.startswith("relu reaches 95 % after 3.2 epochs on average, sigmoid ")
    low, high = re.findall(r"(\d\.\d) to (\d\.\d) epochs later", said)[0]
    assert float(low) < 6 < float(high)


@pytest.mark.parametrize(
    "rows",
    [
        {"relu": [3, 4, 3, 4], "tanh": [4, 3, 4, 3]},  # no difference
        {"relu": [3, 3, 3, 3], "tanh": [9, 9, None, 9]},  # one seed never reaches it
        {"relu": [3], "tanh": [9]},  # one seed
    ],
)
def test_nothing_is_said_without_a_difference(rows: dict[str, list[int | None]]) -> None:
    assert list(speed(findings(**rows), 0.95)) == []


def test_equal_rows_are_seldom_called_slower() -> None:
    rng = np.random.default_rng(4)
    said = 0
    for _ in range(200):
        epochs = np.rint(rng.normal(10, 1, (3, 3))).astype(int)
        said += len(list(speed(findings(**dict(zip("abc", epochs.tolist(), strict=True))), 0.95)))
    assert said <= 10


def test_the_verdict_says_it_of_real_runs(make: Make, compared: Compared) -> None:
    for activation, starts in (("relu", 0.96), ("tanh", 0.5)):
        for seed in range(3):
            run = make(activation=activation, seed=seed)
            lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
            for line in lines[:-1]:
                line["val_accuracy"] = starts
            lines[-1]["val_accuracy"] = 0.96
            (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    sentences = compared(threshold=0.95).verdict
    assert any("relu reaches 95 % after 1.0 epochs on average, tanh" in each for each in sentences)


def test_what_goes_wrong_inside_is_said(
    make: Make, compared: Compared, said: Callable[..., bool]
) -> None:
    """Small initial weights: gradients of sigmoids vanish before the first step, and ReLUs die."""
    ratios = []
    for seed in range(2):
        run = make(activation="sigmoid", init="normal", layers=DEEP, seed=seed)
        first = json.loads((run / "diagnostics.jsonl").read_text().splitlines()[0])
        norms = [layer["gradient_norm"] for layer in first["layers"]]
        ratios.append(norms[0] / norms[-1])
        make(activation="relu", init="normal", layers=DEEP, seed=seed)
        make(activation="tanh", layers=DEEP, seed=seed)
    sentences = compared().verdict
    assert said(
        sentences,
        "Before training, gradients vanish in sigmoid/normal: the first layer's is"
        f" {np.median(ratios):.1g} times the last one's.",
    )
    assert said(sentences, "half or more of the units of a layer are dead in relu/normal (")
