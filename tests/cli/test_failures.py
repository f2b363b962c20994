"""Where errors end: a stdout that takes nothing, a fault that nobody foresaw, a Ctrl-C."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support import NNBASIC, PATIENCE, PLUGIN, Command, started

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="/dev/full and pipes of POSIX")

PRINTS = ["--help", "runs list --json"]


def ended(command: str, stdout: int, **environment: str) -> tuple[int, str]:
    """The exit code of ``command`` and what it wrote to stderr."""
    done = subprocess.run(
        [NNBASIC, *command.split()],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize("unbuffered", ["", pytest.param("1", marks=pytest.mark.slow)])
@pytest.mark.parametrize("command", PRINTS)
def test_a_full_stdout_is_one_message(workplace: Path, command: str, unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        assert ended(command, full.fileno(), PYTHONUNBUFFERED=unbuffered) == (
            1,
            "Error: stdout: No space left on device\n",
        )


@pytest.mark.parametrize("command", PRINTS)
def test_a_reader_that_has_gone_is_no_news(workplace: Path, command: str) -> None:
    """As of `| head`: there is nobody to tell."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert ended(command, writer) == (1, "")
    finally:
        os.close(writer)


def test_a_training_whose_result_cannot_be_printed_is_recorded(workplace: Path) -> None:
    with Path("/dev/full").open("w") as full:
        code, err = ended("train --config small --quiet --epochs 1", full.fileno())
    assert (code, err) == (1, "Error: stdout: No space left on device\n")
    assert '"status": "finished"' in next(Path("runs").glob("*/run.json")).read_text()


@pytest.mark.slow
def test_a_full_stderr_ends_no_training(workplace: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [NNBASIC, "train", "--config", "small", "--epochs", "1"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=full, text=True, check=True)
    assert done.stdout.startswith("test accuracy")


@pytest.mark.parametrize("command", PRINTS)
def test_closed_streams_are_no_fault(workplace: Path, command: str) -> None:
    script = f'exec "{NNBASIC}" {command} 1>&- 2>&-'
    assert subprocess.run(["bash", "-c", script], check=False).returncode == 0


@pytest.mark.parametrize("fault", ["ZeroDivisionError", "EOFError"])  # click takes one for Ctrl-D
def test_an_unforeseen_fault_shows_where_it_is(
    workplace: Path, nnbasic: Command, fault: str
) -> None:
    code = PLUGIN.format(name="faulty")
    Path("faulty.py").write_text(code.replace("return dout", f"raise {fault}('oh')  #"))
    Path("faulty.yaml").write_text("activation: faulty\ninit: he\nplugins: [faulty.py]\n")
    said = nnbasic("gradcheck", "--config", "faulty")
    assert (said.code, said.out) == (1, "")
    assert said.err.lstrip().startswith("Error in a plugin:\n")
    assert f'{workplace / "faulty.py"}", line 17, in backward\n' in said.err
    assert said.err.endswith(f"\n{fault}: oh\n")


def test_a_ctrl_c_is_one_word(workplace: Path) -> None:
    """In a command that holds no run: it waits for a config from a pipe."""
    os.mkfifo("pipe.yaml")
    with started(NNBASIC, "gradcheck", "--config", "pipe.yaml") as process:
        writer = os.open("pipe.yaml", os.O_WRONLY)  # returns once somebody reads
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
        os.close(writer)
    assert (process.returncode, err) == (130, "\nInterrupted.\n")
