"""Which runs repeat one another, what is the same in all, and what tells the rest apart."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nnbasic.training.choices import Scalar, Values, is_choice, shown, tell_apart
from nnbasic.training.collection import RunData
from nnbasic.training.storage import RunError

TERMS = ("epochs", "data.validation", "dataset", "code")
"""What must be equal for two runs to be compared fairly; all else is a choice to be compared."""

UNDECISIVE = (
    *("data.dataset", "data.directory", "data.name", "data.classes"),
    *("diagnostics", "plugins"),
)
"""What leaves the result of a run as it is: where its data were to be found, what was watched."""

MANY = 4
"""Above how many the ids of runs are abridged in a sentence."""


@dataclass(frozen=True)
class Grouping:
    """Runs in groups; the keys are written as in a config: ``activation``, ``activation.slope``.

    ``differs``: keys that tell comparable runs apart. ``implied``: keys that differ only because
    another does, as ``activation.slope`` where one activation has a slope. ``columns``: the keys
    that name the comparable groups; ``mixed``: those that differ but do not. ``terms``: what the
    runs to be compared have for each of `TERMS`. A group with other terms is named by all that
    tells any two runs apart.
    """

    same: Values
    differs: tuple[str, ...]
    implied: tuple[str, ...]
    columns: tuple[str, ...]
    groups: tuple[tuple[Values, tuple[RunData, ...]], ...]
    terms: Values

    @property
    def mixed(self) -> tuple[str, ...]:
        return tuple(key for key in self.differs if key not in self.columns)

    def comparable(self, run: RunData) -> bool:
        """Whether ``run`` has the terms that most runs have."""
        return _terms(run) == tuple(self.terms.values())


def decisive(run: RunData) -> Values:
    """What decides the result of ``run``, but for its seed."""
    return {key: value for key, value in run.values.items() if key not in UNDECISIVE}


def config(run: RunData) -> frozenset[tuple[str, Scalar]]:
    """What was chosen for ``run``: equal for its repetitions."""
    row = decisive(run)
    return frozenset(each for each in row.items() if is_choice(each[0], row))


def group_runs(runs: Sequence[RunData], by: Sequence[str] | None = None) -> Grouping:
    """Put ``runs``, oldest first, into groups that differ only in the seed, or in keys not ``by``.

    Runs that differ in one of `TERMS` are never in one group. RunError if no run has a key.
    """
    # of equally many, the terms of the latest: what the person is at work on
    (terms, _), *_ = Counter(map(_terms, reversed(runs))).most_common(1)
    table = {id(run): decisive(run) for run in runs}
    same, differs, implied = tell_apart([table[id(run)] for run in runs if _terms(run) == terms])
    everything = tell_apart([*table.values()])
    columns, others = differs, everything.differs
    if by is not None:
        keys = [*everything.same, *everything.differs, *everything.implied]
        columns, others = (_chosen(by, keys, each) for each in (differs, everything.differs))
    groups: dict[tuple[tuple[str, Scalar], ...], list[RunData]] = {}
    for run in runs:
        row, names = table[id(run)], columns if _terms(run) == terms else others
        name = tuple((key, row[key]) for key in names if is_choice(key, row))
        groups.setdefault(name, []).append(run)
    return Grouping(
        same,
        differs,
        implied,
        columns,
        tuple((dict(name), tuple(members)) for name, members in groups.items()),
        dict(zip(TERMS, terms, strict=True)),
    )


def searched(run: RunData) -> bool:
    """Whether a sweep searched for the learning rate of ``run``."""
    return run.record.rate_search is not None


def unlike_terms(run: RunData, terms: Values) -> str:
    """What ``run`` has instead of ``terms``: ``epochs 9 instead of 3``."""
    own = run.values
    unlike = [key for key in terms if own[key] != terms[key]]
    return ", ".join(f"{key} {shown(own[key])} instead of {shown(terms[key])}" for key in unlike)


def label(key: Mapping[str, Scalar], short: Mapping[str, str]) -> str:
    """The name of a group, with the ``short`` forms of keys: ``activation=relu init=he``."""
    return " ".join(f"{short[k]}={shown(v)}" for k, v in key.items()) or "all runs"


def ids(runs: Iterable[RunData]) -> str:
    """The ids of ``runs``, of many the first ones and how many more."""
    names = [run.run.id for run in runs]
    more = f" and {len(names) - MANY + 1} more" if len(names) > MANY else ""
    return ", ".join(names[: MANY - 1] if more else names) + more


def _chosen(by: Sequence[str], keys: Sequence[str], differs: Sequence[str]) -> tuple[str, ...]:
    """The keys that name groups ``by`` some, a component with its hyperparameters."""
    chosen = [key.removesuffix(".name") for key in by]
    for key in chosen:
        if not any(_is_of(known, key) for known in keys):
            close = difflib.get_close_matches(key, keys, n=1)
            hint = f"did you mean {close[0]}?" if close else f"these differ: {', '.join(differs)}"
            raise RunError(f"no run has a key {key!r} to compare by; {hint}")
    named = [key for prefix in chosen for key in differs if _is_of(key, prefix)]
    terms = [key for key in differs if key in TERMS]
    return tuple(dict.fromkeys(named + terms))


def _is_of(key: str, prefix: str) -> bool:
    return key == prefix or key.startswith(prefix + ".")


def _terms(run: RunData) -> tuple[Scalar, ...]:
    of_run = run.values
    return tuple(of_run[key] for key in TERMS)
