"""The schema as JSON Schema, for editors, and as a reference, for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from nnbasic.configs.schema import Config

Schema = dict[str, Any]

_INTRODUCTION = """\
<!-- Written by `nnbasic configs schema --markdown > docs/config.md`. -->

# Config reference

A config is a YAML file. Every key has a default, so the one line `activation: relu` is a config;
`nnbasic configs show relu` prints one with every key, and `nnbasic configs check FILE` lists every
mistake in one, with line numbers.

Where a component is named (activation, init, loss, optimizer, schedule), write its name alone or
a mapping with its hyperparameters: `activation: {name: leaky_relu, slope: 0.2}`. Hyperparameters
that are not given have the defaults in the tables below. The optimizer and the schedule in the
first table are used only if a config does not have these keys at all.

`--set KEY=VALUE` changes a config from the command line, and may be given several times:
`--set epochs=3 --set activation.slope=0.2 --set 'layers=[784, 50, 10]'`.

A config is found by its path, by its name in `./configs/`, or by the name of a shipped one, in
this order, with or without `.yaml`.

Numbers are written as in YAML 1.2 (`0.05`, `5e-2`); the only booleans are `true` and `false`. Tags,
anchors and aliases are refused. For an editor that checks YAML against a schema,
`nnbasic configs schema > config.schema.json` writes one.
"""

_PLUGINS = """\
## Components of your own

A config can use components from Python files that it lists: `plugins: [cube.py]`, relative to the
folder of the config. The fields of the dataclass are its hyperparameters: each a bool, int, float,
str or Literal, a tuple of one of these, or one of these or None; `Bounds` limit numbers.

```python
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from nnbasic.model import ACTIVATIONS, Bounds, Elementwise


@ACTIVATIONS.register("cube")
@dataclass(frozen=True)
class Cube(Elementwise):
    \"\"\"f(z) = scale · z³, f' = 3 scale · z².\"\"\"

    scale: Annotated[float, Bounds(gt=0)] = 1.0

    def forward(self, z, out, work):
        np.multiply(z, z, out=out)
        out *= z
        out *= self.scale

    def backward(self, gradient, z, a, out, work):
        np.multiply(z, z, out=out)
        out *= 3 * self.scale
        out *= gradient
```

**The files in `plugins` are programs.** `train`, `sweep` and `gradcheck` run them as soon as they
read the config. All other commands run only those that you have trained or checked with here, as
they were then, unless `--trust-plugins` is given: see
[what is trusted](reliability.md#what-is-trusted).
"""


def json_schema() -> Schema:
    """The JSON Schema (draft 2020-12) of a config file, with the components known now."""
    schema = Config.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def reference() -> str:
    """The content of ``docs/config.md``: every key and every component."""
    schema = json_schema()
    definitions = schema["$defs"]
    parts = [_INTRODUCTION, "## Keys", "", keys()]
    for key, one in schema["properties"].items():
        if section := _section(one, definitions):
            parts += ["", f"## `{key}`", "", section["description"], "", *_table(section)]
        if components := _components(one):
            parts += [
                "",
                f"## `{key}`",
                "",
                "| name | hyperparameters | what it is |",
                "|---|---|---|",
            ]
            parts += [_component(component) for component in components]
    return "\n".join([*parts, "", _PLUGINS])


def keys(page: str = "") -> str:
    """The table of the keys of a config, with links into the reference at ``page``."""
    return "\n".join(_table(json_schema())).replace("](#", f"]({page}#")


def _table(section: Schema) -> Iterator[str]:
    yield "| key | default | accepts | what it is |"
    yield "|---|---|---|---|"
    for key, one in section["properties"].items():
        cells = (f"`{key}`", _yaml(one["default"]), _accepts(one, key), one["description"])
        yield _row(*cells)


def _component(schema: Schema) -> str:
    name, *others = schema["properties"].items()
    values = [f"`{key}`: {_yaml(o.get('default'))}, {_accepts(o, key)}" for key, o in others]
    return _row(f"`{name[1]['const']}`", "<br>".join(values), schema.get("description", ""))


def _accepts(schema: Schema, key: str) -> str:
    """The type and range of a value, in words."""
    if _components(schema):
        return f"a component: [see below](#{key})" + (
            ", or a list of them" if _many(schema) else ""
        )
    if "$ref" in schema:
        return f"a mapping: [see below](#{key})"
    if "anyOf" in schema:
        return " or ".join(_accepts(one, key) for one in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{choice}`" for choice in schema["enum"])
    if schema["type"] == "array":
        least = f", at least {schema['minItems']}" if "minItems" in schema else ""
        return f"a list{least}, each {_accepts(schema['items'], key)}"
    bounds = [f"{word} {schema[name]:g}" for name, word in _RANGES.items() if name in schema]
    return " ".join([_TYPES[schema["type"]], " and ".join(bounds)]).strip()


_TYPES = {
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "string": "text",
    "null": "null",
}
_RANGES = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


def _components(schema: Schema) -> list[Schema]:
    """The mappings that a component key accepts; empty for other keys."""
    return [one for one in schema.get("anyOf", []) if "name" in one.get("properties", {})]


def _many(schema: Schema) -> bool:
    return any(one.get("type") == "array" for one in schema["anyOf"])


def _section(schema: Schema, definitions: Schema) -> Schema | None:
    """The definition that a key of the config refers to, if it does."""
    for one in (schema, *schema.get("anyOf", [])):
        if "$ref" in one:
            section: Schema = definitions[one["$ref"].rpartition("/")[2]]
            return section
    return None


def _yaml(value: Any) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000)
    return f"`{text.removesuffix('...' + chr(10)).strip()}`"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("``", "`") for cell in cells) + " |"
