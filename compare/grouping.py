"""Runs in groups of repetitions: what all runs have in common, and how the groups differ."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nnbasic.runs.choices import SEARCHED, Values, is_choice, shown, tell_apart, values
from nnbasic.runs.collection import RunData, Scalar
from nnbasic.runs.storage import RunError

TERMS = ("epochs", "data.validation", "dataset", "code")
"""What must be equal for a fair comparison; everything else is a choice to be compared."""

MANY = 4
"""A sentence names at most so many runs."""


@dataclass(frozen=True)
class Grouping:
    """Runs in groups; the keys are written as in a config: ``activation``, ``activation.slope``.

    ``differs``: keys that tell runs apart. ``implied``: keys that differ only because another
    does, as ``activation.slope`` where one activation has a slope. ``columns``: the keys that
    name the groups; ``mixed``: those that differ but do not. ``terms``: what the runs to be
    compared have for each of `TERMS`.
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
        of_run = values(run)
        return all(of_run[key] == value for key, value in self.terms.items())


def group_runs(runs: Sequence[RunData], by: Sequence[str] | None = None) -> Grouping:
    """Put ``runs``, oldest first, into groups that differ only in the seed, or in keys not ``by``.

    Runs that differ in one of `TERMS` are never in one group, nor are one whose learning rate was
    searched and one whose rate was not. RunError if no run has a key.
    """
    table = [values(run) for run in runs]
    same, differs, implied = tell_apart(table)
    columns = differs if by is None else _chosen(by, [*same, *differs, *implied], differs)
    groups: dict[tuple[tuple[str, Scalar], ...], list[RunData]] = {}
    for run, row in zip(runs, table, strict=True):
        row = {SEARCHED: False, **row}  # where some are searched, the others say that they are not
        name = tuple((key, row[key]) for key in columns if is_choice(key, row))
        groups.setdefault(name, []).append(run)
    # among equally frequent ones, those of the latest runs, which the user is working on
    terms = Counter(tuple(row[key] for key in TERMS) for row in reversed(table)).most_common(1)
    return Grouping(
        same,
        differs,
        implied,
        columns,
        tuple((dict(name), tuple(members)) for name, members in groups.items()),
        dict(zip(TERMS, terms[0][0], strict=True)),
    )


def label(key: Mapping[str, Scalar], short: Mapping[str, str]) -> str:
    """The name of a group, with the ``short`` forms of keys: ``activation=relu init=he``."""
    return " ".join(f"{short[k]}={shown(v)}" for k, v in key.items()) or "all runs"


def ids(runs: Iterable[RunData]) -> str:
    """The ids of ``runs``; of more than `MANY`, the first ones and the number of the others."""
    names = [run.run.id for run in runs]
    more = f" and {len(names) - MANY + 1} more" if len(names) > MANY else ""
    return ", ".join(names[: MANY - 1] if more else names) + more


def _chosen(by: Sequence[str], keys: Sequence[str], differs: Sequence[str]) -> tuple[str, ...]:
    """The keys that name the groups: those of ``by``, components with their hyperparameters."""
    chosen = [key.removesuffix(".name") for key in by]
    for key in chosen:
        if not any(_is_of(known, key) for known in keys):
            close = difflib.get_close_matches(key, keys, n=1)
            hint = f"did you mean {close[0]}?" if close else f"these differ: {', '.join(differs)}"
            raise RunError(f"no run has a key {key!r} to compare by; {hint}")
    named = [key for prefix in chosen for key in differs if _is_of(key, prefix)]
    terms = [key for key in differs if key in (*TERMS, SEARCHED)]
    return tuple(dict.fromkeys(named + terms))


def _is_of(key: str, prefix: str) -> bool:
    return key == prefix or key.startswith(prefix + ".")
