"""Runs side by side: everything that a table, a file or the report shows of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from nnbasic.compare import as_dict
from nnbasic.compare.advice import next_steps
from nnbasic.compare.caveats import notes, warnings
from nnbasic.compare.crossing import crossing
from nnbasic.compare.factors import Effects, effects
from nnbasic.compare.gains import Gain, gains
from nnbasic.compare.grouping import group_runs, searched
from nnbasic.compare.mcnemar import McNemar, mcnemar
from nnbasic.compare.measures import Curve, Group, curve
from nnbasic.compare.planning import Plan, plan
from nnbasic.compare.ranking import Ranking, rank
from nnbasic.compare.standing import accuracies, stand
from nnbasic.compare.verdict import verdict
from nnbasic.training.choices import Scalar, Values
from nnbasic.training.collection import RunData
from nnbasic.training.storage import RunError


@dataclass(frozen=True)
class Comparison:
    """What `compare` found.

    ``verdict`` says it in a few sentences. ``same`` and ``differs`` say what the compared runs have
    in common and what not (see `nnbasic.compare.grouping.Grouping`, also for ``implied`` and
    ``columns``). ``groups`` are the rows: those that are ranked first, by mean validation accuracy
    over ``seeds``, which all of them have. ``effects`` says what each choice does, ``plan`` what
    more seeds would show; None where there is no telling. ``rates_searched``: whether each row has
    a learning rate that a search chose for it; where others have not, ``searched`` compares the
    runs for which it was, and ``gains`` is what that did for each row. ``warnings`` say what stands
    against the comparison, ``notes`` how to read it, ``next_steps`` what to do; a sentence each.
    ``curves`` has the validation accuracies of two runs by epoch, where there are just two.
    """

    verdict: tuple[str, ...]
    same: Values
    differs: tuple[str, ...]
    implied: tuple[str, ...]
    columns: tuple[str, ...]
    threshold: float
    groups: tuple[Group, ...]
    seeds: tuple[Scalar, ...]
    effects: Effects | None
    plan: Plan | None
    rates_searched: bool
    test_images: int | None
    mcnemar: McNemar | None
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    next_steps: tuple[str, ...]
    curves: tuple[Curve, ...]
    searched: Comparison | None = None
    gains: tuple[Gain, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The comparison as strict JSON can hold it; shares are between 0 and 1."""
        accuracy = self.groups[0].measures.test_accuracy.mean
        return {
            "verdict": list(self.verdict),
            "runs": sum(len(group.runs) for group in self.groups),
            "same": self.same,
            "differs": list(self.differs),
            "warnings": list(self.warnings),
            "notes": list(self.notes),
            "next_steps": list(self.next_steps),
            "threshold": self.threshold,
            "seeds": list(self.seeds),
            "groups": [as_dict.group(each) for each in self.groups],
            **as_dict.effects(self.effects),
            "plan": self.plan and as_dict.plan(self.plan, len(self.seeds)),
            "test_set": as_dict.of_test_set(self.test_images, accuracy),
            "mcnemar": self.mcnemar and self.mcnemar._asdict(),
            "curves": [each._asdict() for each in self.curves],
            "rates_searched": self.rates_searched,
            "searched": self.searched and self.searched.to_dict(),
            "gains": [as_dict.gain(each) for each in self.gains],
        }


def compare(
    data: Sequence[RunData],
    *,
    by: Sequence[str] | None = None,
    threshold: float = 0.97,
    problems: Sequence[str] = (),
) -> Comparison:
    """Compare runs, in groups that differ only in the seed, or in keys that are not ``by``.

    Runs whose learning rate was searched are compared apart from the others: which choice does
    best at one rate, and which at its own, are two questions. ``threshold`` is the validation
    accuracy whose reaching is timed; ``problems``, of runs that could not be read, come first
    among the warnings. RunError for no runs, or a key that no run has.
    """
    if not data:
        nothing = "there is no run to compare; `nnbasic train` and `nnbasic sweep` make some"
        raise RunError("\n".join([*problems, nothing]))
    fixed = [run for run in data if not searched(run)]
    others = [run for run in data if searched(run)]
    found = _compare(fixed or others, by, threshold, problems, search=bool(others))
    if not fixed or not others:
        return found
    second = _compare(others, by, threshold, (), search=True)
    shared = [seed for seed in found.seeds if seed in second.seeds]
    gained = gains(found.groups, second.groups, shared)
    return replace(found, searched=second, gains=gained)


def _compare(
    data: Sequence[RunData],
    by: Sequence[str] | None,
    threshold: float,
    problems: Sequence[str],
    *,
    search: bool,
) -> Comparison:
    """The comparison of runs whose rates all were searched, or none was.

    ``search``: whether there are any whose rate was.
    """
    grouping = group_runs(data, by)
    groups, seeds = stand(grouping, threshold)
    ranked = [group for group in groups if group.apart is None]
    crossed = crossing([group.key for group in ranked])
    found, planned = None, None
    if len(ranked) > 1:
        table = accuracies(ranked, seeds)
        ranking = rank(*table)
        groups[: len(ranked)] = _with_differences(ranked, ranking)
        found, planned = effects(*crossed, *table), plan(ranking.tested)
    sizes = (run.record.test_images for run in groups[0].counted)
    images = next(filter(None, sizes), None)
    test, problem = mcnemar(groups)
    return Comparison(
        verdict(groups, crossed, found, planned),
        grouping.same,
        grouping.differs,
        grouping.implied,
        grouping.columns,
        threshold,
        tuple(groups),
        tuple(seeds),
        found,
        planned,
        searched(data[0]),
        images,
        test,
        (*problems, *warnings(groups, grouping, seeds, crossed, found)),
        (
            *notes(groups, grouping, found, threshold, images),
            *filter(None, (test and str(test), problem)),
        ),
        tuple(next_steps(ranked, grouping.same, planned, search)),
        tuple(map(curve, data)) if len(data) == 2 else (),
    )


def _with_differences(ranked: Sequence[Group], ranking: Ranking) -> list[Group]:
    """The ``ranked`` groups with their differences from the first one."""
    rows = range(len(ranked))
    return [
        replace(
            ranked[row],
            difference=ranking.pairs.get((0, row)),
            letters=ranking.letters[row],
            may_be_best=ranking.may_be_best[row],
        )
        for row in rows
    ]
