"""Which runs repeat one another, what all have in common, and how the others are named."""

import difflib
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from nnbasic.model import ACTIVATIONS
from nnbasic.model.registry import default
from nnbasic.training.choices import Choices, Scalar, Values, headings, is_choice, shown, tell_apart
from nnbasic.training.collection import RunData
from nnbasic.training.storage import RunError

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)

TERMS = ("data.validation", "dataset", "code")
"""What must be equal for a fair comparison of two runs; all else is a choice to be compared."""

UNVALIDATED = "nothing held out for validation"
"""Why runs on all training images are not comparable: nothing ranks them."""

EPOCHS = "epochs"
USUAL = 2 / 3
"""If more than this part of the runs have one number of epochs, the others are not comparable;
otherwise the number of epochs is a choice like any other."""

UNDECISIVE = (
    *("data.dataset", "data.directory", "data.name", "data.classes"),
    *("diagnostics", "plugins"),
)
"""What does not change the result of a run: where its data were found, what was recorded."""

COMPONENTS = ("activation", "init", "optimizer", "schedule", "loss")
"""Keys whose values are well-known names, and stand alone in the name of a row."""

ONLY = "the network"
"""The name of the only row, be it one run or several, with nothing to tell it from others by."""

MANY = 4
"""Above how many ids of runs a sentence abridges them."""


def decisive(run: RunData) -> Values:
    """What decides the result of ``run``, but for its seed."""
    return {key: value for key, value in run.values.items() if key not in UNDECISIVE}


def config(run: RunData) -> frozenset[tuple[str, Scalar]]:
    """What was chosen for ``run``: equal for its repetitions."""
    row = decisive(run)
    return frozenset(each for each in row.items() if is_choice(each[0], row))


def searched(run: RunData) -> bool:
    """Whether a sweep searched for the learning rate of ``run``."""
    return run.record.rate_search is not None


def group_runs(
    runs: Sequence[RunData], by: Sequence[str] | None = None
) -> tuple[Choices, list[tuple[Values, list[RunData], str]]]:
    """What tells the comparable ``runs`` apart, and all of them, oldest first, in groups.

    A group is of runs that differ in the seed alone: the keys that tell it from others, as in a
    config (``activation.slope``), and their values, the runs, and what they have instead of the
    usual `TERMS` (``epochs 9 instead of 3``), empty if they are comparable. The keys are those of
    ``by``, by default all that differ. Of two runs everything may differ. RunError if no run has a
    key, or the keys would put runs of different configs into one group.
    """
    terms = _usual_terms(runs)
    table = [(run, decisive(run), _unlike(run, terms)) for run in runs]
    choices = tell_apart([row for _, row, unlike in table if not unlike])
    every = tell_apart([row for _, row, _ in table])
    keys = [*every.same, *every.differs, *every.implied]
    named, others = (_chosen(by, keys, own) for own in (choices.differs, every.differs))
    groups: dict[tuple[tuple[str, Scalar], ...], tuple[list[RunData], str]] = {}
    for run, row, unlike in table:
        names = others if unlike else named
        if by is None:
            names = (*names, *(key for key in choices.implied if key in row and _was_set(key, row)))
        name = tuple((key, row[key]) for key in names if is_choice(key, row))
        groups.setdefault(name, ([], unlike))[0].append(run)
    if by is not None:
        _refuse_mixtures([own for own, _ in groups.values()], choices.differs)
    return choices, [(dict(name), own, unlike) for name, (own, unlike) in groups.items()]


def parts(keys: Sequence[Values]) -> list[dict[str, str]]:
    """Factor → value as a table shows it, of each row named by one of ``keys``.

    A factor is a key that all rows have; another one belongs to its component. So where only some
    activations have a slope, ``leaky_relu slope=0.2`` is one value.
    """
    every = list(dict.fromkeys(key for row in keys for key in row))
    factor = {
        key: key if all(key in row for row in keys) else key.rpartition(".")[0] or key
        for key in every
    }
    short = headings(every)
    found = []
    for row in keys:
        cell = dict.fromkeys(factor.values(), "")
        for key, value in row.items():
            text = shown(value) if factor[key] == key else f"{short[key]}={shown(value)}"
            cell[factor[key]] = f"{cell[factor[key]]} {text}".strip()
        found.append(cell)
    return found


def words(row: dict[str, str]) -> dict[str, str]:
    """The `parts` of a row as words that stand alone: ``relu``, ``lr=0.1``; only those it has."""
    short = headings(row)
    return {
        factor: text if factor in COMPONENTS or "=" in text else f"{short[factor]}={text}"
        for factor, text in row.items()
        if text
    }


def name(row: dict[str, str]) -> str:
    """The name of a row with these `parts`: ``relu/he``, ``relu/lr=0.1``."""
    return "/".join(words(row).values()) or ONLY


def sorted_by(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """``items`` by what ``key`` says of each, in the order in which that first occurs."""
    found: dict[Key, list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def ids(runs: Iterable[RunData]) -> str:
    """The ids of ``runs``, of many the first ones and how many more."""
    names = [run.run.id for run in runs]
    more = f" and {len(names) - MANY + 1} more" if len(names) > MANY else ""
    return ", ".join(names[: MANY - 1] if more else names) + more


def _usual_terms(runs: Sequence[RunData]) -> Values:
    """The terms that most of ``runs`` have; of equally many, those of the latest."""
    if len(runs) == 2:
        return {}
    own = [run.values for run in reversed(runs) if run.record.val_images]
    own = own or [run.values for run in reversed(runs)]
    (usual, _), *_ = Counter(tuple(row[key] for key in TERMS) for row in own).most_common(1)
    terms = dict(zip(TERMS, usual, strict=True))
    epochs, often = Counter(row[EPOCHS] for row in own).most_common(1)[0]
    return {EPOCHS: epochs, **terms} if often > USUAL * len(own) else terms


def _unlike(run: RunData, terms: Values) -> str:
    if terms.get("data.validation") and not run.record.val_images:
        return UNVALIDATED
    return ", ".join(
        f"{key} {shown(run.values[key])} instead of {shown(usual)}"
        for key, usual in terms.items()
        if run.values[key] != usual
    )


def _chosen(
    by: Sequence[str] | None, keys: Sequence[str], differs: Sequence[str]
) -> tuple[str, ...]:
    """The keys of ``differs`` that are meant ``by`` some: keys, components or column headings."""
    if by is None:
        return tuple(differs)
    short, chosen = headings(keys), list[str]()
    for text in by:
        name = text.removesuffix(".name")
        meant = [key for key in keys if key == name or key.startswith(name + ".")]
        meant = meant or [key for key in keys if short[key] == name]
        if not meant:
            close = difflib.get_close_matches(name, keys, n=1)
            hint = f"did you mean {close[0]}?" if close else f"these differ: {', '.join(differs)}"
            raise RunError(f"no run has a key {name!r} to compare by; {hint}")
        chosen += [key for key in meant if key in differs]
    return tuple(dict.fromkeys([*chosen, *(key for key in differs if key in (EPOCHS, *TERMS))]))


def _refuse_mixtures(groups: Iterable[Sequence[RunData]], differs: Sequence[str]) -> None:
    for runs in groups:
        rows = list(map(decisive, runs))
        mixed = [key for key in differs if len({row.get(key) for row in rows}) > 1]
        if mixed:
            raise RunError(
                f"--by would average over runs with different {' and '.join(mixed)} in one row;"
                f" add {'it' if len(mixed) == 1 else 'them'} to --by, or select fewer runs. (The"
                " effect of each choice, averaged over the others, is part of every comparison.)"
            )


def _was_set(key: str, row: Values) -> bool:
    """Whether ``key`` is a hyperparameter of an activation with another value than its default."""
    component, _, own = key.rpartition(".")
    activation = row.get(component)
    if component != "activation" or activation not in list(ACTIVATIONS):
        return False
    chosen = ACTIVATIONS[str(activation)]
    known = own in getattr(chosen, "__dataclass_fields__", ())
    return known and row[key] != default(chosen, own)
