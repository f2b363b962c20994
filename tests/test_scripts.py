"""The loops of docs/scripts.md that log runs elsewhere, with the programs that they log to."""

import re
from pathlib import Path

import pytest

from nnbasic.training import all_runs

PAGE = (Path(__file__).parents[1] / "docs" / "scripts.md").read_text("utf-8")


@pytest.fixture(autouse=True)
def runs(workplace: Path, trained_on_digits: Path) -> None:
    """Runs in ``./runs``."""
    Path("runs").symlink_to(trained_on_digits)


def example(module: str) -> str:
    """The block of the page that imports ``module``."""
    (found,) = re.findall(rf"```python\n([^`]*import {module}[^`]*)```", PAGE)
    return str(found)


def test_weights_and_biases(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    from wandb.sdk.internal.datastore import DataStore

    monkeypatch.setenv("WANDB_MODE", "offline")
    exec(example("wandb"), {})
    logged = list(Path("wandb").glob("offline-run-*/*.wandb"))
    assert len(logged) == len(list(all_runs()))
    store = DataStore()
    store.open_for_scan(str(logged[0]))
    content = b"".join(iter(store.scan_data, None))
    assert b"val_accuracy" in content
    assert b"test_accuracy" in content


def test_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("sqlalchemy", reason="MLflow keeps runs in a database")
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    exec(example("mlflow"), {})
    client = mlflow.MlflowClient()
    logged = client.search_runs([client.get_experiment_by_name("Default").experiment_id])
    ours = {run.user().name: run for run in all_runs()}
    assert {run.info.run_name for run in logged} == ours.keys()
    for run in logged:
        history = client.get_metric_history(run.info.run_id, "val_accuracy")
        expected = [row.val_accuracy for row in ours[run.info.run_name].metrics()]
        assert [each.value for each in sorted(history, key=lambda each: each.step)] == expected
