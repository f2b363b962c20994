"""The progress bars of `nnbasic train` and `sweep` in a real terminal of 80 columns."""

import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nnbasic.training import newest
from support import BASE, NNBASIC, PATIENCE, epochs_on_disk, run, started, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of POSIX")


class TestTerminal:
    """stderr is a real terminal of 80 columns."""

    @pytest.fixture
    def terminal(self) -> Iterator[tuple[int, Callable[[], str]]]:
        """A terminal's end for the process, and a function that reads all that was written."""
        pty = pytest.importorskip("pty")
        import fcntl
        import struct
        import termios
        import threading

        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        received: list[bytes] = []

        def read() -> None:
            with contextlib.suppress(OSError):
                while chunk := os.read(ours, 65536):
                    received.append(chunk)

        thread = threading.Thread(target=read, daemon=True)
        thread.start()

        def text() -> str:
            with contextlib.suppress(OSError):  # it is closed already
                os.close(theirs)
            thread.join(timeout=PATIENCE)
            return b"".join(received).decode()

        yield theirs, text
        text()  # ends the thread, also when the test has failed
        os.close(ours)

    def test_two_bars_that_fit_and_leave_nothing(
        self, workplace: Path, terminal: tuple[int, Callable[[], str]]
    ) -> None:
        Path("some.yaml").write_text(BASE)
        theirs, text = terminal
        command = ("train", "--config", "some", "--json")
        with started(NNBASIC, *command, stderr=theirs) as process:
            out, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        written = text()
        assert json.loads(out)["status"] == "finished"
        assert re.search(r"epoch   1/12 +\d+%\|.{8}\| ETA \d\d:\d\d", written)
        assert re.search(
            r"batch [ \d]{3}/300 +\d+%\|.{8}\| ETA \d\d:\d\d, loss \S+, acc \d+\.\d %, lr \S+",
            written,
        )
        frames = re.split(r"[\r\n]|\x1b\[\w", written)
        assert 60 < max(map(len, frames)) <= 80
        lines = [line for line in screen(written) if line]
        assert len(lines) == 12
        for number, line in enumerate(lines, 1):
            assert re.fullmatch(
                rf"epoch {number:>2}/12  train loss \S+ acc \S+ %  val loss \S+ acc \S+ %  \S+ s",
                line,
            )

    @pytest.mark.slow
    def test_one_bar_over_all_runs_of_a_sweep(
        self, workplace: Path, terminal: tuple[int, Callable[[], str]]
    ) -> None:
        theirs, text = terminal
        command = ("--vary=activation=tanh,relu", "--seeds=1", "--jobs=1", "--set=epochs=40")
        with started(NNBASIC, "sweep", "--config=small", *command, stderr=theirs) as process:
            process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        written = text()
        assert re.search(r"runs 0/2   0%\|.{30,}\| 00:00, ETA \?", written)
        for ended in "01":
            bar = rf"runs {ended}/2  \d\d%\|.{{30,}}\| 00:\d\d, ETA 00:\d\d"
            assert re.search(bar, written)
        assert 60 < max(map(len, re.split(r"[\r\n]+", written))) <= 80
        lines = [line.partition(", validation ")[0] for line in screen(written) if line]
        assert lines == ["tanh seed 0: finished", "relu seed 0: finished"]

    def test_a_ctrl_c_leaves_the_epochs_and_the_command(
        self, workplace: Path, terminal: tuple[int, Callable[[], str]]
    ) -> None:
        Path("some.yaml").write_text(BASE.replace("epochs: 12", "epochs: 500"))
        theirs, text = terminal
        with started(NNBASIC, "train", "--config", "some", stderr=theirs) as process:
            wait_for(lambda: epochs_on_disk() >= 2, process)
            os.write(theirs, b"^C")  # as the terminal writes it
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        written = text()
        assert written.partition("Interrupted")[0].endswith("\x1b[J")  # where ^C may be
        lines = [line for line in screen(written) if line]
        assert lines[-1] == f"  nnbasic train --resume {newest().id}"
        assert re.fullmatch(r"Interrupted after \d+ of 500 epochs. Continue with:", lines[-2])
        for line in lines[:-2]:
            assert re.match(r"epoch [ \d]{3}/500  train loss", line)

    def test_a_run_that_cannot_begin_shows_no_bar(
        self, workplace: Path, terminal: tuple[int, Callable[[], str]]
    ) -> None:
        run("train", "--config", "small", "--epochs", 1)
        theirs, text = terminal
        with started(NNBASIC, "train", "--resume", newest().id, stderr=theirs) as process:
            process.communicate(timeout=PATIENCE)
        assert process.returncode == 2
        said = " ".join("".join(screen(text())).split())
        assert said.endswith("the run has finished; there is nothing to resume")

    def test_our_styles_pass_and_those_of_others_are_escaped(
        self, workplace: Path, terminal: tuple[int, Callable[[], str]]
    ) -> None:
        (workplace / "runs" / "foreign\x1b[31m").mkdir(parents=True)
        theirs, text = terminal
        with started(NNBASIC, "runs", "list", stderr=theirs) as process:
            process.communicate(timeout=PATIENCE)
        warning = "\x1b[33m\x1b[1mWarning:\x1b[0m runs/foreign\\x1b[31m: not a run"
        assert text().startswith(warning)

    def test_a_long_message_is_wrapped_and_what_is_copied_stays_whole(
        self, workplace: Path, terminal: tuple[int, Callable[[], str]]
    ) -> None:
        path = f"{workplace}/{'a-folder/' * 9}none.yaml"
        theirs, text = terminal
        with started(NNBASIC, "train", "--config", path, stderr=theirs) as process:
            process.communicate(timeout=PATIENCE)
        lines = text().splitlines()
        assert any(path in line for line in lines)
        assert any("`nnbasic configs list`" in line for line in lines)
        assert all(len(line) <= 80 for line in lines if path not in line)
        piped = run("train", "--config", path).err
        assert len(piped.splitlines()) < len(lines)
        assert " ".join("\n".join(lines).split()) == " ".join(piped.split())


def screen(written: str) -> list[str]:
    """What a terminal shows after ``written``: of its commands, those that occur here."""
    lines, row, column = [""], 0, 0
    for part in re.findall(r"\x1b\[\w|\r|\n|[^\x1b\r\n]+", written):
        if part == "\r":
            column = 0
        elif part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\x1b[A":
            row -= 1
        elif part == "\x1b[J":
            lines[row:] = [lines[row][:column]]
        else:
            assert part[0] != "\x1b", f"an unknown command: {part!r}"
            line = lines[row].ljust(column)
            lines[row] = line[:column] + part + line[column + len(part) :]
            column += len(part)
    return [line.rstrip() for line in lines]
