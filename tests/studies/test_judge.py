"""Verdicts, on figures whose intervals are known by hand."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nnbasic.studies.expectation import parse
from nnbasic.studies.judge import Judged, judge_all
from nnbasic.studies.measures import Measure

FIGURE = Measure("figure", "", lambda run: run.figure, beyond=lambda run: 8.0)
FAILED = Measure("failed_runs", "points", lambda run: run.figure, binary=True)
SHARE = Measure("variance_share", "points", lambda run: run.figure, of_choices=True)
EPOCHS = Measure("epochs_to(0.97)", "epochs", lambda run: run.figure, step=lambda run: 1)

T_4 = 2.7764451
"""Student's 97.5 % quantile with 4 degrees of freedom, from tables."""


def runs(figures: Any) -> Any:
    """Runs by seed of which only the figure is known."""
    return {seed: SimpleNamespace(figure=each, problem=None) for seed, each in enumerate(figures)}


def judged(text: str, first: list[Any], second: list[float], measure: Any = FIGURE) -> Judged:
    arms: Any = {"a": runs(first), "b": runs(second)}
    (one,) = judge_all([parse(text, measure, arms)], arms)
    return one


def test_the_interval_of_a_difference() -> None:
    found = judged("a - b >= 1", [3, 5, 4, 6, 2], [1, 1, 1, 1, 1])
    half = T_4 * math.sqrt(2.5 / 5)
    assert found.estimate == pytest.approx(3)
    assert found.interval == pytest.approx((3 - half, 3 + half))
    assert found.means == pytest.approx((4, 1))
    assert found.verdict == "supported"


def test_the_interval_of_a_ratio_is_that_of_logarithms() -> None:
    found = judged("a / b >= 5", [2, 8, 2, 8, 4], [1, 1, 1, 1, 1])
    half = T_4 * np.std(np.log([2, 8, 2, 8, 4]), ddof=1) / math.sqrt(5)
    assert found.estimate == pytest.approx(4)
    assert found.interval == pytest.approx((4 / math.exp(half), 4 * math.exp(half)))
    assert found.verdict == "undecided"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("a - b >= 1.9", "supported"),
        ("a - b >= 2.1", "refuted"),
        ("a - b >= 2", "undecided"),
        ("a - b <= 2.1", "supported"),
        ("a - b within 2.1", "supported"),
        ("a - b within 1.9", "refuted"),
        ("b - a within 1.9", "refuted"),
        ("a / b within 3.1", "supported"),
        ("a / b within 2.9", "refuted"),
        ("b / a within 2.9", "refuted"),
    ],
)
def test_a_verdict_asks_for_the_whole_interval(text: str, verdict: str) -> None:
    first, second = [3.01, 2.99, 3, 3.01, 2.99], [1.0, 1, 1, 1, 1]
    assert judged(text, first, second).verdict == verdict


def test_paired_seeds_make_a_difference_sure() -> None:
    first, second = [1.0, 2, 3, 4, 5], [0.5, 1.5, 2.5, 3.5, 4.5]
    assert judged("a - b >= 0.4", first, second).verdict == "supported"
    assert judged("a - b >= 0.4", first, second[::-1]).verdict == "undecided"


def test_what_was_never_reached_leaves_its_side_open() -> None:
    """The first arm, which never came to it in two seeds, can only be later than assumed."""
    late, early = [math.inf, math.inf, 7.9, 7.9, 7.9], [1.0, 1, 1, 1, 1]
    found = judged("a / b >= 5", late, early)
    assert found.verdict == "supported"
    assert found.interval is not None
    assert found.interval[1] == math.inf
    assert judged("a / b <= 5", late, early).verdict == "refuted"
    assert judged("a / b <= 9", late, early).verdict == "undecided"  # it may be later still
    assert judged("a / b <= 0.2", early, late).verdict == "supported"
    assert judged("a / b >= 0.1", early, late).verdict == "undecided"
    both = judged("a - b within 1", [math.inf] * 5, [math.inf] * 5)
    assert both.verdict == "undecided"
    assert both.seeds is None


def test_seeds_that_would_decide() -> None:
    first, second = [3.0, 5, 4, 6, 2], [1.0, 1, 1, 1, 1]
    needed = judged("a - b >= 2", first, second).seeds
    assert needed is not None
    rng = np.random.default_rng(3)
    more = [rng.normal(4, math.sqrt(2.5), needed).tolist() for _ in range(400)]
    decided = sum(judged("a - b >= 2", own, [1.0] * needed).verdict == "supported" for own in more)
    assert 0.74 < decided / 400 < 0.86  # a power of 80 %, give or take three standard errors
    assert judged("a - b >= 3", first, second).seeds is None  # the estimate itself is the bound


def test_equal_outcomes_of_few_runs_are_no_certainty() -> None:
    """All 5 runs of one arm failed and none of the other: the share may still be under 80 %."""
    always, never = [100.0] * 5, [0.0] * 5
    assert judged("a - b >= 80", always, never, FAILED).verdict == "undecided"
    assert judged("a - b >= 10", always, never, FAILED).verdict == "supported"
    assert judged("a - b >= 80", always * 8, never * 8, FAILED).verdict == "supported"


def test_several_expectations_have_wider_intervals() -> None:
    arms: Any = {"a": runs([3.0, 5, 4, 6, 2]), "b": runs([1.0] * 5)}
    one = parse("a - b >= 1", FIGURE, arms)
    (alone,), (first, second) = judge_all([one], arms), judge_all([one, one], arms)
    assert alone.interval is not None
    assert first.interval is not None
    assert first == second
    assert first.interval[0] < alone.interval[0]


def test_a_study_with_runs_of_which_nothing_is_known() -> None:
    """No verdict on those; the others are judged as if they were alone."""
    arms: Any = {"a": runs([3.0, 5, 4, 6, 2]), "b": runs([1.0] * 5), "c": runs([None, 1, 1, 1, 1])}
    texts = "a - b >= 1", "a - c >= 1"
    known, unknown = judge_all([parse(text, FIGURE, arms) for text in texts], arms)
    alone = judged("a - b >= 1", [3, 5, 4, 6, 2], [1] * 5)
    assert (known.verdict, known.interval) == (alone.verdict, alone.interval)
    assert (unknown.verdict, unknown.estimate, unknown.interval) == ("undecided", None, None)
    assert unknown.reason == "unknown for 1 of 10 runs"
    arms["b"][2].problem = "b/metrics.jsonl: torn"
    (torn,) = judge_all([parse("a - b >= 1", FIGURE, arms)], arms)
    assert torn.verdict == "undecided"
    assert torn.reason.startswith("b/metrics.jsonl: torn; remove this run")


def test_a_ratio_of_zeros_is_undecided() -> None:
    found = judged("a / b >= 2", [100.0, 0, 100], [0.0, 0, 0], FAILED)
    assert found.verdict == "undecided"
    assert found.interval == (0, math.inf)
    assert found.means is not None
    assert found.means[1] == 0
    assert "0" in found.reason


def test_times_of_different_machines_are_not_compared() -> None:
    seconds = Measure("seconds_per_epoch", "s", lambda run: run.figure)
    arms: Any = {"a": runs([3.0, 3.1, 3.2]), "b": runs([1.0, 1.1, 1.2])}
    for run in (*arms["a"].values(), *arms["b"].values()):
        run.record = SimpleNamespace(threads=1, machine={"processor": "one"})
    (same,) = judge_all([parse("a - b >= 1", seconds, arms)], arms)
    assert same.verdict == "supported"
    run.record.machine = {"processor": "another"}
    (different,) = judge_all([parse("a - b >= 1", seconds, arms)], arms)
    assert different.verdict == "undecided"
    assert different.reason == "Times are not comparable, because the runs differ in processor"


@pytest.mark.parametrize(("count", "seeds"), [(2, 3), (4, 3), (3, 5), (4, 8)])
@pytest.mark.parametrize("kind", ["accuracy", "ratio", "epochs", "failed"])
def test_few_studies_are_wrong(count: int, seeds: int, kind: str) -> None:
    """With each bound at the truth, a verdict is wrong: 5 % of studies may have one.

    Of 400 such studies, 33 or more have one with a probability of 0.4 %.
    """
    rng = np.random.default_rng(3)
    measure = {"epochs": EPOCHS, "failed": FAILED}.get(kind, FIGURE)
    draw = {
        "accuracy": lambda: rng.normal(97, 0.2, seeds),
        "ratio": lambda: rng.lognormal(0, 0.5, seeds),
        "epochs": lambda: rng.normal(2.5, 0.3, seeds).round(),
        "failed": lambda: 100.0 * (rng.random(seeds) < 0.3),
    }[kind]
    bound = "/ b{} >= 1" if kind in ("ratio", "epochs") else "- b{} >= 0"
    names = [f"{side}{index}" for index in range(count) for side in "ab"]
    texts = [f"a{index} {bound.format(index)}" for index in range(count)]
    expect = [parse(text, measure, dict.fromkeys(names)) for text in texts]
    wrong = 0
    for _ in range(400):
        arms: Any = {name: runs(draw().tolist()) for name in names}
        wrong += any(each.verdict != "undecided" for each in judge_all(expect, arms))
    assert wrong < 33


CHOICES = (("activation", ("relu", "tanh")), ("init", ("he", "xavier")))


def crossed(activation: float, init: float, noise: Any) -> Any:
    """Arms of `CHOICES` whose second values are so much better, with the ``noise`` (4, seeds)."""
    means = [a + b for a in (0, activation) for b in (0, init)]
    return {f"arm{index}": runs(means[index] + each) for index, each in enumerate(noise)}


def test_shares_of_variance() -> None:
    """Effects of ±3 and ±1 make 9 and 1 of a variance of 10 and little noise."""
    noise = np.random.default_rng(1).normal(0, 1e-3, (4, 5))
    texts = "activation - init >= 79", "init - seed >= 9"
    expect = [parse(text, SHARE, ("activation", "init", "seed")) for text in texts]
    first, second = judge_all(expect, crossed(6, 2, noise), CHOICES)
    assert first.means == pytest.approx((90, 10), abs=0.1)
    assert second.means == pytest.approx((10, 0), abs=0.1)
    assert {first.verdict, second.verdict} == {"supported"}
    (unknown,) = judge_all(expect[:1], {"a": runs([None] * 3), "b": runs([1.0] * 3)}, CHOICES)
    assert unknown.reason == "unknown for 3 of 6 runs"


def test_the_seeds_make_all_of_the_variance_where_nothing_else_does() -> None:
    noise = np.random.default_rng(1).normal(0, 1, (4, 20))
    expect = parse("seed - activation >= 50", SHARE, ("activation", "init", "seed"))
    (found,) = judge_all([expect], crossed(0, 0, noise), CHOICES)
    assert found.verdict == "supported"


@pytest.mark.parametrize("effect", [0.3, 1.0, 3.0])
def test_few_studies_of_shares_are_wrong(effect: float) -> None:
    """Two choices of the same effect: 5 % of studies may say that one matters more."""
    rng = np.random.default_rng(3)
    expect = [parse("activation - init >= 0", SHARE, ("activation", "init", "seed"))]
    studies = (crossed(effect, effect, rng.normal(0, 1, (4, 5))) for _ in range(400))
    verdicts = [next(judge_all(expect, arms, CHOICES)).verdict for arms in studies]
    assert sum(verdict != "undecided" for verdict in verdicts) < 33
