"""What a comparison showed, in a few plain sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from nnbasic.compare.advice import SEVERAL_SEEDS, ending, more_seeds, points
from nnbasic.compare.crossing import Crossing, name
from nnbasic.compare.factors import Cell, Effects, Factor, Interaction
from nnbasic.compare.measures import Group
from nnbasic.compare.planning import Plan
from nnbasic.compare.ranking import EXACT
from nnbasic.compare.significance import LEVEL

MOST_NAMES = 6
"""How many rows a sentence names."""

SURE = f"{100 * LEVEL:g} % sure"

SMALL = 0.01
"""A share of the variance that is hardly worth a choice, whether or not it is there."""

WORDS = {"lr": "learning rate"}


def verdict(
    groups: Sequence[Group],
    crossing: Crossing,
    effects: Effects | None,
    plan: Plan | None,
) -> tuple[str, ...]:
    """Sentences on ``groups``: the ranked ones first, best first; ``crossing`` is of these.

    What came out best and what may be as good; what is behind, and by how much; which choice
    matters most; whether one depends on another. Of a single seed nothing but that.
    """
    ranked = [group for group in groups if group.apart is None]
    apart = groups[len(ranked) :]
    if not ranked:
        return ("No row can be ranked.", *_apart(apart))
    if len(ranked) == 1:
        return (_alone(ranked[0], bool(apart)), *_apart(apart))
    if plan is None:
        return (_one_seed(ranked), *_apart(apart))
    return (
        _best(ranked),
        _behind(ranked, crossing, plan),
        *_shares(effects),
        *_apart(apart),
    )


def listed(names: Sequence[str]) -> str:
    """``a, b and c``; of many the first ones, and how many more."""
    if len(names) > MOST_NAMES:
        names = [*names[: MOST_NAMES - 1], f"{len(names) - MOST_NAMES + 1} more"]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def word(key: str) -> str:
    """What a key is called in a sentence: ``init``, ``learning rate``, ``batch size``."""
    last = key.rpartition(".")[2]
    return WORDS.get(last, last.replace("_", " "))


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _alone(group: Group, others: bool) -> str:
    mean = _mean(group)
    if others:
        return f"Only {name(group.key) if group.key else 'one row'} can be ranked{mean}."
    n = group.measures.val_accuracy.n
    return f"There is one row, of {n} seed{'s' * (n != 1)}{mean}, and nothing to compare it with."


def _one_seed(ranked: Sequence[Group]) -> str:
    return (
        f"{_first(ranked)}, but with one seed nothing can be said about chance: another one may"
        f" turn the order round.{ending(more_seeds(ranked, SEVERAL_SEEDS))}"
    )


def _first(ranked: Sequence[Group]) -> str:
    """What came out best, or the several that did."""
    level = [name(group.key) for group in ranked if _score(group) == _score(ranked[0])]
    came = "best" if len(ranked) > 2 else "better"
    if len(level) > 1:
        came = "level" if len(level) == len(ranked) else "best, and level"
    return f"{listed(level)} came out {came}{_mean(ranked[0])}"


def _best(ranked: Sequence[Group]) -> str:
    best = _first(ranked)
    behind = [group for group in ranked if not group.may_be_best]
    rivals = [
        name(group.key)
        for group in ranked
        if group.may_be_best and _score(group) != _score(ranked[0])
    ]
    if not rivals:
        if not behind:
            return f"{best}."
        if len(behind) < len(ranked) - 1:
            return f"{best}: the best is among these, {SURE}."
        is_best = "is the better one" if len(ranked) == 2 else "is the best"
        return f"{best}, and {is_best}, {SURE}."
    if not behind:
        others = "the other one" if len(ranked) == 2 else "each of the others"
        return f"{best}, but {others} may be as good."
    return (
        f"{best}, but {listed(rivals)} may be as good: the best is among these"
        f" {len(ranked) - len(behind)}, {SURE}."
    )


def _behind(ranked: Sequence[Group], crossing: Crossing, plan: Plan) -> str:
    """Which rows are behind, first the values of a choice that are so in each of their rows.

    If none is, how many seeds it takes.
    """
    rows = dict(zip(crossing.cells, ranked, strict=True))
    behind = {cell for cell, group in rows.items() if not group.may_be_best and _lower(group)}
    unsure = [group for group in ranked if not group.may_be_best and not _lower(group)]
    if not behind and not unsure:
        return _what_it_takes(plan, ranked[0].measures.val_accuracy.n)
    parts, told = list[str](), set[Cell]()
    for value, others, cells in max(_wholly(behind, crossing), key=len):
        worse = _by([rows[cell] for cell in cells])
        parts.append(f"{value} whatever the {listed(list(map(word, others)))}, {worse}")
        told |= cells
    rest = [group for cell, group in rows.items() if cell in behind - told]
    if rest:
        parts.append(f"{listed([name(group.key) for group in rest])}, {_by(rest)}")
    if unsure:
        names = listed([name(group.key) for group in unsure])
        parts.append(f"{names}, though how far cannot be told")
    return f"Behind: {'; '.join(parts)}."


def _lower(group: Group) -> bool:
    """Whether the whole interval of the difference from the first row is below 0."""
    ci95 = group.difference and group.difference.ci95
    return ci95 is not None and ci95[1] < 0


def _wholly(
    behind: Collection[Cell], crossing: Crossing
) -> Iterator[list[tuple[str, list[str], set[Cell]]]]:
    """For each choice the values all of whose rows are ``behind``, the other choices, the rows."""
    for axis, key in enumerate(crossing.keys):
        others = [each for each in crossing.varied if each != key]
        rows = {
            value: {cell for cell in crossing.cells if cell[axis] == value}
            for value in dict.fromkeys(cell[axis] for cell in crossing.cells)
        }
        yield [
            (value, others, cells)
            for value, cells in rows.items()
            if len(cells) > 1 and cells.issubset(behind)
        ]


def _by(groups: Sequence[Group]) -> str:
    """By how much ``groups`` are behind the first one, from the least to the most of them."""
    found = [group.difference.ci95 for group in groups if group.difference]
    intervals = [each for each in found if each is not None]
    least, most = -max(high for _, high in intervals), -min(low for low, _ in intervals)
    digits = 1 if most >= 0.01 else 2
    least_points, most_points = (f"{100 * max(each, 0):.{digits}f}" for each in (least, most))
    if float(least_points) == 0:
        return f"by up to {most_points} points"
    if least_points == most_points:
        return f"by {most_points} points"
    return f"by {least_points} to {most_points} points"


def _what_it_takes(plan: Plan, seeds: int) -> str:
    """Where no row is seen to be behind: what these seeds find, and how many find less."""
    more = "".join(f"; {n} would find {points(size)}" for size, n in plan.further(seeds)[:1])
    return (
        f"{seeds} seeds cannot tell the rows apart: they find a difference of"
        f" {points(plan.smallest(seeds))} 4 times in 5{more}."
    )


def _shares(effects: Effects | None) -> Iterator[str]:
    """How much each choice matters, and whether what one does depends on another."""
    if effects is None or effects.seeds is None:
        return
    parts: list[Factor | Interaction] = [*effects.factors, *effects.interactions]
    order = sorted(parts, key=lambda part: (not part.significant, -(part.share or 0)))
    first, *others = order
    rest = [_share(part, effects) for part in parts if part is not first]
    shares = ", ".join([*rest, f"seeds {percent(effects.seeds)}"])
    most = f"{percent(first.share or 0)} of the variance between these runs; {shares}."
    matter = "matters" if isinstance(first, Factor) else "matter"
    if first.significant:
        close = any(part.significant and _half(part, first) for part in others)
        degree = " most" if others and not close else ""
        yield f"The {_words(first)} {matter}{degree}: {most}"
    else:
        yield f"No choice is seen to matter: {_words(first)} {most}"
    for both in effects.interactions:
        what, on = map(word, both.keys)
        if both.significant:
            little = ", but little" if (both.share or 0) < SMALL else ""
            yield f"What the {what} does depends on the {on}{little}."
        elif len(effects.interactions) == 1:
            yield f"No sign that what the {what} does depends on the {on}."
    if effects.left_out:
        gone = listed([value for _, value in effects.left_out])
        yield f"These shares leave out {gone}, of which a combination is missing."


def _half(part: Factor | Interaction, of: Factor | Interaction) -> bool:
    """Whether ``part`` has so much of the variance that the other one does not stand out."""
    return 2 * (part.share or 0) > (of.share or 0)


def _words(part: Factor | Interaction) -> str:
    if isinstance(part, Factor):
        return word(part.key)
    return f"{' and '.join(map(word, part.keys))} together"


def _share(part: Factor | Interaction, effects: Effects) -> str:
    real = " (small, but real)" if part.significant and (part.share or 0) < SMALL else ""
    both = isinstance(part, Interaction) and len(effects.factors) == 2
    return f"{'both together' if both else _words(part)} {percent(part.share or 0)}{real}"


def _apart(apart: Sequence[Group]) -> Iterator[str]:
    """What keeps rows out of the ranking."""
    if apart:
        rows = "1 row stands" if len(apart) == 1 else f"{len(apart)} rows stand"
        reasons = dict.fromkeys(f"{name(group.key)} ({group.apart})" for group in apart)
        yield f"{rows} apart, unranked: {listed([*reasons])}."


def _mean(group: Group) -> str:
    mean = group.measures.val_accuracy.mean
    return "" if mean is None else f" ({100 * mean:.2f} %)"


def _score(group: Group) -> float:
    return round(group.measures.val_accuracy.mean or 0.0, EXACT)
