"""`nnbasic compare --report`."""

import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from support import Command


@pytest.mark.usefixtures("runs")
def test_the_report_stands_beside_what_is_printed(nnbasic: Command) -> None:
    assert nnbasic("compare", "--title", "Lecture").refused("add --report FILE")
    said = nnbasic("compare", "--format", "json", "--report", "out.html", "--title", "Lecture 7")
    assert said.code == 0
    assert len(said.json()["groups"]) == 2
    assert said.err == "The report is in out.html\n"
    page = Path("out.html").read_text()
    assert "<h1>Lecture 7</h1>" in page
    assert "They are not shown" not in page
    assert 'alt="Most wrong test images' in page


def test_mnist_is_not_fetched_for_a_report(runs: Path, nnbasic: Command) -> None:
    for run in runs.iterdir():
        record = json.loads((run / "run.json").read_text())
        (run / "run.json").write_text(json.dumps(record | {"dataset": "mnist"}))
    assert nnbasic("compare", "--report", "out.html").code == 0
    assert "nnbasic data fetch" in Path("out.html").read_text()
    assert not Path("data/mnist").exists()


@pytest.mark.parametrize("how", ["sweep", "train"])
@pytest.mark.slow
def test_the_printed_command_repeats_a_run_bit_for_bit(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A sweep computes in one thread, `train` in one for each core: the sums differ."""
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)

    def bash(command: str) -> None:
        subprocess.run(["bash", "-euc", command], check=True, capture_output=True)

    small = "--set layers=[784,32,10] --set epochs=1 --set data.validation=9000"
    seeds = "--seeds 1" if how == "sweep" else ""
    bash(f"nnbasic {how} --config relu {small} {seeds} --runs original")
    bash("nnbasic compare --runs original --report out.html")
    found = re.search(r"<pre>(.*)", Path("out.html").read_text())
    assert found
    bash(html.unescape(found[1]))
    (original,), (repeated,) = Path("original").glob("2*"), Path("runs").glob("2*")
    for name in ("best.npz", "predictions.npz"):
        with np.load(original / name) as before, np.load(repeated / name) as after:
            assert before.files == after.files
            for key in before.files:
                assert before[key].tobytes() == after[key].tobytes(), key
