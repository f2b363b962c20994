"""The memory that a training takes: estimated before it, and measured."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nnbasic.configs import Config, ConfigError, loads, memory, shortage
from nnbasic.configs.memory import training_memory
from nnbasic.data import Dataset
from nnbasic.training import RunError, start, starting

TRAIN = """
import sys
from pathlib import Path
import numpy as np
from nnbasic.configs import loads
from nnbasic.data import Dataset, Split
from nnbasic.training import start

config, folder = loads(sys.argv[1]), Path(sys.argv[2])
rng = np.random.default_rng(0)
def split(n):
    return Split(rng.integers(0, 256, (n, 784), dtype=np.uint8), np.arange(n, dtype=np.uint8) % 10)
dataset = Dataset("digits", split(config.batch_size), split(512), split(500), "ab" * 32, "here")
for _ in start(config, dataset, runs=folder, name="x").train():
    pass
# Not what wait4 says: that begins with what the process that started this one occupied.
(peak,) = (line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(peak.split()[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count in other units")
@pytest.mark.parametrize(
    "text",
    [
        "layers: [784, 3000, 3000, 10]\noptimizer: sgd\ndiagnostics: false",
        "layers: [784, 3000, 3000, 10]\noptimizer: adam\ndtype: float64",
        "layers: [784, 2500, 2500, 10]\ninit: orthogonal",
        "layers: [784, 1000, 800, 10]\nactivation: maxout\nbatch_size: 10000",
    ],
)
def test_a_training_takes_what_was_estimated(text: str, tmp_path: Path) -> None:
    """As the kernel counted it, within a margin for images, libraries and the allocator."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", TRAIN, f"{text}\nepochs: 1", str(tmp_path)]
    peak = 1024 * int(subprocess.check_output(command, env=environment, text=True))
    estimate = training_memory(loads(text))
    assert 300 * memory.MIB < estimate < 1100 * memory.MIB
    assert estimate / 2 < peak < 1.1 * estimate


def test_what_each_choice_adds() -> None:
    """In copies of the 5.6 million parameters, of 4 bytes each."""
    vector = 4 * (784 * 2000 + 2000 + 2000 * 2000 + 2000 + 20_010)

    def memory_of(optimizer: str, processes: int = 1, diagnostics: str = "false") -> int:
        base = f"layers: [784, 2000, 2000, 10]\nbatch_size: 3000\ndiagnostics: {diagnostics}\n"
        return training_memory(loads(f"{base}optimizer: {optimizer}"), processes)

    plain = memory_of("sgd")
    assert memory_of("{name: sgd, momentum: 0.9}") - plain == vector
    assert memory_of("adam") - plain == 2 * vector
    gathered = 4 * 784 * 2000  # weights of the first layer
    further = memory_of("sgd", processes=3) - plain
    assert further == 2 * (vector + gathered + memory.PROCESS)
    diagnosed = memory_of("sgd", diagnostics="true")
    assert diagnosed > plain + vector
    more = memory_of("sgd", processes=2, diagnostics="true") - diagnosed
    # its gradient, what it gathers, and the copy that a fork keeps
    assert more == 2 * vector + gathered + memory.PROCESS


def test_a_config_fits_or_is_refused_at_its_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "layers: [784, 3000, 3000, 10]\nbatch_size: 10000"
    needed = training_memory(loads(text))
    monkeypatch.setattr(memory, "physical_memory", lambda: needed)
    loads(text)
    monkeypatch.setattr(memory, "physical_memory", lambda: needed - 1)
    with pytest.raises(ConfigError, match=r"config:1: layers: training would take about 1\.\d G"):
        loads(text)


def test_a_container_has_less_than_its_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.cgroups, "memory", lambda: 400 * memory.MIB)
    loads("activation: relu")
    with pytest.raises(ConfigError, match=r"there is 400 MiB of memory here"):
        loads("layers: [784, 3000, 3000, 10]")


def test_a_system_that_hides_its_memory_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "physical_memory", lambda: None)
    assert loads("layers: [784, 100000000, 10]").layers[1] == 10**8


def test_a_training_by_more_processes_than_fit_is_refused_before_it_begins(
    tmp_path: Path,
    dataset: Dataset,
    config: Callable[..., Config],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = config()
    monkeypatch.setattr(memory, "physical_memory", lambda: training_memory(chosen))
    assert shortage(chosen) is None
    monkeypatch.setattr(starting, "processes", lambda batch_size: 4)
    with pytest.raises(RunError, match=r"; with OPENBLAS_NUM_THREADS=1 it would take \d+ MiB"):
        start(chosen, dataset, runs=tmp_path / "runs", name="x")
    assert not (tmp_path / "runs").exists()
