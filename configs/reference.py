"""The schema told to others: JSON Schema for editors, and the reference for people."""

from __future__ import annotations

from typing import Any

from nnbasic.configs.schema import Config


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a config file, with the components known now."""
    schema = Config.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def reference() -> str:
    return ""
