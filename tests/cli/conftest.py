"""Runs that the commands are given."""

import json
import shutil
from pathlib import Path

import pytest


@pytest.fixture
def runs(workplace: Path, trained_on_digits: Path) -> Path:
    """relu of seeds 0 and 1, and tanh, in ./runs."""
    return Path(shutil.copytree(trained_on_digits, workplace / "runs"))


@pytest.fixture
def ids(runs: Path) -> list[str]:
    started = [json.loads(path.read_text()) for path in runs.glob("*/run.json")]
    return [record["id"] for record in sorted(started, key=lambda record: record["started"])]
