"""Which epoch is the best, when to stop waiting for a better one, and a run that does."""

from dataclasses import asdict

import pytest

from nnbasic.configs import EarlyStopping
from nnbasic.data import Dataset
from nnbasic.training import EpochRow
from nnbasic.training.session import best_epoch, patience_is_over
from support import Begin, figures, finish


def epochs(key: str, *values: float | None) -> list[EpochRow]:
    """A history with these values of ``key``."""
    row = asdict(figures(0.5))
    return [EpochRow(**{**row, "epoch": i, key: value}) for i, value in enumerate(values, 1)]


class TestBest:
    def test_the_first_of_the_highest_accuracy(self) -> None:
        history = epochs("val_accuracy", 0.5, 0.9, 0.7, 0.9, 0.1)
        assert best_epoch(history, "val_accuracy") is history[1]

    def test_the_first_of_the_lowest_loss(self) -> None:
        history = epochs("val_loss", 0.5, None, 0.1, 0.1, 0.2)
        assert best_epoch(history, "val_loss") is history[2]

    def test_the_last_without_validation(self) -> None:
        history = epochs("val_accuracy", None, None)
        assert best_epoch(history, "val_accuracy") is history[-1]


class TestPatience:
    @pytest.mark.parametrize(
        ("values", "over"),
        [
            ([], False),
            ([0.5], False),
            ([0.5, 0.5], False),
            ([0.5, 0.5, 0.5], True),
            ([0.5, 0.4, 0.6, 0.6], False),
            ([0.5, 0.4, 0.6, 0.6, 0.5], True),
            ([0.5, 0.4, 0.45], True),
        ],
    )
    def test_of_two_epochs(self, values: list[float], over: bool) -> None:
        accuracy = EarlyStopping(metric="val_accuracy", patience=2)
        assert patience_is_over(accuracy, epochs("val_accuracy", *values)) is over
        loss = EarlyStopping(metric="val_loss", patience=2)
        assert patience_is_over(loss, epochs("val_loss", *(-value for value in values))) is over

    def test_small_steps_do_not_count_however_many(self) -> None:
        stopping = EarlyStopping(metric="val_accuracy", patience=3, min_delta=0.1)
        assert patience_is_over(stopping, epochs("val_accuracy", 0.5, 0.55, 0.58, 0.6))
        assert not patience_is_over(stopping, epochs("val_accuracy", 0.5, 0.55, 0.58, 0.61))

    def test_a_loss_that_was_not_finite_is_no_improvement(self) -> None:
        stopping = EarlyStopping(metric="val_loss", patience=1)
        assert not patience_is_over(stopping, epochs("val_loss", 3.0))
        assert patience_is_over(stopping, epochs("val_loss", 3.0, None))


def test_a_run_stops_early_and_is_judged_by_its_best_epoch(begin: Begin, dataset: Dataset) -> None:
    record = finish(begin(epochs=50, early_stopping={"patience": 2}), dataset).record()
    assert record.status == "finished"
    assert record.best is not None
    assert record.epoch == record.best.epoch + 2 < 50


def test_a_run_that_stops_by_its_loss_keeps_the_epoch_of_the_lowest(
    begin: Begin, dataset: Dataset
) -> None:
    run = finish(begin(epochs=6, early_stopping={"metric": "val_loss", "patience": 6}), dataset)
    best = run.record().best
    assert best is not None
    assert best.val_loss == min(row.val_loss for row in run.metrics() if row.val_loss is not None)
