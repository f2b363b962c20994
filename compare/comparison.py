"""Runs side by side: everything that a table, a file or the report shows of a comparison."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from nnbasic.compare.advice import SEVERAL_SEEDS, more_seeds, next_steps, notes, warnings
from nnbasic.compare.course import inside, speed
from nnbasic.compare.findings import Findings, judge
from nnbasic.compare.grouping import config, group_runs, searched, sorted_by
from nnbasic.compare.significance import (
    DIFFERENCES,
    POWER,
    Contrast,
    Differences,
    Plan,
    moderated_t,
)
from nnbasic.compare.standing import Row, accuracies, rows_of
from nnbasic.compare.two import McNemar, mcnemar, two_runs
from nnbasic.compare.verdict import verdict
from nnbasic.training.choices import RATE, SEARCHED, Scalar, Values, shown
from nnbasic.training.collection import RunData
from nnbasic.training.storage import RunError

WRITTEN = (
    *("verdict", "same", "differs", "warnings", "notes", "next_steps", "threshold", "seeds"),
    *("mcnemar", "rates_searched"),
)
"""What JSON has of a comparison as it is."""

DIFFERENCE = {
    "difference": "mean",
    "difference_ci95": "ci95",
    "p": "p",
    "p_uncorrected": "p_uncorrected",
}
"""What is written of a `Contrast`, under which names."""


@dataclass(frozen=True)
class Comparison(Findings):
    """A table of rows, what the tests show, and the sentences on it.

    ``verdict`` says the `Findings` in a few sentences. ``same``, ``differs`` and ``implied`` say
    what the runs have in common and what not (see `nnbasic.training.choices.Choices`).
    ``rates_searched``: whether each row has a learning rate that a search chose for it.
    ``warnings`` say what weakens the comparison, ``notes`` how to read it, ``next_steps`` what to
    do. ``mcnemar`` is of two runs.
    """

    verdict: tuple[str, ...]
    same: Values
    differs: tuple[str, ...]
    implied: tuple[str, ...]
    threshold: float
    rates_searched: bool
    mcnemar: McNemar | None
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    next_steps: tuple[str, ...]

    @property
    def differences(self) -> dict[str, Contrast]:
        """The difference of each ranked row from the first, by name."""
        return {row.name: row.difference for row in self.rows if row.difference}

    def to_dict(self) -> dict[str, Any]:
        """The comparison as strict JSON can hold it; shares are between 0 and 1."""
        effects, first = self.effects, self.rows[0]
        runs = [run for row in self.rows for run in row.runs]
        test_set = {"images": first.test_images, "standard_error": first.test_error}
        content: dict[str, Any] = plain({name: getattr(self, name) for name in WRITTEN})
        return content | {
            "runs": len(runs),
            "groups": list(map(row_content, self.rows)),
            "test_set": None if first.test_error is None else test_set,
            "curves": list(map(curve, runs)) if len(runs) == 2 else [],
            "factors": plain(effects.factors if effects else []),
            "interactions": plain(effects.interactions if effects else []),
            "seeds_share": effects and effects.seeds,
            "decides": plain(self.decided),
            "plan": self.plan and plan_content(self.plan, len(self.seeds)),
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """A flat dict for each row, as ``pandas.DataFrame`` takes them and CSV has them."""
        return list(map(flat_row, self.rows))


class Gain(NamedTuple):
    """The ``difference`` for ``row`` of the learning rate ``searched`` from the one ``given``."""

    row: str
    given: Scalar
    searched: Scalar
    difference: Contrast


class Comparisons(NamedTuple):
    """Two questions are two comparisons: at ``searched`` learning rates, and at ``given`` ones.

    The searched one, which is the fairer, is first. ``gains`` is what the search did for each row
    that is in both.
    """

    first: Comparison
    second: Comparison | None = None
    gains: tuple[Gain, ...] = ()

    @property
    def parts(self) -> list[Comparison]:
        return [self.first] if self.second is None else [self.first, self.second]

    def to_dict(self) -> dict[str, Any]:
        """The first comparison as JSON, with the second under ``given`` and the ``gains``."""
        second = self.second and self.second.to_dict()
        return self.first.to_dict() | {"given": second, "gains": plain(self.gains)}


def compare_all(
    data: Sequence[RunData],
    *,
    by: Sequence[str] | None = None,
    threshold: float = 0.97,
    problems: Sequence[str] = (),
) -> Comparisons:
    """Compare runs; those whose learning rate was searched apart from the others.

    Options and errors are those of `compare`.
    """
    kinds = [[run for run in data if searched(run) is kind] for kind in (True, False)]
    if not all(kinds):
        return Comparisons(compare(data, by=by, threshold=threshold, problems=problems))
    first = compare(kinds[0], by=by, threshold=threshold, problems=problems)
    second = compare(kinds[1], by=by, threshold=threshold, search=False)
    return Comparisons(first, second, _gains(second, first))


def compare(
    data: Sequence[RunData],
    *,
    by: Sequence[str] | None = None,
    threshold: float = 0.97,
    problems: Sequence[str] = (),
    search: bool = True,
) -> Comparison:
    """Compare runs, the repetitions of each, which differ only in the seed, in one row.

    ``by`` are the keys that name the rows, if not all that differ. ``threshold`` is the validation
    accuracy whose reaching is timed; ``problems``, of runs that could not be read, come first among
    the warnings; ``search``: whether to advise a search for learning rates. RunError for no runs,
    for runs of which some rates were searched and some not (see `compare_all`), or if ``by`` names
    a key that no run has, or puts runs of different configs into one row.
    """
    if not data:
        nothing = "there is no run to compare; `nnbasic train` and `nnbasic sweep` make some"
        raise RunError("\n".join([*problems, nothing]))
    if len({searched(run) for run in data}) > 1:
        raise RunError(
            "some learning rates were searched and some given, which are two comparisons"
        )
    choices, groups = group_runs(data, by)
    found = judge(list(rows_of(groups, threshold)))
    test = mcnemar(data) if len(data) == 2 else None
    rows = found.comparable if test is None else found.rows
    command = more_seeds(rows, SEVERAL_SEEDS) if len(found.seeds) < 2 else None
    if test is not None and len(found.rows) == 2:
        said = (*two_runs(found.rows, choices, test, command), *inside(found))
    else:
        said = (*verdict(found, command), *inside(found), *speed(found, threshold))
    return Comparison(
        **vars(found),
        **choices._asdict(),
        verdict=said,
        threshold=threshold,
        rates_searched=searched(data[0]),
        mcnemar=test if isinstance(test, McNemar) else None,
        warnings=(*problems, *warnings(found, choices.differs)),
        notes=(*notes(found, choices.same, threshold), *([test] if isinstance(test, str) else [])),
        next_steps=tuple(next_steps(found, choices.same, not search or searched(data[0]))),
    )


def _gains(given: Comparison, searched: Comparison) -> tuple[Gain, ...]:
    """The gain of each choice that has a ranked row in both, over the seeds that both have."""
    seeds = [seed for seed in given.seeds if seed in searched.seeds]
    before, after = (_by_choice(each.ranked) for each in (given, searched))
    both = [choice for choice in before if choice in after]
    if not both or not seeds:
        return ()
    old, new = ([rows[choice] for choice in both] for rows in (before, after))
    (old_shares, old_floor), (new_shares, new_floor) = (accuracies(r, seeds) for r in (old, new))
    gained = Differences(new_shares - old_shares, old_floor + new_floor, len(both))
    (tested,) = moderated_t(gained)
    return tuple(
        Gain(a.name, a.counted[0].values.get(RATE), b.counted[0].values.get(RATE), contrast)
        for a, b, contrast in zip(old, new, tested.contrasts, strict=True)
    )


def _by_choice(rows: Sequence[Row]) -> dict[object, Row]:
    """``rows`` by all that decides their results but the rate; each choice once."""

    def choice(row: Row) -> object:
        chosen = config(row.counted[0])
        return frozenset(each for each in chosen if each[0] not in (RATE, SEARCHED))

    return {key: same[0] for key, same in sorted_by(rows, choice).items() if len(same) == 1}


def plain(value: Any) -> Any:
    """``value`` with dicts for named tuples and lists for other ones.

    A ``difference`` is spread over the dict that has it; the first of several has none.
    """
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, (tuple, list)):
        return list(map(plain, value))
    if not isinstance(value, dict):
        return value
    content: dict[str, Any] = {}
    for key, each in value.items():
        if key == "difference":
            content |= {name: plain(getattr(each, own, None)) for name, own in DIFFERENCE.items()}
        else:
            content[key] = plain(each)
    return content


def row_content(row: Row) -> dict[str, Any]:
    content = {
        "key": row.key,
        "label": row.name,
        "runs": [run.run.id for run in row.runs],
        "n": len(row.runs),
        "failed": row.failed,
        "statuses": row.statuses,
        "comparable": row.comparable,
        "apart": row.reason or None,
        "val_accuracy": row.val_accuracy,
        "lowest": min(row.scores.values(), default=None),
        "highest": max(row.scores.values(), default=None),
        "difference": row.difference,
        "letters": row.letters,
    }
    found: dict[str, Any] = plain(content | (row.measures._asdict() if row.measures else {}))
    return found


def curve(run: RunData) -> dict[str, Any]:
    """The validation accuracy after each epoch, None where it is not known."""
    return {"run": run.run.id, "val_accuracy": [row.val_accuracy for row in run.metrics]}


def plan_content(plan: Plan, seeds: int) -> dict[str, Any]:
    """What so many ``seeds`` detect, and how many it takes to detect less."""
    needed = [{"difference": each, "seeds": plan.seeds(each)} for each in DIFFERENCES]
    return {"power": POWER, "smallest_difference": plan.smallest(seeds), "seeds": needed}


def flat_row(row: Row) -> dict[str, Any]:
    """A row without mappings and lists; unknown figures are None."""
    content = row_content(row)
    del content["key"]
    return {key: shown(value) for key, value in row.key.items()} | dict(_flat(content))


def _flat(content: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in content.items():
        if name == "statuses":
            yield f"{prefix}{name}", " ".join(f"{n} {status}" for status, n in value.items())
        elif isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}_")
        elif name.endswith("ci95"):
            low, high = value or (None, None)
            yield f"{prefix}{name}_low", low
            yield f"{prefix}{name}_high", high
        elif isinstance(value, list):
            yield f"{prefix}{name}", " ".join(map(str, value))
        else:
            yield f"{prefix}{name}", value
