"""The loops of docs/scripts.md that log runs elsewhere, with stand-ins for the other programs."""

from __future__ import annotations

import re
import sys
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

PAGE = (Path(__file__).parents[1] / "docs" / "scripts.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_each_epoch_of_each_run_is_logged(
    name: str, workplace: Path, trained_on_digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: dict[int, dict[str, Any]] = {}
    run = SimpleNamespace(log=lambda row, step: logged.update({step: row}), summary={})
    module = ModuleType(name)
    for attribute, value in {
        "init": lambda **_: nullcontext(run),
        "start_run": lambda run_name: nullcontext(),
        "log_params": run.summary.update,
        "log_metrics": run.log,
    }.items():
        setattr(module, attribute, value)
    monkeypatch.setitem(sys.modules, name, module)
    Path("runs").symlink_to(trained_on_digits)
    (example,) = re.findall(rf"```python\n([^`]*import {name}[^`]*)```", PAGE)
    exec(example, {})
    assert sorted(logged) == list(range(1, len(logged) + 1))
    assert 0 < logged[1]["val_accuracy"] < 1
    assert run.summary
