"""What a comparison shows, in a few plain sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from nnbasic.compare.factors import EXACT, Effects, Factor, Interaction
from nnbasic.compare.failures import Cell
from nnbasic.compare.findings import Findings, crossing
from nnbasic.compare.planning import Plan
from nnbasic.compare.standing import LOST, RANKED, UNSTABLE, Row

MOST_NAMES = 6
"""How many rows a sentence names."""

SMALL = 0.01
"""A share of the variance that is hardly worth a choice, even if it is real."""

WORDS = {"lr": "learning rate"}

VALIDATION = "validation accuracy"


def verdict(found: Findings, command: str | None = None) -> tuple[str, ...]:
    """Sentences on the rows of ``found``.

    What failed; what is best, what shows no significant difference from it, and what is worse, and
    by how much; which choice decides whether runs train; which has the largest effect, and whether
    it depends on another. ``command`` is the one that trains more seeds.
    """
    sentences = [
        *_failures(found),
        *_unstable(found),
        *_ranking(found, command),
        *_decided(found),
        *_effects(found),
        *_apart(found),
    ]
    return tuple(sentences)


def listed(names: Sequence[str], most: int = MOST_NAMES) -> str:
    """``a, b and c``; of many the first ones, and how many more."""
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def word(key: str) -> str:
    """What a key is called in a sentence: ``init``, ``learning rate``, ``batch size``."""
    last = key.rpartition(".")[2]
    return WORDS.get(last, last.replace("_", " "))


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def points(share: float) -> str:
    """``0.5 points``: a difference of shares, to the digits that a plan can be sure of."""
    number = f"{float(f'{100 * min(share, 1):.2g}'):g}"
    return f"{number} point{'s' * (number != '1')}"


def more(command: str | None) -> str:
    """The end of a sentence that gives ``command``, if there is one."""
    return "" if command is None else f" More seeds: `{command}`"


def outcome(row: Row) -> str:
    """How the failed runs of ``row`` failed."""
    if not row.diverged:
        return "learned nothing"
    return "failed" if row.collapsed else "diverged"


def _failures(found: Findings) -> Iterator[str]:
    """``a and b learned nothing in 4 of 4 runs; c in 2 of 4, and is left out of …``"""
    groups: dict[tuple[str, int, int], list[Row]] = {}
    for row in found.failures:
        groups.setdefault((outcome(row), row.failed, row.ended), []).append(row)
    parts: list[str] = []
    before, runs = "", True
    for (how, failed, ended), rows in groups.items():
        verb = f"{how} " if how != before else ""
        left_out = ""
        if failed < ended:
            verb_left = "is" if len(rows) == 1 else "are"
            left_out = f", and {verb_left} left out of means and tests"
        unit = f" run{'s' * (ended > 1)}" if runs else ""
        names = listed([row.name for row in rows])
        parts.append(f"{names} {verb}in {failed} of {ended}{unit}{left_out}")
        before, runs = how, False
    if parts:
        yield "; ".join(parts) + "."


def _unstable(found: Findings) -> Iterator[str]:
    for row in found.rows:
        if row.state == UNSTABLE:
            yield (f"{row.name} is unstable ({row.reason}), and is left out of means and tests.")


def _ranking(found: Findings, command: str | None) -> Iterator[str]:
    """What is best, and what is worse."""
    ranked = found.ranked
    if not ranked:
        if not all(row.state == LOST for row in found.rows):
            yield "No row can be ranked."
        return
    best = ranked[0]
    if len(ranked) == 1:
        yield _alone(best, others=len(found.rows) > 1)
    elif found.plan is None:
        level = [row.name for row in ranked if _score(row) == _score(best)]
        even = " (equal)" if len(level) > 1 else ""
        yield (
            f"Best: {listed(level)}, {_mean(best)}{even}; but one seed says nothing about chance,"
            f" another could reverse the order.{more(command)}"
        )
    else:
        yield from _identical(ranked, found)
        worse = [row for row in ranked if not set(row.letters or "") & set(best.letters or "")]
        if worse:
            yield _best(ranked, worse)
            yield _worse(found, worse)
        elif len({_scores(row, found) for row in ranked}) > 1:
            yield from _no_difference(ranked, found.plan, len(found.seeds))


def _alone(row: Row, *, others: bool) -> str:
    if others:
        return f"Best: {row.name}, {_mean(row)}, the only row that can be ranked."
    n = row.val_accuracy.n
    name = f", {row.name}" if row.key else ""
    runs = f"One row{name}, {n} seeds" if n > 1 else f"One run{name}"
    return f"{runs}: {_mean(row)}. There is nothing to compare it with."


def _scores(row: Row, found: Findings) -> tuple[float, ...]:
    return tuple(row.scores[seed] for seed in found.seeds)


def _identical(ranked: Sequence[Row], found: Findings) -> Iterator[str]:
    """Rows with the same accuracy in every seed, as of a hyperparameter that does nothing."""
    same: dict[tuple[float, ...], list[str]] = {}
    for row in ranked:
        same.setdefault(_scores(row, found), []).append(row.name)
    for names in same.values():
        if len(names) > 1:
            mean = f" ({_mean(ranked[0])})" if len(same) == 1 else ""
            yield f"{listed(names)} are identical in every seed{mean}."


def _best(ranked: Sequence[Row], worse: Collection[Row]) -> str:
    best, *peers = (row for row in ranked if row not in worse)
    first = f"{'Better' if len(ranked) == 2 else 'Best'}: {best.name}, {_mean(best)}."
    if not peers:
        return first
    verb = "shows" if len(peers) == 1 else "show"
    names = listed([row.name for row in peers])
    return f"{first} {names} {verb} no significant difference from it (group {best.letters})."


def _no_difference(ranked: Sequence[Row], plan: Plan, seeds: int) -> Iterator[str]:
    """No row is worse than the first, so what so many seeds detect."""
    best = ranked[0]
    if len(ranked) == 2:
        means = " and ".join(f"{100 * _score(row):.2f}" for row in ranked)
        names = " and ".join(row.name for row in ranked)
        yield f"No significant difference between {names} ({means} % {VALIDATION})."
    else:
        yield (
            f"No row differs significantly from the one with the best mean, {best.name},"
            f" {_mean(best)}."
        )
    further = "".join(f"; {n} seeds detect {points(size)}" for size, n in plan.further(seeds)[:1])
    smallest = points(plan.smallest(seeds))
    yield f"{seeds} seeds detect a difference of {smallest} with 80 % power{further}."


def _worse(found: Findings, worse: Collection[Row]) -> str:
    """Which rows are worse, first the values of a choice that are so in each of their rows."""
    keys, cells = crossing(found.comparable)
    rows = dict(zip(cells, found.comparable, strict=True))
    bad = {cell for cell, row in rows.items() if row in worse}
    parts, named = list[str](), set[Cell]()
    for value, axis, members in max(_wholly(bad, cells, len(keys)), key=len, default=[]):
        others = [word(key) for place, key in enumerate(keys) if place != axis]
        whole = f"{value} with every {' and '.join(others)}"
        parts.append(f"{whole}, {_by([rows[cell] for cell in members])}")
        named |= set(members)
    rest = [row for cell, row in rows.items() if cell in bad - named]
    if rest:
        parts.append(f"{listed([row.name for row in rest])}, {_by(rest)}")
    return f"Worse: {'; '.join(parts)}."


def _wholly(
    bad: Collection[Cell], cells: Sequence[Cell], axes: int
) -> Iterator[list[tuple[str, int, list[Cell]]]]:
    """For each choice the values all of whose rows are ``bad``: value, axis and these rows."""
    for axis in range(axes):
        members: dict[str, list[Cell]] = {}
        for cell in cells:
            members.setdefault(cell[axis], []).append(cell)
        yield [
            (value, axis, own)
            for value, own in members.items()
            if len(own) > 1 and bad.issuperset(own)  # type: ignore[attr-defined]
        ]


def _by(rows: Sequence[Row]) -> str:
    """By how much ``rows`` are worse than the first, from the least to the most of them."""
    intervals = [row.difference.ci95 for row in rows if row.difference and row.difference.ci95]
    least, most = -max(high for _, high in intervals), -min(low for low, _ in intervals)
    digits = 1 if most >= 0.01 else 2
    least_points, most_points = (f"{100 * max(end, 0):.{digits}f}" for end in (least, most))
    if float(least_points) == 0:
        return f"by up to {most_points} points"
    if least_points == most_points:
        return f"by {most_points} points"
    return f"by {least_points} to {most_points} points"


def _decided(found: Findings) -> Iterator[str]:
    """The choices on which it depends whether a network trains at all."""
    for decided in found.decided:
        whom = f"With {listed(decided.values)}, the" if decided.values else "The"
        yield f"{whom} {word(decided.key)} decides whether a network trains at all."
    keys, cells = crossing(found.comparable)
    for axis, key in enumerate(keys):
        levels: dict[str, set[float]] = {}
        for cell, row in zip(cells, found.comparable, strict=True):
            levels.setdefault(cell[axis], set()).add(row.failed / row.ended if row.ended else 0.5)
        lost = [value for value, shares in levels.items() if shares == {1.0}]
        clear = len(lost) < len(levels) and all(each in ({0.0}, {1.0}) for each in levels.values())
        if lost and clear and key not in {decided.key for decided in found.decided}:
            yield f"All runs with {word(key)} {listed(lost)} failed, and none of the others."


def _effects(found: Findings) -> Iterator[str]:
    """How large the effect of each choice is, and whether it depends on another."""
    effects = found.effects
    if effects is None or effects.seeds is None:
        return
    troubled = any(row.state != RANKED for row in found.comparable)
    factors = sorted(effects.factors, key=lambda each: (not each.significant, -(each.share or 0)))
    depends = [both for both in effects.interactions if both.significant]
    without = ""
    if effects.left_out:
        without = f" Without {listed(effects.left_out)}, of which rows are left out."
    if factors[0].significant or depends:
        yield _shares(factors, effects) + without
    elif not troubled:  # what failed may be all that the choices do
        shares = ", ".join(_parts(factors, effects))
        yield f"No choice has a significant effect (of the variance between runs: {shares})."
    for both in depends:
        what, on = map(word, both.keys)
        little = ", but little" if (both.share or 0) < SMALL else ""
        yield f"The effect of the {what} depends on the {on}{little}."
    if len(effects.interactions) == 1 and not depends and not troubled:
        what, on = map(word, effects.interactions[0].keys)
        yield f"No interaction between {what} and {on} found."


def _shares(factors: Sequence[Factor], effects: Effects) -> str:
    """What part of the variance each of ``factors`` explains, the most important one first."""
    first, *others = factors
    parts = _parts(factors, effects)
    if not first.significant:
        return f"Of the variance between runs, {', '.join(parts)}."
    close = any(each.significant and 2 * (each.share or 0) > (first.share or 0) for each in others)
    kind = "the largest effect" if others and not close else "a significant effect"
    share = f"{percent(first.share or 0)} of the variance between runs"
    return f"The {word(first.key)} has {kind} ({share}; {', '.join(parts[1:])})."


def _parts(factors: Sequence[Factor], effects: Effects) -> list[str]:
    """``activation 95 %``, ``interaction 0 %``, ``seeds 4 %``."""
    two = len(factors) == 2
    every: list[Factor | Interaction] = [*factors, *effects.interactions]
    return [*(_share(part, two) for part in every), f"seeds {percent(effects.seeds or 0)}"]


def _share(part: Factor | Interaction, two: bool) -> str:
    real = " (small but real)" if part.significant and (part.share or 0) < SMALL else ""
    return f"{_name(part, two)} {percent(part.share or 0)}{real}"


def _name(part: Factor | Interaction, two: bool) -> str:
    if isinstance(part, Factor):
        return word(part.key)
    return "interaction" if two else f"interaction of {' and '.join(map(word, part.keys))}"


def _apart(found: Findings) -> Iterator[str]:
    """The rows that are not comparable, with the reasons."""
    reasons: dict[str, list[str]] = {}
    for row in found.rows:
        if not row.comparable:
            reasons.setdefault(row.reason, []).append(row.name)
    parts = [f"{listed(names)} ({reason})" for reason, names in reasons.items()]
    if parts:
        yield f"Listed separately, not comparable: {listed(parts)}."


def _mean(row: Row) -> str:
    return f"{100 * _score(row):.2f} % {VALIDATION}"


def _score(row: Row) -> float:
    return round(row.val_accuracy.mean or 0.0, EXACT)
