"""Runs that were really trained, copies of them with edited records, and their comparison."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from nnbasic.cli.compare import in_terminal
from nnbasic.compare import Comparison, Comparisons, compare_all
from nnbasic.compare.findings import Findings, judge
from nnbasic.compare.standing import Row
from nnbasic.compare.tables import Wanted
from nnbasic.configs import Config
from nnbasic.data import Dataset
from nnbasic.training import start, train
from nnbasic.training.collection import collect
from support import Make, edit


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset) -> Make:
    """Give the directory of the run of a config, trained when it is first asked for."""
    cache: dict[str, Path] = {}

    def trained(**changes: Any) -> Path:
        small = {
            "layers": [784, 8, 10],
            "epochs": 3,
            "batch_size": 150,
            "data": {"validation": 100, "scale": "standard"},  # or some would end near chance
        }
        config = Config.model_validate({**small, **changes})
        if repr(config) not in cache:
            runs = tmp_path_factory.mktemp("runs")
            run = start(config, dataset, runs=runs, name="small")
            for _ in train(run, dataset):
                pass
            cache[repr(config)] = run.directory
        return cache[repr(config)]

    return trained


@pytest.fixture
def copied(swept: Path, tmp_path: Path) -> Path:
    """A copy of the runs of a sweep, which may be changed."""
    return Path(shutil.copytree(swept, tmp_path / "runs"))


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def make(trained: Make, runs: Path) -> Make:
    """Put a copy of a trained run into ``runs``; ``edited`` replaces keys of its record.

    Its validation and test split have 100 images each.
    """

    def make(edited: dict[str, Any] | None = None, **changes: Any) -> Path:
        source = trained(**changes)
        number = len(list(runs.iterdir())) if runs.exists() else 0
        copy = runs / f"{number:03}-{source.name}"
        shutil.copytree(source, copy)
        # in this order, whichever order the cache was filled in
        edit(copy, started=f"2026-01-01T00:{number // 60:02}:{number % 60:02}+00:00")
        edit(copy, **(edited or {}))
        return copy

    return make


@pytest.fixture
def compare_runs(runs: Path) -> Callable[..., Comparisons]:
    """Compare the runs, as JSON and as a table too."""

    def compare_runs(**options: Any) -> Comparisons:
        data, problems = collect(runs)
        comparisons = compare_all(data, problems=problems, **{"threshold": 0.9, **options})
        content = json.dumps(comparisons.to_dict(), allow_nan=False)  # always strict JSON
        for wanted in (Wanted(), Wanted(p_values=True, details=True, explain=True)):
            lines = list(map(click.unstyle, in_terminal(comparisons, wanted, 80)))
            # a path may be longer than a line, and is not broken; nor is an option of a command
            wide = [line for line in lines if len(line) > 80 and line.strip()[:2] != "--"]
            assert [line for line in wide if len(max(line.split(), key=len)) < 40] == []
            unknown = figures("\n".join(lines)) - known(json.loads(content))
            assert not unknown
        return comparisons

    return compare_runs


@pytest.fixture
def compared(compare_runs: Callable[..., Comparisons]) -> Callable[..., Comparison]:
    """The same, of runs that make a single comparison."""

    def compared(**options: Any) -> Comparison:
        comparisons = compare_runs(**options)
        assert comparisons.second is None
        return comparisons.first

    return compared


Judge = Callable[..., Findings]


@pytest.fixture
def judged() -> Judge:
    """Judge rows without runs: names such as ``relu/he``, and the accuracies of each by seed."""

    def judged(rows: dict[str, list[float]], **failed: int) -> Findings:
        keys = ("activation", "init", "optimizer")
        return judge(
            [
                Row(
                    name,
                    {},
                    dict(zip(keys, name.split("/"), strict=False)),
                    dict(enumerate(accuracies)),
                    images=5000,
                    ended=len(accuracies),
                    collapsed=failed.get(name.replace("/", "_"), 0),
                )
                for name, accuracies in rows.items()
            ]
        )

    return judged


def figures(text: str) -> set[str]:
    """The numbers in ``text``, as they are written but for the sign."""
    return set(re.findall(r"\d+(?:\.\d+)?", text))


def known(content: Any) -> set[str]:
    """All that `figures` may find in a text that tells nothing but ``content``."""
    if isinstance(content, dict):
        return set().union(*map(known, content), *map(known, content.values()))
    if isinstance(content, list):
        return {str(len(content))}.union(*map(known, content))
    if isinstance(content, str):
        return figures(content)
    if content is None or isinstance(content, bool):
        return set()
    shapes = ("{}", "{:g}", "{:.1g}", "{:.2g}", "{:.0f}", "{:.1f}", "{:.2f}", "{:.3f}")
    sizes = (abs(content), 100 * abs(content))
    return figures(" ".join(shape.format(size) for size in sizes for shape in shapes))


@pytest.fixture
def said() -> Callable[..., bool]:
    """Give the question whether one of the sentences holds all of the words."""

    def said(sentences: tuple[str, ...], *words: str) -> bool:
        return any(all(word in sentence for word in words) for sentence in sentences)

    return said
