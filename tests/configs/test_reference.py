"""The JSON Schema and the tables of docs/config.md say what the reader does."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from config_tables import tables
from nnbasic import configs
from nnbasic.configs import ConfigError, dump, json_schema, load, loads, presets
from nnbasic.model import ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS, SCHEDULES
from nnbasic.model.registry import hyperparameters


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


SHIPPED = Path(configs.__file__).parent


@pytest.mark.parametrize("name", presets())
def test_the_schema_accepts_each_preset(validator: Any, name: str) -> None:
    validator.validate(yaml.safe_load((SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")))
    validator.validate(yaml.safe_load(dump(load(name))))
    assert loads(dump(load(name))) == load(name)


@pytest.mark.parametrize("registry", [ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS, SCHEDULES])
def test_the_schema_knows_each_component_in_both_forms(validator: Any, registry: Any) -> None:
    keys = {"initialiser": "init", "optimiser": "optimizer"}
    key = keys.get(registry.kind, registry.kind)
    for name, cls in ((name, registry[name]) for name in registry):
        validator.validate({key: name})
        complete = loads(f"{key}: {name}").model_dump()[key]
        assert list(complete) == ["name", *hyperparameters(cls)]
        validator.validate({key: complete})


@pytest.mark.parametrize(
    "text",
    [
        "epoch: 3",
        "activation: rellu",
        "activation: {name: tanh, slope: 0.1}",
        "activation: {name: leaky_relu, slope: -1}",
        "data: {dataset: minst}",
        "early_stopping: {patience: 0}",
        "schedule: {name: step, milestones: [2]}",
    ],
)
def test_what_the_reader_refuses_the_schema_refuses(validator: Any, text: str) -> None:
    with pytest.raises(ConfigError):
        loads(text)
    assert not validator.is_valid(yaml.safe_load(text))


def test_the_tables_of_the_page_are_up_to_date() -> None:
    written = (Path(__file__).parents[2] / "docs/config.md").read_text(encoding="utf-8")
    assert tables() in written, "copy what `python benchmarks/config_tables.py` prints"
