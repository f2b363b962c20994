"""The verdict on a study: each expectation against its 95 % confidence interval."""

from __future__ import annotations

import bisect
import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from nnbasic.compare.caveats import ASPECTS
from nnbasic.compare.distributions import LEVEL, t_quantile
from nnbasic.compare.significance import Contrast, Differences, moderated_t
from nnbasic.configs import Data
from nnbasic.model.arrays import Array
from nnbasic.studies.expectation import Expectation
from nnbasic.studies.study import Study
from nnbasic.sweeps.learning_rates import FOLDER, choose_rates
from nnbasic.sweeps.plan import ENDED, Attempt, Images, Key, attempts, jobs
from nnbasic.training.collection import RunData
from nnbasic.training.record import Record

Word = Literal["supported", "refuted", "undecided"]

MOST_SEEDS = 1000
"""More seeds than this are no answer to how many it takes."""

SMALLEST = float(np.finfo(np.float32).tiny)
"""What counts as 0 in a ratio, which is then at least so large."""

LAST_DIGIT = 1e-9
"""Figures that are continuous differ by this much by rounding alone."""

TIMES = "Times are not comparable"
"""What follows if runs differ in one of these `ASPECTS`."""


class Places(NamedTuple):
    """Where an interval and the bounds beside it are drawn, from 0 on the left to 1."""

    low: float
    high: float
    estimate: float
    bounds: list[float]


class Judged(NamedTuple):
    """An expectation and what the runs say of it.

    ``interval`` is the 95 % confidence interval of ``estimate``, simultaneous with those of the
    study's other expectations; it is infinite at an end where runs never came to what is measured.
    ``seeds`` is how many seeds it would take to decide, None where it is decided or more seeds do
    not help. ``means`` are those of the two arms, geometric ones for a ratio. ``reason`` says why
    there is no interval, or why it is infinite.
    """

    expectation: Expectation
    verdict: Word = "undecided"
    estimate: float | None = None
    interval: tuple[float, float] | None = None
    seeds: int | None = None
    means: tuple[float, float] | None = None
    reason: str = ""

    def places(self) -> Places | None:
        """Where the interval lies beside the bounds; None without an interval."""
        if self.estimate is None or self.interval is None:
            return None
        scale = math.log if self.expectation.ratio else float
        low, high = self.interval
        bounds = [scale(bound) for bound in self.expectation.bounds]
        middle = scale(self.estimate)
        ends = [
            scale(low) if low > (0 if self.expectation.ratio else -math.inf) else None,
            scale(high) if high < math.inf else None,
        ]
        known = [end for end in (*ends, *bounds, middle) if end is not None]
        margin = 0.1 * (max(known) - min(known)) or 1.0
        first, width = min(known) - margin, max(known) - min(known) + 2 * margin

        def place(value: float) -> float:
            return (value - first) / width

        return Places(
            0.0 if ends[0] is None else place(ends[0]),
            1.0 if ends[1] is None else place(ends[1]),
            place(middle),
            [place(bound) for bound in bounds],
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it: an infinite end of an interval is null."""
        ends = None if self.interval is None else [finite(end) for end in self.interval]
        return {
            "expect": self.expectation.text,
            "measure": self.expectation.measure.name,
            "verdict": self.verdict,
            "estimate": self.estimate,
            "interval": ends,
            "seeds_to_decide": self.seeds,
            "reason": self.reason or None,
        }


class Verdict(NamedTuple):
    """The verdict on a study; ``word`` is None as long as some of its runs are missing."""

    study: Study
    word: Word | None
    expectations: tuple[Judged, ...]
    runs: tuple[RunData, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "name": self.study.name,
            "claim": self.study.claim,
            "verdict": self.word,
            "expectations": [each.to_dict() for each in self.expectations],
            "runs": len(self.runs),
            "seeds": len(self.study.seeds),
            "scope": self.study.scope(),
            "source": self.study.source,
        }


class Evidence(NamedTuple):
    """The runs in a folder, and the trials of learning rates there, by what makes them the same."""

    runs: Mapping[Key, Sequence[Attempt]]
    trials: Mapping[Key, Sequence[Attempt]]

    @classmethod
    def read(cls, folder: Path) -> Evidence:
        return cls(attempts(folder), attempts(folder / FOLDER))

    def images(self) -> dict[str, Images]:
        """The data set of the newest run from each source."""
        newest = sorted((a.record for own in self.runs.values() for a in own), key=_started)
        found: dict[str, Images] = {}
        for record in newest:
            with contextlib.suppress(LookupError, TypeError, ValueError):  # it may hold anything
                data = Data(**record.config["data"])
                found[data.source] = _Images(record.dataset, record.dataset_sha256)
        return found

    def of_arms(self, study: Study) -> dict[str, dict[int, RunData]]:
        """The run of each arm of ``study`` by seed; {} if one of them has not ended yet."""
        images, cells = self.images(), list(study.cells)
        if not {cell.config.data.source for cell in cells} <= images.keys():
            return {}
        if study.searched:
            cells, problems = choose_rates(cells, images, lambda jobs: self.trials)
            if problems:
                return {}
        found: dict[str, dict[int, RunData]] = {}
        for job in jobs(cells, study.seeds, images):
            ended = [each for each in self.runs.get(job.key, ()) if each.status in ENDED]
            if not ended:
                return {}
            found.setdefault(job.name, {})[job.config.seed] = RunData.read(ended[-1].run)
        return found


def judge(study: Study, evidence: Evidence) -> Verdict:
    """The verdict on ``study``.

    Each expectation is supported if all of its interval is on the claimed side, refuted if all is
    on the other side, and else undecided. The study is supported if all of them are, and refuted
    if one is.
    """
    arms = evidence.of_arms(study)
    if not arms:
        return Verdict(study, None, tuple(map(Judged, study.expect)), ())
    judged = tuple(judge_all(study.expect, arms))
    words = {each.verdict for each in judged}
    word: Word = "supported" if words == {"supported"} else "undecided"
    runs = tuple(run for own in arms.values() for run in own.values())
    return Verdict(study, "refuted" if "refuted" in words else word, judged, runs)


def judge_all(
    expectations: Sequence[Expectation], arms: Mapping[str, Mapping[int, RunData]]
) -> Iterator[Judged]:
    """Judge ``expectations`` together by the runs of ``arms``, which have the same seeds."""
    reasons = [_unknown(each, arms) for each in expectations]
    known = [each for each, why in zip(expectations, reasons, strict=True) if not why]
    samples = [_sample(each, arms) for each in known]
    tested = moderated_t(*(sample.differences() for sample in samples))
    judged = (
        _judged(expectation, sample, inference.contrasts[0], len(samples))
        for expectation, sample, inference in zip(known, samples, tested, strict=True)
    )
    for expectation, why in zip(expectations, reasons, strict=True):
        yield Judged(expectation, reason=why) if why else next(judged)


def finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


class _Images(NamedTuple):
    name: str
    sha256: str


def _started(record: Record) -> str:
    return record.started


class _Sample(NamedTuple):
    """The values of an expectation's two arms (2, seeds), paired by seed.

    For a ratio they are logarithms, so that it is a difference like others. ``floor`` is the least
    variance of a difference, ``widest`` how large one can be, and ``open`` says whether it may be
    anything below, or above: where the second, or first, arm never came to what is measured.
    """

    values: Array
    floor: float
    widest: float
    open: tuple[bool, bool]

    def differences(self) -> Differences:
        values, floor = self.values[:1] - self.values[1:], np.array([self.floor])
        return Differences(values, floor, 1, self.widest)


def _unknown(expectation: Expectation, arms: Mapping[str, Mapping[int, RunData]]) -> str:
    """Why nothing can be said; empty if the measure of each run is known.

    Runs without it are not left out: they may be those in which something went wrong.
    """
    measure = expectation.measure
    runs = [run for arm in (expectation.first, expectation.second) for run in arms[arm].values()]
    if problem := next((run.problem for run in runs if run.problem), None):
        return f"{problem}; remove this run, and `nnbasic study run` trains it again"
    if unknown := sum(measure.value(run) is None for run in runs):
        return f"unknown for {unknown} of {len(runs)} runs"
    for name, aspect in ASPECTS[TIMES].items() if measure.unit == "s" else ():
        if len({f"{aspect(run)}" for run in runs}) > 1:
            return f"{TIMES}, because the runs differ in {name}"
    return ""


def _sample(expectation: Expectation, arms: Mapping[str, Mapping[int, RunData]]) -> _Sample:
    """The known values of the measure of each run.

    What is counted in steps is rounded, which adds to the variance; without it the few values that
    a number of epochs has gave false verdicts.
    """
    measure = expectation.measure
    both = arms[expectation.first], arms[expectation.second]
    values = np.array([[measure.value(arm[seed]) for seed in both[0]] for arm in both], float)
    never = [any(measure.figure(run) == math.inf for run in arm.values()) for arm in both]
    floors = [
        measure.variance(own, next(iter(arm.values())))
        for own, arm in zip(values, both, strict=True)
    ]
    if expectation.ratio:
        values = np.maximum(values, SMALLEST)
        floors = [floor / own.mean() ** 2 for floor, own in zip(floors, values, strict=True)]
        values = np.log(values)
    if not measure.binary:
        floors.append(float((values[0] - values[1]).var(ddof=1)))
    widest = 100.0 if measure.unit == "points" and not expectation.ratio else math.inf
    return _Sample(values, max(sum(floors), LAST_DIGIT**2), widest, (never[1], never[0]))


def _judged(expectation: Expectation, sample: _Sample, contrast: Contrast, tests: int) -> Judged:
    """The verdict on one of ``tests`` expectations that were tested together."""
    scale = _exp if expectation.ratio else float
    estimate = scale(contrast.mean)
    means = [scale(mean) for mean in sample.values.mean(axis=1).tolist()]
    first, second = (0.0 if expectation.ratio and mean < 2 * SMALLEST else mean for mean in means)
    if contrast.ci95 is None:
        return Judged(expectation, estimate=estimate, means=(first, second))
    below, above = (scale(end) for end in contrast.ci95)
    if sample.open[0]:
        below = 0.0 if expectation.ratio else -math.inf
    if sample.open[1]:
        above = math.inf
    holds = expectation.holds(below, above)
    reason = "figures of 0 have no ratio" if above == math.inf else ""
    if any(sample.open):
        reason = "some runs diverged or never reached it"
    word: Word = "undecided" if holds is None else "supported" if holds else "refuted"
    seeds = None
    if holds is None and not any(sample.open) and contrast.error is not None:
        bounds = [math.log(each) if expectation.ratio else each for each in expectation.bounds]
        distance = min(abs(bound - contrast.mean) for bound in bounds)
        count = sample.values.shape[1]
        seeds = _seeds_to_decide(distance, contrast.error * math.sqrt(count), tests, count)
    return Judged(expectation, word, estimate, (below, above), seeds, (first, second), reason)


def _exp(value: float) -> float:
    """e to the ``value``, infinite beyond what numbers can hold."""
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _seeds_to_decide(distance: float, sd: float, tests: int, seeds: int) -> int | None:
    """The fewest of more than ``seeds`` whose interval would not reach so far, at the same SD."""
    level = 1 - (1 - LEVEL) / tests

    def decides(count: int) -> bool:
        return t_quantile(level, count - 1) * sd / math.sqrt(count) < distance

    candidates = range(seeds + 1, MOST_SEEDS + 1)
    place = bisect.bisect_left(candidates, True, key=decides)
    return candidates[place] if place < len(candidates) else None
