"""Choosing and ordering runs by what is known about them: ``activation=relu``, ``seconds<60``."""

import difflib
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeGuard

from nnbasic.configs.errors import ConfigError
from nnbasic.configs.text import Document
from nnbasic.training.choices import Scalar, flatten
from nnbasic.training.collection import RunData
from nnbasic.training.storage import RunError

Facts = dict[str, Scalar | list[str]]

ABSENT: list[str] = []
"""Stands for a key that a run does not have, which is not the same as null."""

_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def facts(data: RunData) -> Facts:
    """What a condition may ask of a run: the keys of its config, and figures of its record.

    ``tag`` and ``sweep`` are lists of words, ``epoch`` the epochs done, ``val_accuracy`` that
    of the best epoch. Accuracies are in percent, to the hundredth, as they are shown.
    """
    record = data.record
    return {
        **data.values,
        "name": data.user.name,
        "status": data.status,
        "tag": data.user.tags,
        "sweep": data.user.sweeps,
        "dataset": record.dataset,
        "seed": data.seed,
        "epoch": record.epoch,
        "seconds": record.seconds,
        "val_accuracy": _percent(record.val_accuracy),
        "test_accuracy": _percent(record.test_accuracy),
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)


def _condition(text: str) -> tuple[str, Callable[[Scalar | list[str]], bool]]:
    """The key in a condition such as ``seconds<60``, and whether what a run has there fulfils it.

    RunError if ``text`` is none.
    """
    match = re.fullmatch(r"\s*([\w.]+)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*", text, re.DOTALL)
    if not match:
        raise RunError(
            f"{text!r} is no condition: give KEY=VALUE, or one of"
            " != < <= > >= instead of =, as in activation=relu or 'val_accuracy>97'"
        )
    key, sign, written = match.groups()
    accuracy = key.endswith("accuracy")
    percent = accuracy and written.endswith("%")
    written = written.removesuffix("%").rstrip() if percent else written
    try:
        value = flatten({key: Document(written, text).value}).get(key, written)
    except ConfigError:  # not YAML: take it literally
        value = written
    if (percent or sign in _ORDER) and not is_number(value):
        raise RunError(f"{text!r}: {sign} compares with a number")
    if accuracy and not percent and is_number(value) and 0 < value <= 1:
        raise RunError(
            f"{text!r}: accuracies are in percent, such as {100 * value:g}; if {written} % is"
            f" what you mean, write {key}{sign}{written}%"
        )

    def equals(found: Scalar) -> bool:
        if isinstance(found, str):
            return found in (written, value)  # a name may look like a number
        if is_number(found) and is_number(value):
            return found == value
        return found is value  # true, false, null

    def holds(found: Scalar | list[str]) -> bool:
        if sign in _ORDER:
            return is_number(found) and bool(_ORDER[sign](found, value))
        return any(map(equals, found if isinstance(found, list) else [found])) == (sign == "=")

    return key, holds


def select(
    data: Sequence[RunData], where: Iterable[str] = (), sort: str | None = None
) -> list[RunData]:
    """The runs for which all of ``where`` hold, sorted by ``sort`` or in the given order.

    A condition is a key, a sign (``= != < <= > >=``) and a value; a key may be shortened to its
    last part if no other key ends with it. RunError for a key that no run has, for an invalid
    condition, and for sorting by the test set.
    """
    conditions = [_condition(text) for text in where]
    if not data or not (conditions or sort):
        return list(data)
    table = [(each, facts(each)) for each in data]
    known = list(dict.fromkeys(key for _, row in table for key in row))
    for short, holds in conditions:
        key = resolve(short, known)
        table = [pair for pair in table if holds(pair[1].get(key, ABSENT))]
    if sort is not None:
        key = resolve(sort, known)
        if key == "test_accuracy":
            raise RunError(
                "runs are not sorted by test_accuracy: whoever chooses by the test set has none"
                " left to tell how good the choice is; sort by val_accuracy"
            )
        table.sort(key=lambda pair: _rank(key, pair[1].get(key)))
    return [each for each, _ in table]


def resolve(key: str, known: Sequence[str]) -> str:
    """The key in ``known`` that ``key`` means; RunError if it means none, or several."""
    plain = key.removesuffix(".name")
    if plain in known:
        return plain
    matches = [each for each in known if each.endswith(f".{plain}")]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise RunError(f"{key!r} could mean {' or '.join(matches)}; give the whole key")
    endings = [each.rpartition(".")[2] for each in known]
    close = difflib.get_close_matches(plain, [*known, *endings], n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
    raise RunError(f"no run has a key {key!r}; {hint}")


def _rank(key: str, value: Any) -> tuple[Any, ...]:
    """The sort key: first numbers (accuracies from the best down), then texts, then nothing."""
    if is_number(value):
        return 0, -value if key == "val_accuracy" else value
    if value is None or value == []:
        return (2,)
    return 1, " ".join(value) if isinstance(value, list) else str(value)


def is_number(value: Any) -> TypeGuard[float]:
    """Whether ``value`` is a number; true and false are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
