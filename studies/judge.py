"""The verdict on a study: each expectation against its 95 % confidence interval."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from nnbasic.compare.advice import ASPECTS
from nnbasic.compare.factors import Choice, variance_shares
from nnbasic.compare.significance import Differences, Inference, moderated_t
from nnbasic.configs import Data
from nnbasic.model.arrays import Array
from nnbasic.studies.expectation import Expectation
from nnbasic.studies.study import SEED, Study
from nnbasic.sweeps.learning_rates import FOLDER, choose_rates
from nnbasic.sweeps.plan import ENDED, Attempt, Images, Key, attempts, jobs
from nnbasic.training.collection import RunData

Word = Literal["supported", "refuted", "undecided"]

Arms = Mapping[str, Mapping[int, RunData]]
"""The run of each arm by seed."""

SMALLEST = float(np.finfo(np.float32).tiny)
"""What counts as 0 in a ratio, which is then at least so large."""

LAST_DIGIT = 1e-9
"""Figures that are continuous differ by this much by rounding alone."""


class Judged(NamedTuple):
    """An expectation and what the runs say of it.

    ``interval`` is the 95 % confidence interval of ``estimate``, simultaneous with those of the
    study's other expectations; it is infinite at an end where runs never came to what is measured.
    ``seeds`` is how many seeds would decide with a power of 80 %, None where it is decided or more
    seeds do not help. ``means`` are those of the two arms, geometric ones for a ratio. ``reason``
    says why there is no interval, or why it is infinite.
    """

    expectation: Expectation
    verdict: Word = "undecided"
    estimate: float | None = None
    interval: tuple[float, float] | None = None
    seeds: int | None = None
    means: tuple[float, float] | None = None
    reason: str = ""

    def places(self) -> list[float]:
        """Where both ends of the interval, the estimate and the bounds are drawn, in percent.

        From the left; without an interval there is nothing to draw.
        """
        if self.estimate is None or self.interval is None:
            return []
        values = np.array([*self.interval, self.estimate, *self.expectation.bounds])
        if self.expectation.ratio:
            with np.errstate(divide="ignore"):  # the logarithm of 0 is an end that is open
                values = np.log(values)
        known = values[np.isfinite(values)]
        margin = 0.1 * float(np.ptp(known)) or 1.0
        ends = [known.min() - margin, known.max() + margin]
        return [float(place) for place in np.interp(values, ends, [0, 100])]

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it: an infinite end of an interval is null."""
        ends = self.interval and [end if math.isfinite(end) else None for end in self.interval]
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
    """The verdict on a study; ``word`` is None as long as some of its runs are missing.

    Otherwise the cells of the study have the learning rates that were found.
    """

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
        records = (attempt.record for own in self.runs.values() for attempt in own)
        found: dict[str, Images] = {}
        for record in sorted(records, key=lambda record: record.started):
            with contextlib.suppress(LookupError, TypeError, ValueError):  # it may hold anything
                source = Data(**record.config["data"]).source
                found[source] = record.dataset, record.dataset_sha256
        return found

    def of_arms(self, study: Study) -> tuple[Study, dict[str, dict[int, RunData]]]:
        """``study`` with its learning rates, and the run of each arm by seed.

        No runs if one of them has not ended yet.
        """
        images, cells = self.images(), list(study.cells)
        if not {cell.config.data.source for cell in cells} <= images.keys():
            return study, {}
        if study.searched:
            cells, problems = choose_rates(cells, images, lambda jobs: self.trials)
            if problems:
                return study, {}
        found: dict[str, dict[int, RunData]] = {}
        for job in jobs(cells, study.seeds, images):
            ended = [each for each in self.runs.get(job.key, ()) if each.status in ENDED]
            if not ended:
                return study, {}
            found.setdefault(job.name, {})[job.config.seed] = RunData.read(ended[-1].run)
        return replace(study, cells=tuple(cells)), found


def judge(study: Study, evidence: Evidence) -> Verdict:
    """The verdict on ``study``.

    Each expectation is supported if all of its interval is on the claimed side, refuted if all is
    on the other side, and else undecided. The study is supported if all of them are, and refuted
    if one is.
    """
    study, arms = evidence.of_arms(study)
    if not arms:
        return Verdict(study, None, tuple(map(Judged, study.expect)), ())
    judged = tuple(judge_all(study.expect, arms, study.choices))
    words = {each.verdict for each in judged}
    word: Word = "supported" if words == {"supported"} else "undecided"
    runs = tuple(run for own in arms.values() for run in own.values())
    return Verdict(study, "refuted" if "refuted" in words else word, judged, runs)


def judge_all(
    expectations: Sequence[Expectation], arms: Arms, choices: Sequence[Choice] = ()
) -> Iterator[Judged]:
    """Judge ``expectations`` together by the runs of ``arms``, which have the same seeds.

    If there are ``choices``, the arms are every combination of their values, in order.
    """
    reasons = [_unknown(each, arms) for each in expectations]
    known = [each for each, why in zip(expectations, reasons, strict=True) if not why]
    samples = [_sample(each, arms, choices) for each in known]
    tested = moderated_t(*(sample.differences for sample in samples))
    judged = map(_judged, known, samples, tested)
    for expectation, why in zip(expectations, reasons, strict=True):
        yield Judged(expectation, reason=why) if why else next(judged)


class _Sample(NamedTuple):
    """The values of an expectation's two arms (2, seeds), paired by seed.

    For a ratio they are logarithms, so that it is a difference like others. ``open`` says whether
    the difference may be anything below, or above: where the second, or first, arm never came to
    what is measured.
    """

    values: Array
    differences: Differences
    open: tuple[bool, bool]


def _unknown(expectation: Expectation, arms: Arms) -> str:
    """Why nothing can be said; empty if the measure of each run is known.

    Runs without it are not left out: they may be those in which something went wrong.
    """
    measure = expectation.measure
    names = arms if measure.of_choices else (expectation.first, expectation.second)
    runs = [run for arm in names for run in arms[arm].values()]
    if problem := next((run.problem for run in runs if run.problem), None):
        return f"{problem}; remove this run, and `nnbasic study run` trains it again"
    if unknown := sum(measure.value(run) is None for run in runs):
        return f"unknown for {unknown} of {len(runs)} runs"
    what = "Times are not comparable"
    for name, aspect in ASPECTS[what].items() if measure.unit == "s" else ():
        if len({f"{aspect(run)}" for run in runs}) > 1:
            return f"{what}, because the runs differ in {name}"
    return ""


def _sample(expectation: Expectation, arms: Arms, choices: Sequence[Choice]) -> _Sample:
    """The known values of the measure of each run.

    What is counted in steps is rounded, which adds to the variance; without it the few values that
    a number of epochs has gave false verdicts.
    """
    measure = expectation.measure
    names = expectation.first, expectation.second
    if measure.of_choices:
        every = [[measure.value(run) for run in arm.values()] for arm in arms.values()]
        values = share_values(np.array(every, float), choices, names)
        never, floors = [False, False], []
    else:
        both = [list(arms[name].values()) for name in names]
        values = np.array([[measure.value(run) for run in arm] for arm in both], float)
        never = [any(measure.figure(run) == math.inf for run in arm) for arm in both]
        floors = [measure.variance(own, arm[0]) for own, arm in zip(values, both, strict=True)]
    if expectation.ratio:
        values = np.maximum(values, SMALLEST)
        floors = [floor / own.mean() ** 2 for floor, own in zip(floors, values, strict=True)]
        values = np.log(values)
    differences = values[:1] - values[1:]
    if not measure.binary:
        floors.append(float(differences.var(ddof=1)))
    widest = 100.0 if measure.unit == "points" and not expectation.ratio else math.inf
    floor = np.array([max(sum(floors), LAST_DIGIT**2)])
    return _Sample(values, Differences(differences, floor, 1, widest), (never[1], never[0]))


def share_values(figures: Array, choices: Sequence[Choice], named: Sequence[str]) -> Array:
    """The shares of the ``named`` choices in percent, as values (named, seeds) with these means.

    ``figures`` (arms, seeds) are those of every combination of the ``choices``, in order. A share
    is one number of all runs; how much it varies with the seeds is read off what it would be
    without each of them (the pseudo-values of the jackknife, Tukey 1958, moved to this mean).
    """
    crossed = figures.reshape(*(len(values) for _, values in choices), -1)
    axes = {SEED: ()} | {key: (axis,) for axis, (key, _) in enumerate(choices)}
    seeds = crossed.shape[-1]

    def shares(runs: Array) -> list[float]:
        every = variance_shares(runs)
        return [100 * every.get(axes[name], 0.0) for name in named]

    without = np.array([shares(np.delete(crossed, seed, axis=-1)) for seed in range(seeds)]).T
    spread = (seeds - 1) * (without.mean(axis=1, keepdims=True) - without)
    values: Array = np.array(shares(crossed))[:, None] + spread
    return values


def _judged(expectation: Expectation, sample: _Sample, tested: Inference) -> Judged:
    """The verdict on one of the expectations that were tested together."""
    contrast, plan = tested.contrasts[0], tested.plan
    assert contrast.ci95 is not None  # there are two seeds or more
    assert plan is not None
    scale = _exp if expectation.ratio else float
    estimate = scale(contrast.mean)
    means = [scale(mean) for mean in sample.values.mean(axis=1).tolist()]
    first, second = (0.0 if expectation.ratio and mean < 2 * SMALLEST else mean for mean in means)
    below = scale(-math.inf if sample.open[0] else contrast.ci95[0])
    above = scale(math.inf if sample.open[1] else contrast.ci95[1])
    holds = expectation.holds(below, above)
    reason = "figures of 0 have no ratio" if above == math.inf else ""
    if any(sample.open):
        reason = "some runs diverged or never reached it"
    word: Word = "undecided" if holds is None else "supported" if holds else "refuted"
    seeds = None
    if holds is None and not any(sample.open):
        bounds = [math.log(each) if expectation.ratio else each for each in expectation.bounds]
        seeds = plan.seeds(min(abs(bound - contrast.mean) for bound in bounds))
    return Judged(expectation, word, estimate, (below, above), seeds, (first, second), reason)


def _exp(value: float) -> float:
    """e to the ``value``, infinite beyond what numbers can hold."""
    return math.exp(value) if value < 700 else math.inf
