"""The tables of components: adding to them, building from them, and what they refuse."""

from typing import Annotated, Any, Literal

import numpy as np
import pytest

from nnbasic.model import ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS, SCHEDULES, Bounds, Layer
from nnbasic.model.activations import LeakyReLU
from nnbasic.model.optimizers import SGD
from nnbasic.model.registry import Component, HyperparameterError, Registry, hyperparameters

TABLES: list[Registry[Any]] = [ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS, SCHEDULES]
EVERY = [(table, name) for table in TABLES for name in table]


class Knife(Component):
    """What the table of these tests holds."""


KNIVES: Registry[Any] = Registry("knife", Knife)


@KNIVES.register("pocket")
class Pocket(Knife):
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
    assert KNIVES.build({"name": "pocket", "length": 3, "price": 2.5}) == Pocket(
        length=3, price=2.5
    )


def test_values_take_the_type_of_the_hyperparameter() -> None:
    pocket = KNIVES.build({"name": "pocket", "length": 3, "price": 2, "marks": [0, 0.5]})
    assert repr((pocket.length, pocket.price, pocket.marks)) == "(3.0, 2.0, (0.0, 0.5))"


def test_what_a_hyperparameter_needs_and_what_it_cannot_be() -> None:
    table: Registry[Any] = Registry("knife", Knife)

    @table.register("bread")
    class Bread(Knife):
        teeth: int

    @table.register("odd")
    class Odd(Knife):
        parts: set[float]

    with pytest.raises(ValueError, match="'bread': teeth: is missing, and has no default"):
        table.build("bread")
    with pytest.raises(ValueError, match=r"parts is annotated set\[float\], which no"):
        table.build({"name": "odd", "parts": [1.0]})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"length": 0}, "knife 'pocket': length: must be greater than 0 and at most 20, not 0"),
        ({"length": float("nan")}, "length: must be a finite number, not nan"),
        ({"length": "9"}, "length: must be a number, not '9'"),
        ({"length": True}, "length: must be a number, not True"),
        ({"blades": 0}, "blades: must be at least 1, not 0"),
        ({"blades": 1.5}, "blades: must be a whole number, not 1.5"),
        ({"steel": "blunt"}, "steel: must be one of 'soft' or 'hard', not 'blunt'"),
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
        (None, "must be a name"),
    ],
)
def test_what_names_no_component_is_refused(spec: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        KNIVES.build(spec)


def test_a_name_is_registered_once() -> None:
    with pytest.raises(ValueError, match="the knife 'pocket' is registered already"):
        KNIVES.register("pocket")(Pocket)


def test_a_class_without_a_method_that_it_must_have_is_refused() -> None:
    class Half(Layer):
        def forward(self, x: Any, rng: Any = None) -> Any:
            return x

    with pytest.raises(ValueError, match="the activation 'half' lacks backward"):
        ACTIVATIONS.register("half")(Half)
    assert "half" not in list(ACTIVATIONS)


def test_a_hyperparameter_that_would_hide_an_attribute_is_refused() -> None:
    class Sized(LeakyReLU):
        units: int = 3

    with pytest.raises(ValueError, match="'sized' cannot have a hyperparameter 'units'"):
        ACTIVATIONS.register("sized")(Sized)


def test_a_subclass_with_arguments_of_its_own_is_refused() -> None:
    class Sloped(LeakyReLU):
        def __init__(self, slope: float = 0.1) -> None:
            self.slope = slope

    with pytest.raises(ValueError, match=r"'sloped' has an __init__: a subclass of Layer has anno"):
        ACTIVATIONS.register("sloped")(Sloped)


def test_what_is_built_in_python_is_normalised_as_from_yaml() -> None:
    assert repr(OPTIMIZERS.spec(SGD(lr=1))["lr"]) == "1.0"
    assert repr(OPTIMIZERS.spec(SGD(lr=np.float32(0.5)))["lr"]) == "0.5"


def test_what_is_built_in_python_is_checked_as_from_yaml() -> None:
    with pytest.raises(HyperparameterError, match="slope: must be at least 0 and at most 1") as e:
        LeakyReLU(slope=-0.5)
    assert [(flaw.path, flaw.value) for flaw in e.value.flaws] == [(("slope",), -0.5)]


@pytest.mark.parametrize(("table", "name"), EVERY)
def test_every_component_is_rebuilt_by_its_spec(table: Registry[Any], name: str) -> None:
    component = table.build(name)
    spec = table.spec(component)
    assert list(spec) == ["name", *hyperparameters(table[name])]
    assert spec["name"] == name
    assert table.build(spec) == component
