"""Runs on a real Dask scheduler and real workers, which die; and the way of the files."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nnbasic.sweeps.cluster import read_files, write_files
from nnbasic.training import Run, RunError, all_runs
from support import started, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")

Process = subprocess.Popen[str]
SWEEP = sys.executable, "-m", "nnbasic", "sweep"


class Cluster:
    """A scheduler on the loopback, and workers of one thread each, as a person starts them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[Process] = []
        self.address = ""

    def begin(self) -> None:
        self._start("scheduler", "--host=127.0.0.1", "--port=0", "--scheduler-file=at.json")
        file = self.folder / "at.json"
        wait_for(lambda: file.exists() and file.read_text().endswith("}"))
        self.address = json.loads(file.read_text())["address"]

    def worker(self) -> Process:
        """One more worker."""
        folder = self.folder / f"worker-{len(self.processes)}"
        folder.mkdir()
        options = ("--nthreads=1", "--no-nanny", "--local-directory=.")
        return self._start("worker", self.address, *options, folder=folder)

    def _start(self, what: str, *arguments: str, folder: Path | None = None) -> Process:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard"]
        environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
        with (self.folder / f"{what}-{len(self.processes)}.log").open("w") as log:
            process = subprocess.Popen(
                [*command, *arguments],
                cwd=folder or self.folder,
                env=environment,
                stdout=log,
                stderr=log,
                text=True,
            )
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path, workplace: Path) -> Iterator[Cluster]:
    folder = tmp_path / "cluster"
    folder.mkdir()
    with contextlib.closing(Cluster(folder)) as cluster:
        cluster.begin()
        yield cluster


def arrived() -> int:
    return len(list(all_runs(Path("runs"))))


class TestSweep:
    @pytest.mark.slow
    def test_a_worker_dies_in_the_middle(
        self, cluster: Cluster, held: Any, undisturbed: Any
    ) -> None:
        """Nothing is lost, and nothing is trained twice to the end."""
        doomed, _ = cluster.worker(), cluster.worker()
        with started(*SWEEP, *held.arguments, "--dask", cluster.address) as sweep:
            wait_for(lambda: arrived() >= 2)  # so that both workers have ended one
            held.hold()
            wait_for(lambda: len(held.processes()) == 2)
            doomed.kill()
            wait_for(lambda: len(held.processes()) == 1)  # what it was training is gone with it
            held.release()
            _, err = sweep.communicate(timeout=60)
        assert sweep.returncode == 0, err
        assert held.contents() == undisturbed
        complete = max(held.calls())
        assert held.calls().count(complete) == 4
        assert len(err.splitlines()) == 4
        assert [path.name for path in Path("runs").iterdir() if path.name[0] == "."] == []

    @pytest.mark.slow
    def test_interrupted_killed_and_completed(
        self, cluster: Cluster, held: Any, undisturbed: Any
    ) -> None:
        cluster.worker(), cluster.worker()
        held.hold()
        with started(*SWEEP, *held.arguments, "--dask", cluster.address) as sweep:
            wait_for(lambda: len(held.processes()) == 2)
            sweep.send_signal(signal.SIGINT)
            _, err = sweep.communicate(timeout=60)
        assert sweep.returncode == 130
        assert err == "Interrupted; the same command goes on from here.\n"
        assert not held.processes()
        begun = {run.id: run.record() for run in all_runs(Path("runs"))}
        assert [(each.status, each.epoch) for each in begun.values()] == [("interrupted", 2)] * 2
        with started(*SWEEP, *held.arguments, "--dask", cluster.address) as sweep:
            wait_for(lambda: len(held.processes()) == 2)
            sweep.kill()
        wait_for(lambda: not held.processes())  # nobody waits for it, so nobody trains on
        held.release()
        with started(*SWEEP, *held.arguments, "--dask", cluster.address) as sweep:
            _, err = sweep.communicate(timeout=60)
        assert sweep.returncode == 0, err
        assert held.contents() == undisturbed
        assert begun.keys() < {run.id for run in all_runs(Path("runs"))}

    @pytest.mark.slow
    def test_the_scheduler_dies(self, cluster: Cluster, held: Any) -> None:
        cluster.worker()
        held.hold()
        with started(*SWEEP, *held.arguments, "--dask", cluster.address) as sweep:
            wait_for(held.processes)
            cluster.processes[0].kill()
            _, err = sweep.communicate(timeout=60)
        assert sweep.returncode == 1
        *lines, warning, _ = err.splitlines()
        assert len(lines) == 4, lines
        assert all("failed: on the cluster: " in line for line in lines)
        assert warning == "Warning: 4 of 4 runs failed"
        cluster.close()
        wait_for(lambda: not held.processes())


@pytest.mark.usefixtures("workplace")
class TestNoCluster:
    def refused(self, address: str, *before: str) -> str:
        """What the command says, in a process of its own for what Dask leaves behind."""
        program = "; ".join([*before, "from nnbasic.cli.main import main", "main()"])
        command = ["sweep", "--config=small", "--dask", address]
        ended = subprocess.run(
            [sys.executable, "-c", program, *command], capture_output=True, text=True, timeout=60
        )
        assert (ended.returncode, ended.stdout) == (2, "")
        assert not Path("runs").exists()
        (line,) = ended.stderr.splitlines()
        return line

    @pytest.mark.slow
    def test_nobody_there(self) -> None:
        assert self.refused("tcp://127.0.0.1:9") == (
            "Error: no Dask scheduler answered at tcp://127.0.0.1:9 within 5 s; is it running?"
        )

    @pytest.mark.slow
    def test_no_address(self) -> None:
        assert "is not an address such as tcp://host:8786: missing port" in self.refused("here")


class TestFiles:
    """Of a run, from worker to runs."""

    def test_there_and_back(self, finished: Run, tmp_path: Path) -> None:
        (finished.directory / ".lock").write_text("this machine's")
        files = read_files(finished)
        copy = write_files(tmp_path / "new" / "runs", files)
        assert copy.id == finished.id
        assert read_files(copy) == files
        assert not (copy.directory / ".lock").exists()
        assert list((tmp_path / "new" / "runs").iterdir()) == [copy.directory]

    def test_another_run_of_the_same_id_is_not_overwritten(self, finished: Run) -> None:
        before = read_files(finished)
        with pytest.raises(OSError, match="not empty"):
            write_files(finished.directory.parent, before | {"run.json": b"other"})
        assert read_files(finished) == before
        assert list(finished.directory.parent.iterdir()) == [finished.directory]

    def test_a_run_that_had_begun_is_completed_but_stays_the_persons(self, finished: Run) -> None:
        files = read_files(finished)
        finished.write(replace(finished.user(), tags=["mine"]))
        (finished.directory / "run.json").write_text("old")
        (finished.directory / "predictions.npz").unlink()
        write_files(finished.directory.parent, files, begun=finished)
        assert finished.user().tags == ["mine"]
        mine = {"user.json": (finished.directory / "user.json").read_bytes()}
        assert read_files(finished) == files | mine

    def test_a_run_that_is_being_trained_here_is_left_alone(self, finished: Run) -> None:
        before = read_files(finished)
        with finished.claim(), pytest.raises(RunError, match="another process is training"):
            write_files(finished.directory.parent, before | {"run.json": b"x"}, begun=finished)
        assert read_files(finished) == before
