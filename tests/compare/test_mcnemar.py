"""The test of two runs on the same images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from nnbasic.compare.comparison import Comparison
from nnbasic.training import Predictions

Make = Callable[..., Path]
Compared = Callable[..., Comparison]
Said = Callable[..., bool]


def test_two_runs_have_a_mcnemar_test(make: Make, compared: Compared, said: Said) -> None:
    made = {run.name: run for run in (make(activation="relu"), make(activation="tanh"))}
    comparison = compared()
    found = comparison.mcnemar
    assert found is not None
    right = {}
    for name, run in made.items():
        with np.load(run / "predictions.npz") as file:
            right[name] = file["labels"] == file["predicted"]
    alone = (right[found.first] & ~right[found.second]).sum()
    other = (right[found.second] & ~right[found.first]).sum()
    assert (found.only_first, found.only_second) == (alone, other)
    assert alone != other, "choose other runs: this tests nothing"
    assert found.p == pytest.approx(stats.binomtest(int(alone), int(alone + other)).pvalue)
    assert said(comparison.notes, "McNemar", f"{found.p:.3g}")
    make(activation="elu")
    assert compared().mcnemar is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "missing"), (b"PK", "damaged"), ("others", "not the same")],
)
def test_predictions_that_do_not_compare(
    make: Make, content: bytes | str | None, reason: str, compared: Compared, said: Said
) -> None:
    make(activation="relu")
    path = make(activation="tanh") / "predictions.npz"
    path.unlink()
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        labels = np.zeros(100, int)
        Predictions(labels, labels, np.eye(10)[labels]).save(path)
    comparison = compared()
    assert comparison.mcnemar is None
    assert said(comparison.notes, "No McNemar test", reason)


def test_other_data_have_no_mcnemar_test(make: Make, compared: Compared, said: Said) -> None:
    make()
    make({"dataset_sha256": "cd" * 32})
    assert said(compared().notes, "No McNemar test", "different test sets")
