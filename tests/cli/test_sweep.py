"""`nnbasic sweep` as a person uses it: whole, broken off in every way, and wrongly asked for."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nnbasic.training import Run, all_runs
from support import PATIENCE, PLUGIN, Command, edit, started, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")

Sweep = subprocess.Popen[str]
SWEEP = sys.executable, "-m", "nnbasic", "sweep"
LAST = "More: nnbasic compare\n"


def swept(*arguments: str) -> tuple[int, list[str]]:
    """Run `nnbasic sweep` to its end; its exit code and the lines of stderr."""
    with started(*SWEEP, *arguments) as process:
        _, err = process.communicate(timeout=PATIENCE)
    return process.returncode, err.splitlines()


def runs(folder: str = "runs") -> list[Run]:
    return list(all_runs(Path(folder)))


def statuses() -> list[str]:
    return sorted(run.status() for run in runs())


def test_the_runs_of_a_sweep_are_tagged(nnbasic: Command) -> None:
    command = ("sweep", "--config", "small", "--vary", "activation=tanh,relu", "--seeds", 1)
    assert nnbasic(*command, "--tag", "two words").refused("a tag is one word")
    assert nnbasic(*command, "--tag", "mine", "--tag", "first").code == 0
    assert [run.user().tags for run in runs()] == [["mine", "first"]] * 2


def test_a_sweep_and_the_same_again(nnbasic: Command) -> None:
    command = ("sweep", "--config", "small", "--vary", "activation=tanh,relu", "--seeds")
    said = nnbasic(*command, 2)
    assert said.code == 0
    lines = said.err.splitlines()
    assert sorted(re.sub(r"\d\d\.\d\d %", "X", line) for line in lines) == [
        f"{name} seed {seed}: finished, validation X"
        for name in ("relu", "tanh")
        for seed in (0, 1)
    ]
    verdict, last = said.out.split("\n\n")
    assert "validation" in verdict
    assert nnbasic("compare").out.startswith(f"{verdict}\n\n")
    assert last == LAST
    first = {run.id: (run.directory / "run.json").read_bytes() for run in runs()}
    again = nnbasic(*command, 2)
    assert (again.code, again.out, again.err) == (0, said.out, "4 of 4 runs exist already.\n")
    assert nnbasic(*command, 3).err.startswith("4 of 6 runs exist already.\n")
    kept = [run for run in runs() if run.id in first]
    assert {run.id: (run.directory / "run.json").read_bytes() for run in kept} == first
    records = [run.record() for run in runs()]
    assert sorted((r.config["activation"]["name"], r.config["seed"]) for r in records) == [
        (name, seed) for name in ("relu", "tanh") for seed in (0, 1, 2)
    ]


def test_a_corrected_plugin_is_trained_anew(nnbasic: Command) -> None:
    plugin = PLUGIN.format(name="mine")
    Path("mine.py").write_text(plugin)
    command = ("sweep", "--config=small", "--set=epochs=1", "--set=plugins=[mine.py]", "--seeds=2")
    assert nnbasic(*command, "--set=activation=mine").code == 0
    Path("mine.py").write_text(plugin.replace("return dout", "return 1 * dout"))
    first, *_ = nnbasic(*command, "--set=activation=mine").err.splitlines()
    assert first == "mine.py has changed since 2 of these runs; they are trained anew."
    assert len(runs()) == 4
    again = nnbasic(*command, "--set=activation=mine")
    assert again.err == "2 of 2 runs exist already.\n"


def test_as_json(nnbasic: Command) -> None:
    command = ("sweep", "--config=small", "--set=epochs=1", "--seeds=1", "--runs=else where")
    nnbasic(*command, "--set=batch_size=50")
    said = nnbasic(*command, "--vary=activation=tanh,relu", "--json")
    summary = said.json()
    assert sorted(run["config"]["activation"]["name"] for run in summary["runs"]) == [
        "relu",
        "tanh",
    ]
    assert {run["status"] for run in summary["runs"]} == {"finished"}
    assert summary["problems"] == []
    assert "One seed says nothing about chance" in " ".join(summary["verdict"])
    of_it = ["compare", "--runs", "else where", "--sweep", summary["sweep"]]
    assert shlex.split(summary["compare"]) == ["nnbasic", *of_it]
    assert nnbasic(*of_it, "--format=json").json()["runs"] == 2


def test_a_sweep_is_compared_as_a_unit_with_the_runs_that_it_found(nnbasic: Command) -> None:
    command = ("sweep", "--config=small", "--set=epochs=1", "--seeds=1", "--json")
    first = nnbasic(*command, "--vary=activation=tanh,relu").json()["sweep"]
    nnbasic(*command, "--vary=activation=tanh,relu,elu")

    def compared(sweep: str) -> list[str]:
        said = nnbasic("compare", "--sweep", sweep, "--format=json").json()
        return sorted(row["label"] for row in said["groups"])

    assert compared(first) == ["relu", "tanh"]
    assert compared("latest") == ["elu", "relu", "tanh"]
    assert nnbasic("compare", "--sweep=other").refused("no sweep 'other'; there are", first)


class TestBrokenOff:
    """Two of four runs are in their third epoch when it happens."""

    @pytest.fixture
    def sweep(self, held: Any) -> Iterator[Sweep]:
        held.hold()
        with started(*SWEEP, "--jobs=2", *held.arguments, stdin=subprocess.PIPE) as process:
            wait_for(lambda: len(held.processes()) == 2)
            yield process

    def completed(self, held: Any, undisturbed: Any) -> list[str]:
        """The same command completes the sweep to the same bits; what it said."""
        held.release()
        code, lines = swept("--jobs=2", *held.arguments)
        assert code == 0, lines
        assert held.contents() == undisturbed
        return lines

    @pytest.mark.slow
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal(self, sweep: Sweep, number: int, held: Any, undisturbed: Any) -> None:
        processes = held.processes()
        sweep.send_signal(number)
        _, err = sweep.communicate(timeout=PATIENCE)
        assert (sweep.returncode, err.splitlines()) == (
            130,
            ["Interrupted; the same command goes on from here."],
        )
        assert not processes & held.processes()
        assert statuses() == ["interrupted"] * 2
        assert all(run.record().epoch == 2 for run in runs())
        begun = {run.id for run in runs()}
        self.completed(held, undisturbed)
        assert len(held.calls()) == 6  # the two were resumed, the others trained in one go
        assert begun <= {run.id for run in runs()}

    @pytest.mark.slow
    def test_kill_9_of_a_run(self, sweep: Sweep, held: Any, undisturbed: Any) -> None:
        os.kill(min(held.processes()), signal.SIGKILL)
        wait_for(lambda: len(held.processes()) == 2)  # the next one has taken its place
        held.release()
        _, err = sweep.communicate(timeout=PATIENCE)
        assert sweep.returncode == 1
        assert statuses() == ["crashed", *["finished"] * 3]
        crashed = [line for line in err.splitlines() if "crashed" in line]
        assert re.fullmatch(r"slope-\S+ seed 0: crashed, \S+ \S+ %: killed by SIGKILL", crashed[0])
        assert crashed[1] == "Warning: 1 of 4 runs crashed"
        held.hold()
        lines = self.completed(held, undisturbed)
        assert lines[0] == "3 of 4 runs exist already."

    @pytest.mark.slow
    def test_kill_9_of_the_sweep(self, sweep: Sweep, held: Any, undisturbed: Any) -> None:
        sweep.kill()
        wait_for(lambda: not held.processes())  # nobody trains on unseen
        assert statuses() == ["interrupted"] * 2
        self.completed(held, undisturbed)

    def test_what_another_process_trains_is_left_to_it(self, sweep: Sweep, held: Any) -> None:
        with started(*SWEEP, "--jobs=1", *held.arguments, "--seeds=1") as second:
            _, err = second.communicate(timeout=PATIENCE)
        assert second.returncode == 0
        said = "2 of 2 runs exist already, 2 of them being trained by another process."
        assert err.splitlines() == [said]


@pytest.mark.slow
def test_one_failing_run_does_not_stop_the_others(workplace: Path) -> None:
    """A plugin raises at a batch of 50, a rate makes the loss diverge; the rest trains."""
    fault = "assert len(dout) != 50, 'no more \\x1b[31mof\\nthese'\n        return dout"
    Path("touchy.py").write_text(PLUGIN.format(name="touchy").replace("return dout", fault))
    with (workplace / "small.yaml").open("a") as file:
        file.write("activation: touchy\nplugins: [touchy.py]\n")
    vary = ("--vary=batch_size=100,2950", "--vary=optimizer.lr=0.1,1e38", "--set=epochs=1")
    code, lines = swept("--config=small", "--seeds=1", *vary)
    assert code == 1
    expected = [
        r"batch_size-100-lr-0.1 seed 0: finished, validation \d\d\.\d\d %",
        r"batch_size-100-lr-1.0e\+38 seed 0: diverged: the loss is not finite at epoch 1, .*",
        r"batch_size-2950-lr-0.1 seed 0: failed: AssertionError: no more \\x1b\[31mof these",
        r"batch_size-2950-lr-1.0e\+38 seed 0: failed: AssertionError: .*",
    ]
    for line, pattern in zip(sorted(lines[:-2]), expected, strict=True):
        assert re.fullmatch(pattern, line)
    assert lines[-2:] == [
        "Warning: 2 of 4 runs failed",
        "The same command tries them again.",
    ]
    assert statuses() == ["diverged", "failed", "failed", "finished"]
    code, lines = swept("--config=small", "--seeds=1", *vary)
    assert (code, lines[0]) == (1, "2 of 4 runs exist already.")
    assert statuses() == ["diverged", *["failed"] * 4, "finished"]


def test_a_run_that_cannot_go_on_is_told_in_a_line(nnbasic: Command) -> None:
    sweep = "sweep", "--config", "small", "--set", "epochs=1", "--seeds", "1"
    assert nnbasic(*sweep).code == 0
    (run,) = all_runs()
    edit(run, status="interrupted")
    (run.directory / "metrics.jsonl").write_text("")
    again = nnbasic(*sweep)
    assert again.code == 1
    assert "does not hold the 1 epochs before last.npz" in again.err


@pytest.mark.slow
def test_without_mnist_the_network_is_asked_once_for_all(nnbasic: Command) -> None:
    vary = ("--vary=activation=tanh,relu", "--seeds=1", "--set=data.dataset=auto")
    said = nnbasic("sweep", "--config=small", *vary)
    assert said.code == 0
    assert said.err.startswith("Warning: MNIST is not available: using the built-in")
    assert said.err.count("MNIST could not be fetched") == 1
    records = [run.record() for run in runs()]
    # the config stays as it was given, so that it is the same sweep when the network is back
    assert [(r.dataset, r.config["data"]["dataset"]) for r in records] == [("digits", "auto")] * 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Give --config FILE"),
        (["--config=small", "--jobs=2", "--dask=tcp://x:1"], "--jobs is for this machine"),
        (
            ["--config=small", "--vary=activation=tanh,relu", "--vary=init=he,hee"],
            "the combination activation=tanh init=hee: init: unknown initialiser 'hee'",
        ),
        (["--config=small", "--set=data.validation=12000"], "digits has 12000 training images"),
        (["--config=small", "--lr-search", "--vary=optimizer.lr=1,2"], "--lr-search chooses"),
        (["--config=small", "--lr-search", "--set=data.validation=0"], "no validation data"),
    ],
)
def test_what_is_refused_before_anything_runs(
    workplace: Path, nnbasic: Command, arguments: list[str], message: str
) -> None:
    assert nnbasic("sweep", *arguments).refused(message)
    assert not (workplace / "runs").exists()


@pytest.mark.slow
def test_a_learning_rate_is_searched_shown_and_recorded(nnbasic: Command) -> None:
    command = ("sweep", "--config=small", "--set=epochs=1", "--seeds=1", "--lr-search")
    said = nnbasic(*command)
    assert said.code == 0
    (run,) = runs()
    search = run.record().rate_search
    assert search is not None
    assert run.record().config["optimizer"]["lr"] == search.chosen
    assert search.given == 0.1
    assert search.tried[search.chosen] == max(search.tried.values())
    assert f"small: {search}" in said.err.splitlines()
    assert " ".join(str(search).split()) in " ".join(nnbasic("runs", "show", run.id).out.split())
    trials = runs("runs/.lr-search")
    assert len(trials) == 2 * len(search.tried)
    again = nnbasic(*command)
    assert again.code == 0
    assert "1 of 1 runs exists already." in again.err.splitlines()
    assert len(runs("runs/.lr-search")) == len(trials)
