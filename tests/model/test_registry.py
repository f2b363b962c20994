"""The tables of components: adding to them, building from them, and what they refuse."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field
from typing import Annotated, Any, Literal

import pytest

from nnbasic.model import (
    ACTIVATIONS,
    INITIALIZERS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    Activation,
    Bounds,
    Registry,
    hyperparameters,
)

TABLES: list[Registry[Any]] = [ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS, SCHEDULES]
EVERY = [(table, name) for table in TABLES for name in table]

KNIVES: Registry[Any] = Registry("knife")


@KNIVES.register("pocket")
@dataclass(frozen=True)
class Pocket:
    """A component with a hyperparameter of each type."""

    length: Annotated[float, Bounds(gt=0, le=20)] = 8.0
    blades: Annotated[int, Bounds(ge=1)] = 1
    locks: bool = False
    steel: Literal["soft", "hard"] = "soft"
    price: Annotated[float, Bounds(ge=0)] | None = None
    marks: tuple[Annotated[float, Bounds(lt=1)], ...] = ()


def test_a_name_and_a_mapping_and_an_instance_build_the_same() -> None:
    pocket = Pocket()
    assert KNIVES.build("pocket") == KNIVES.build({"name": "pocket"}) == pocket
    assert KNIVES.build(pocket) is pocket
    assert KNIVES.build({"name": "pocket", "length": 3, "price": 2.5}) == Pocket(3, price=2.5)


def test_values_take_the_type_of_the_hyperparameter() -> None:
    pocket = KNIVES.build({"name": "pocket", "length": 3, "price": 2, "marks": [0, 0.5]})
    assert [repr(each) for each in (pocket.length, pocket.price, pocket.marks)] == [
        "3.0",
        "2.0",
        "(0.0, 0.5)",
    ]


def test_what_a_hyperparameter_needs_and_what_it_cannot_be() -> None:
    @KNIVES.register("bread")
    @dataclass(frozen=True)
    class Bread:
        teeth: int
        parts: list[float] = field(default_factory=list)

    try:
        assert KNIVES.build({"name": "bread", "teeth": 9}) == Bread(9)
        with pytest.raises(ValueError, match="'bread': teeth: is missing, and has no default"):
            KNIVES.build("bread")
        with pytest.raises(ValueError, match=r"parts is annotated list\[float\], which no"):
            KNIVES.build({"name": "bread", "teeth": 9, "parts": [1.0]})
    finally:
        del KNIVES._classes["bread"]


def test_building_leaves_the_mapping_as_it_was() -> None:
    spec = {"name": "pocket", "blades": 3}
    KNIVES.build(spec)
    assert spec == {"name": "pocket", "blades": 3}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"length": 0}, "knife 'pocket': length: must be greater than 0 and at most 20, not 0"),
        ({"length": 20.5}, "length: must be greater than 0 and at most 20, not 20.5"),
        ({"length": float("nan")}, "length: must be a finite number, not nan"),
        ({"length": "9"}, "length: must be a number, not '9'"),
        ({"length": True}, "length: must be a number, not True"),
        ({"length": None}, "length: must be a number, not None"),
        ({"blades": 0}, "blades: must be at least 1, not 0"),
        ({"blades": 1.5}, "blades: must be a whole number, not 1.5"),
        ({"locks": 1}, "locks: must be true or false, not 1"),
        ({"steel": "blunt"}, "steel: must be one of 'soft' or 'hard', not 'blunt'"),
        ({"price": -1}, "price: must be at least 0, not -1"),
        ({"price": "much"}, "price: must be a number, not 'much'"),
        ({"marks": [0.5, 1]}, r"marks\.1: must be less than 1, not 1"),
        ({"marks": 0.5}, "marks: must be a list, not 0.5"),
        ({"lenght": 3}, r"knife 'pocket': lenght: unknown key; did you mean 'length'\?"),
        ({"colour": 3}, "colour: unknown key; known: length, blades, locks, steel"),
        ({"length": 10**400}, "length: must be a finite number"),
        ({"length": 0, "x": 1, "locks": 1}, "length: must .*; locks: must .*; x: unknown key"),
    ],
)
def test_wrong_values_are_refused(value: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        KNIVES.build({"name": "pocket", **value})


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("pokcet", "unknown knife 'pokcet'; did you mean 'pocket'?"),
        ("POCKET", "unknown knife 'POCKET'; did you mean 'pocket'?"),
        ("axe", "unknown knife 'axe'; known: pocket"),
        ({"length": 3}, "the knife must be a name, such as 'pocket', or a mapping with one"),
        ({"name": 3}, "must be a name"),
        (None, "must be a name"),
        (7, "must be a name"),
    ],
)
def test_what_names_no_component_is_refused(spec: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        KNIVES.build(spec)


def test_a_name_is_registered_once() -> None:
    with pytest.raises(ValueError, match="the knife 'pocket' is registered already"):
        KNIVES.register("pocket")(Pocket)


def test_a_class_without_a_method_that_it_must_have_is_refused() -> None:
    class Half(Activation):
        pass

    with pytest.raises(ValueError, match="the activation 'half' lacks layer"):
        ACTIVATIONS.register("half")(Half)
    assert "half" not in list(ACTIVATIONS)


def test_spec_of_a_stranger_is_refused() -> None:
    with pytest.raises(ValueError, match="not a registered activation"):
        ACTIVATIONS.spec(Pocket())  # type: ignore[arg-type]


def test_hyperparameters_keep_order_and_bounds() -> None:
    known = hyperparameters(Pocket)
    assert list(known) == ["length", "blades", "locks", "steel", "price", "marks"]
    assert known["length"].__metadata__ == (Bounds(gt=0, le=20),)
    assert hyperparameters(int) == {}


@pytest.mark.parametrize(
    ("bounds", "inside", "outside", "words"),
    [
        (Bounds(gt=0), [1e-300, 5], [0, -1, float("nan")], "greater than 0"),
        (Bounds(ge=0), [0, 5], [-1e-300], "at least 0"),
        (Bounds(lt=1), [-5, 0.999], [1, 2], "less than 1"),
        (Bounds(le=1), [-5, 1], [1.001], "at most 1"),
        (Bounds(ge=0, lt=0.5), [0, 0.4], [-1, 0.5], "at least 0 and less than 0.5"),
        (Bounds(), [0, 1e300], [], ""),
    ],
)
def test_bounds(bounds: Bounds, inside: list[float], outside: list[float], words: str) -> None:
    assert [value in bounds for value in inside] == [True] * len(inside)
    assert [value in bounds for value in outside] == [False] * len(outside)
    assert str(bounds) == words


@pytest.mark.parametrize(("table", "name"), EVERY)
def test_every_component_is_a_frozen_dataclass_that_its_spec_rebuilds(
    table: Registry[Any], name: str
) -> None:
    component = table.build(name)
    spec = table.spec(component)
    assert list(spec) == ["name", *hyperparameters(table[name])]
    assert spec["name"] == name
    assert table.build(spec) == component
    with pytest.raises(FrozenInstanceError):
        component.anything = 0


@pytest.mark.parametrize(("table", "name"), EVERY)
def test_every_component_says_what_it_is_in_one_line(table: Registry[Any], name: str) -> None:
    first = (table[name].__doc__ or "").split("\n")[0]
    assert not first.startswith(table[name].__name__ + "(")  # what dataclass writes of itself
    assert 5 <= len(first) <= 100


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.kind)
def test_the_tables_are_complete(table: Registry[Any]) -> None:
    expected = {
        "activation": "identity step sigmoid tanh softsign relu leaky_relu prelu elu selu"
        " softplus gelu silu mish hard_tanh maxout",
        "initialiser": "normal uniform xavier he lecun orthogonal zeros",
        "loss": "cross_entropy mse",
        "optimiser": "sgd adagrad rmsprop adam adamw",
        "schedule": "constant step exponential cosine linear one_cycle",
    }
    assert set(expected[table.kind].split()) <= set(table)
