"""The installed `nnbasic` as a real process: interrupted, killed and resumed."""

import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from nnbasic.training import newest
from nnbasic.training.machine import cores
from nnbasic.training.parallel import AVAILABLE
from support import (
    BASE,
    NNBASIC,
    PATIENCE,
    SCRIPTS,
    content,
    epochs_on_disk,
    run,
    started,
    wait_for,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of POSIX")

SLOW = [pytest.param(number, marks=pytest.mark.slow) for number in (signal.SIGTERM, signal.SIGKILL)]

LONG = BASE.replace("epochs: 12", "epochs: 500")
"""It surely trains until it is stopped."""


def group(number: int) -> list[str]:
    """The states of the processes of this group that are alive."""
    states = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            state, _, its_group = file.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == number and state != "Z":
                states.append(state)
    return states


def test_from_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither MNIST nor a network: the digits are drawn, and it is said so."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NNBASIC_DATA", raising=False)
    monkeypatch.setenv("NNBASIC_MIRRORS", "http://127.0.0.1:9/")
    small = ["--epochs", 2, "--set", "layers=[784, 64, 10]"]
    trained = run("train", "--config", "relu.yaml", "--json", *small)
    assert trained.code == 0
    assert "Warning: MNIST is not available" in trained.err
    summary = json.loads(trained.out)
    assert summary["dataset"] == "digits"
    assert summary["test_accuracy"] > 0.8
    assert {path.name for path in tmp_path.iterdir()} == {"runs"}
    scored = run("eval", "--json")
    assert (scored.code, scored.err) == (0, "")
    assert json.loads(scored.out)["accuracy"] == summary["test_accuracy"]
    assert json.loads(scored.out)["loss"] == summary["test_loss"]


@pytest.mark.slow
def test_stopped_and_resumed(workplace: Path) -> None:
    """By Ctrl-C and by kill -9, and with the bits of a run that was never stopped."""
    early_stopping = "early_stopping: {patience: 20, metric: val_loss, min_delta: 0.02}\n"
    optimizer = "optimizer: {name: sgd, lr: 0.05, momentum: 0.9, nesterov: true, clip_norm: 0.5}\n"
    own = "activation: prelu\nschedule: constant\n" + optimizer + early_stopping
    Path("some.yaml").write_text(BASE.replace("epochs: 12", "epochs: 80") + own)
    command = f"{NNBASIC} train --config some --quiet"
    with started(*command.split()) as process:
        wait_for(lambda: epochs_on_disk() >= 0, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    stopped = newest()
    assert (process.returncode, out, stopped.status()) == (130, "", "interrupted")
    assert "Traceback" not in err
    done = stopped.record().epoch
    first, resume = err.splitlines()[-2:]
    assert first == f"Interrupted after {done} of 80 epochs. Continue with:"
    environment = os.environ | {"PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"}
    with started(*resume.split(), "--quiet", env=environment) as process:
        wait_for(lambda: epochs_on_disk() > done, process)
        process.kill()
        process.communicate(timeout=PATIENCE)
    assert stopped.status() == "crashed"
    assert run("train", "--resume", stopped.id, "--quiet").code == 0
    assert run("train", "--config", "some", "--quiet").code == 0
    assert content(stopped) == content(newest())
    assert stopped.record().epoch < 80  # it stopped early


class TestInterrupted:
    @pytest.mark.skipif(not AVAILABLE, reason="teams need Linux")
    @pytest.mark.parametrize("number", [signal.SIGINT, *SLOW])
    def test_as_a_group_of_processes(
        self, workplace: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
    ) -> None:
        """A terminal sends Ctrl-C to all of the group. None of it outlives the main process."""
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
        Path("some.yaml").write_text(LONG.replace("batch_size: 10", "batch_size: 32"))
        with started(
            NNBASIC, "train", "--config", "some", "--quiet", start_new_session=True
        ) as process:
            wait_for(lambda: epochs_on_disk() >= 1, process)
            assert len(group(process.pid)) == min(2, cores())
            if number == signal.SIGKILL:
                process.kill()
            else:
                os.killpg(process.pid, number)
            process.communicate(timeout=PATIENCE)
            wait_for(lambda: not group(process.pid))
        assert newest().status() == ("crashed" if number == signal.SIGKILL else "interrupted")

    def test_as_json(self, workplace: Path) -> None:
        Path("some.yaml").write_text(LONG)
        with started(NNBASIC, "train", "--config", "some", "--json") as process:
            wait_for(lambda: epochs_on_disk() >= 1, process)
            process.terminate()
            out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        summary = json.loads(out)
        assert (summary["status"], summary["test_accuracy"]) == ("interrupted", None)
        assert err.endswith(f"  nnbasic train --resume {summary['run']}\n")

    def test_by_an_impatient_user(self, workplace: Path) -> None:
        """Pressing Ctrl-C again and again does not break off the writing of the record."""
        Path("some.yaml").write_text(LONG)
        with started(NNBASIC, "train", "--config", "some", "--quiet") as process:
            wait_for(lambda: epochs_on_disk() >= 1, process)
            for _ in range(5):
                process.send_signal(signal.SIGINT)
                time.sleep(0.002)
            _, err = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in err
        assert newest().status() == "interrupted"

    @pytest.mark.parametrize("number", [signal.SIGINT, SLOW[0]])
    def test_before_there_is_a_run(self, workplace: Path, number: signal.Signals) -> None:
        """A config that is a pipe, into which nothing is written, holds it up."""
        os.mkfifo("pipe.yaml")
        writer: list[int] = []

        def is_read() -> bool:
            with contextlib.suppress(OSError):  # as long as nobody reads
                writer.append(os.open("pipe.yaml", os.O_WRONLY | os.O_NONBLOCK))
            return bool(writer)

        with started(NNBASIC, "train", "--config", "pipe.yaml") as process:
            wait_for(is_read, process)
            process.send_signal(number)
            os.close(*writer)  # the signal may have come just before the read began
            out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out) == (130, "")
        assert err == "\nInterrupted before the training began.\n"
        assert not Path("runs").exists()

    @pytest.mark.slow
    def test_by_a_closed_terminal_but_not_under_nohup(self, workplace: Path) -> None:
        Path("some.yaml").write_text(BASE)
        for hangup, code in ((signal.SIG_DFL, 130), (signal.SIG_IGN, 0)):
            name = hangup.name.lower()
            with started(
                *(NNBASIC, "train", "--config", "some", "--quiet", "--name", name), hangup=hangup
            ) as process:
                wait_for(lambda name=name: list(Path("runs").glob(f"*{name}*/best.npz")), process)
                process.send_signal(signal.SIGHUP)
                process.communicate(timeout=PATIENCE)
            assert process.returncode == code

    def test_the_printed_command_names_the_folders_that_were_given(
        self, workplace: Path, mnist_directory: Path
    ) -> None:
        Path("some.yaml").write_text(LONG.replace("digits", "mnist"))
        folders = ["--runs", "my runs", "--data", str(mnist_directory)]
        with started(NNBASIC, "train", "--config", "some", "--quiet", *folders) as process:
            wait_for(lambda: list(Path("my runs").glob("*/last.npz")), process)
            process.terminate()
            _, err = process.communicate(timeout=PATIENCE)
        (directory,) = Path("my runs").iterdir()
        assert err.splitlines()[1] == (
            f"  nnbasic train --resume '{directory}' --data {mnist_directory}"
        )


def test_a_run_is_trained_by_one_process_at_a_time(workplace: Path) -> None:
    Path("some.yaml").write_text(LONG)
    with started(NNBASIC, "train", "--config", "some", "--quiet") as process:
        wait_for(lambda: epochs_on_disk() >= 1, process)
        live = newest()
        assert live.status() == "running"
        second = run("train", "--resume", live.id)
        assert second.code == 2
        assert second.err == (
            f"Error: {live.directory}: another process is training this run; end it first"
            " (Ctrl-C keeps it)\n"
        )
        assert live.status() == "running"
        process.kill()
        process.wait()
    assert live.status() == "crashed"
