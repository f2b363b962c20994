"""What a comparison shows, in a few plain sentences."""

from collections.abc import Collection, Iterator, Sequence

from nnbasic.compare.factors import EXACT, Effects, Factor, Interaction
from nnbasic.compare.findings import Findings, by_value, crossing
from nnbasic.compare.grouping import ONLY, sorted_by
from nnbasic.compare.significance import Plan, significant
from nnbasic.compare.standing import LOST, PARTLY, RANKED, UNSTABLE, Row

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
    return (
        *_failures(found),
        *_unstable(found),
        *_ranking(found, command),
        *_decided(found),
        *_effects(found),
        *_apart(found),
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
    failures = [row for state in (LOST, PARTLY) for row in found.rows if row.state == state]
    alike = sorted_by(failures, lambda row: (outcome(row), row.failed, row.ended))
    parts, before = list[str](), ""
    for (how, failed, ended), rows in alike.items():
        verb = f"{how} " if how != before else ""
        unit = "" if parts else f" run{'s' * (ended > 1)}"
        be = "is" if len(rows) == 1 else "are"
        left_out = f", and {be} left out of means and tests" if failed < ended else ""
        parts.append(f"{_subject(rows)} {verb}in {failed} of {ended}{unit}{left_out}")
        before = how
    if parts:
        yield "; ".join(parts) + "."


def _unstable(found: Findings) -> Iterator[str]:
    for row in found.rows:
        if row.state == UNSTABLE:
            unstable = f"{_subject([row])} is unstable ({row.reason})"
            yield f"{unstable}, and is left out of means and tests."


def _ranking(found: Findings, command: str | None) -> Iterator[str]:
    """What is best, and what is worse."""
    ranked = found.ranked
    if len(ranked) < 2:
        yield from _alone(found)
        return
    best = ranked[0]
    if found.plan is None:
        level = [row for row in ranked if _score(row) == _score(best)]
        even = " (equal)" if len(level) > 1 else ""
        yield (
            f"Best: {_names(level)}, {_mean(best)}{even}; but one seed says nothing about chance,"
            f" another could reverse the order.{more(command)}"
        )
        return
    same = sorted_by(ranked, lambda row: tuple(row.scores[seed] for seed in found.seeds))
    for rows in same.values():
        if len(rows) > 1:  # as of a hyperparameter that does nothing
            mean = f" ({_mean(best)})" if len(same) == 1 else ""
            yield f"{_names(rows)} are identical in every seed{mean}."
    if worse := _behind(ranked):
        yield _best([row for row in ranked if row not in worse])
        yield _worse(found, worse)
    elif len(same) > 1:
        first, seeds = f"{best.name}, {_mean(best)}", len(found.seeds)
        yield f"No row differs significantly from the one with the best mean, {first}."
        yield detectable(found.plan, seeds, found.plan.further(seeds)[:1])


def _alone(found: Findings) -> Iterator[str]:
    """What there is to say of a single ranked row, or of none."""
    for row in found.ranked:
        seeds = f" over {row.val_accuracy.n} seeds" * (row.val_accuracy.n > 1)
        if len(found.rows) > 1:
            yield f"Best: {row.name}, {_mean(row)}, the only row that can be ranked."
        else:
            yield f"{_mean(row)}{seeds}. There is nothing to compare it with."
    if not found.ranked and any(row.state != LOST for row in found.rows):
        yield "No row can be ranked."


def _best(rows: Sequence[Row]) -> str:
    """The first of ``rows``, of which the others show no significant difference from it."""
    best, *peers = rows
    first = f"Best: {best.name}, {_mean(best)}."
    if not peers:
        return first
    show = "shows" if len(peers) == 1 else "show"
    rest = f"{show} no significant difference from it (group {best.letters})."
    return f"{first} {_names(peers)} {rest}"


def detectable(plan: Plan, seeds: int, further: Sequence[tuple[float, int]]) -> str:
    """What so many ``seeds`` detect, and how many of them detect the ``further`` differences."""
    smaller = "".join(f", {points(size)} with {n}" for size, n in further)
    smallest = points(plan.smallest(seeds))
    return f"Detectable with 80 % power: {smallest} with {seeds} seeds{smaller}."


def _behind(ranked: Sequence[Row]) -> list[Row]:
    """The rows that share no letter with the first."""
    return [row for row in ranked if not set(row.letters or "") & set(ranked[0].letters or "")]


def _worse(found: Findings, worse: Collection[Row]) -> str:
    """Which rows are worse, first the values of a choice that are so in each of their rows."""
    keys, _ = crossing(found.comparable)
    every: dict[str, dict[str, list[Row]]] = {}
    for key in keys:
        levels = by_value(found.comparable, key).items()
        every[key] = {
            value: own for value, own in levels if len(own) > 1 and all(row in worse for row in own)
        }
    key = max(every, key=lambda key: len(every[key]), default="")
    whole = every.get(key, {})
    others = " and ".join(word(other) for other in keys if other != key)
    parts = [f"{value} with every {others}, {_by(rows)}" for value, rows in whole.items()]
    rest = [row for row in worse if row.parts.get(key) not in whole]
    if rest:
        parts.append(f"{_names(rest)}, {_by(rest)}")
    return f"Worse: {'; '.join(parts)}."


def _by(rows: Sequence[Row]) -> str:
    """By how much ``rows`` are worse than the first, from the least to the most of them."""
    intervals = [row.difference.ci95 for row in rows if row.difference and row.difference.ci95]
    least, most = -max(high for _, high in intervals), -min(low for low, _ in intervals)
    digits = 1 if most >= 0.01 else 2
    ends = dict.fromkeys(f"{100 * max(end, 0):.{digits}f}" for end in (least, most))
    span = " to ".join(ends) if float(next(iter(ends))) else f"up to {[*ends][-1]}"
    return f"by {span} points"


def _decided(found: Findings) -> Iterator[str]:
    """The choices on which it depends whether a network trains at all."""
    for decided in found.decided:
        whom = f"With {listed(decided.values)}, the" if decided.values else "The"
        yield f"{whom} {word(decided.key)} decides whether a network trains at all."
    for key in crossing(found.comparable)[0]:
        levels = by_value(found.comparable, key)
        lost = [value for value, rows in levels.items() if all(row.state == LOST for row in rows)]
        rest = [row for value, rows in levels.items() if value not in lost for row in rows]
        clear = rest and all(row.ended and not row.failed for row in rest)
        if lost and clear and key not in {decided.key for decided in found.decided}:
            yield f"All runs with {word(key)} {listed(lost)} failed, and none of the others."


def _effects(found: Findings) -> Iterator[str]:
    """How large the effect of each choice is, and whether it depends on another."""
    effects = found.effects
    if effects is None or effects.seeds is None:
        return
    troubled = any(row.state != RANKED for row in found.comparable)
    factors = sorted(
        effects.factors, key=lambda each: (not significant(each.p), -(each.share or 0))
    )
    first, *others = factors
    unclear = bool(_behind(found.ranked)) and not significant(first.p)
    depends = [both for both in effects.interactions if significant(both.p)]
    shares = _shares(factors, effects)
    left_out = effects.left_out
    without = f" Without {listed(left_out)}, of which rows are left out." if left_out else ""
    if significant(first.p):
        own, rest = percent(first.share or 0), ", ".join(shares[1:])
        close = any(2 * (each.share or 0) > (first.share or 0) for each in others)
        kind = "the largest" if others and not close else "a significant"
        yield (
            f"The {word(first.key)} has {kind} effect ({own} of the variance between runs; {rest})."
            f"{without}"
        )
    elif depends:
        yield f"Of the variance between runs, {', '.join(shares)}.{without}"
    elif not troubled:  # what failed may be all that the choices do
        what = "No choice has a significant effect"
        if unclear:
            what = "No single choice is shown to be the reason"
        yield f"{what} (of the variance between runs: {', '.join(shares)}).{without}"
    for both in depends:
        what, on = map(word, both.keys)
        yield f"The effect of the {what} depends on the {on}."
    if len(effects.interactions) == 1 and not (depends or troubled or unclear):
        what, on = map(word, effects.interactions[0].keys)
        yield f"No interaction between {what} and {on} found."


def _shares(factors: Sequence[Factor], effects: Effects) -> list[str]:
    """``activation 95 %``, ``interaction 0 %``, ``seeds 4 %``."""
    both = "interaction of {} and {}" if len(factors) > 2 else "interaction"
    named: list[tuple[str, Factor | Interaction]] = [
        *((word(each.key), each) for each in factors),
        *((both.format(*map(word, each.keys)), each) for each in effects.interactions),
    ]
    shares = []
    for name, each in named:
        small = significant(each.p) and (each.share or 0) < SMALL
        shares.append(f"{name} {percent(each.share or 0)}{' (small but real)' * small}")
    return [*shares, f"seeds {percent(effects.seeds or 0)}"]


def _apart(found: Findings) -> Iterator[str]:
    """The rows that are not comparable, with the reasons."""
    apart = [row for row in found.rows if not row.comparable]
    reasons = sorted_by(apart, lambda row: row.reason)
    parts = [f"{_names(rows)} ({reason})" for reason, rows in reasons.items()]
    if parts:
        yield f"Listed separately, not comparable: {listed(parts)}."


def _names(rows: Sequence[Row]) -> str:
    return listed([row.name for row in rows])


def _subject(rows: Sequence[Row]) -> str:
    """The names of ``rows`` as a sentence begins with them."""
    names = _names(rows)
    return "The network" if names == ONLY else names


def _mean(row: Row) -> str:
    return f"{100 * _score(row):.2f} % {VALIDATION}"


def _score(row: Row) -> float:
    return round(row.val_accuracy.mean or 0.0, EXACT)
