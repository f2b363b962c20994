"""What comes from others is not run, and nothing is written outside the folder that was named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from nnbasic.configs import ConfigError, load
from nnbasic.sweeps.cluster import read_files, write_files
from nnbasic.sweeps.learning_rates import choose_rates
from nnbasic.training import Run, RunError
from nnbasic.training.curation import discard, purge, restore, tag
from nnbasic.training.storage import FILES
from support import NNBASIC

TRAP = "open({marker!r}, 'a').write(__name__ + '\\n')\nraise SystemExit(f'{{__name__}} was run')\n"

SMALL = "layers: [784, 8, 10]\nepochs: 1\ndata: {dataset: digits, validation: 9000}\n"

PLUGIN = """
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnbasic.model import ACTIVATIONS, Elementwise

with Path(__file__).with_name("executed").open("a") as file:
    file.write("once\\n")


@ACTIVATIONS.register("ours")
@dataclass(frozen=True)
class Ours(Elementwise):
    def forward(self, z, out, work):
        np.maximum(z, 0, out=out)

    def backward(self, gradient, z, a, out, work):
        np.multiply(gradient, z > 0, out=out)
"""


def done(*words: object) -> subprocess.CompletedProcess[str]:
    command = [NNBASIC, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)


class TestModules:
    """A file lies in the current folder for each module that a program could import."""

    @pytest.fixture
    def trapped(self, workplace: Path) -> Path:
        """The working directory; a trap that was sprung writes its name to the file that it is."""
        marker = workplace.parent / "sprung"
        names = {*sys.stdlib_module_names, *packages_distributions(), "yaml", "tensorboardX"}
        for name in names - {"data", "nnbasic"}:
            Path(f"{name}.py").write_text(TRAP.format(marker=str(marker)))
        Path("small.yaml").write_text(SMALL)
        return marker

    def test_no_command_runs_one(self, trapped: Path) -> None:
        import numpy as np

        picture = np.zeros((28, 28), np.uint8)
        picture[4:24, 13:16] = 255
        np.save("picture.npy", picture)
        for command in (
            "train --config small --name first --quiet",
            "sweep --config small --seeds 2 --jobs 2",
            "runs list",
            "runs show first",
            "runs diff first small",
            "runs tag first good",
            "runs export first --csv a.csv --tensorboard events",
            "compare --report a.html",
            "eval first",
            "predict first picture.npy",
            "draw first",
            "gradcheck --config small",
            "configs list",
            "configs schema",
            "data show --dataset digits",
            "activations relu --plot a.svg",
            "runs rm first",
        ):
            ended = done(*command.split())
            assert ended.returncode == 0, (command, ended.stderr)
            assert not trapped.exists(), (command, trapped.read_text())

    def test_nor_does_a_library_call_that_starts_processes(self, trapped: Path) -> None:
        program = (
            "from pathlib import Path\n"
            "from nnbasic.data import load\n"
            "from nnbasic.sweeps.local import run_local\n"
            "from nnbasic.sweeps.plan import cells, jobs\n"
            "found = jobs(cells('small.yaml', [], []), [0],"
            " {'digits': load('digits', validation=9000)})\n"
            "print([*run_local(found, Path('runs'), None, 1)][-1].status)"
        )
        ended = subprocess.run(
            [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False
        )
        assert ended.stdout == "finished\n", ended.stderr
        assert not trapped.exists()

    def test_as_a_module_too(self, trapped: Path) -> None:
        """Python imports `pkgutil` itself before any of ours runs."""
        Path("pkgutil.py").unlink()
        command = [sys.executable, "-m", "nnbasic", "runs", "list"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (ended.returncode, trapped.exists()) == (0, False), ended.stderr

    def test_the_command_is_a_script_elsewhere(self) -> None:
        """Python looks where a script lies, and not where it is called."""
        assert Path(NNBASIC).parent == Path(sysconfig.get_path("scripts"))


class TestPlugins:
    @pytest.fixture
    def run(self, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
        """A run with a plugin, trained by somebody else."""
        monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "theirs"))
        Path("ours.py").write_text(PLUGIN)
        Path("ours.yaml").write_text(SMALL + "activation: ours\ninit: he\nplugins: [ours.py]\n")
        assert done("train", "--config", "ours", "--quiet").returncode == 0
        monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "mine"))
        (run,) = Path("runs").iterdir()
        return Run(run)

    @staticmethod
    def executed() -> int:
        file = Path("executed")
        found = len(file.read_text().splitlines()) if file.exists() else 0
        file.unlink(missing_ok=True)
        return found

    def loading(self, run: Run) -> list[list[str]]:
        """The commands that load the run; each is said what to do."""
        import numpy as np

        picture = np.zeros((28, 28), np.uint8)
        picture[4:24, 13:16] = 255
        np.save("picture.npy", picture)
        record = run.directory / "run.json"
        text = record.read_text().replace('"status": "finished"', '"status": "interrupted"')
        record.write_text(text)
        config = str(run.directory / "config.yaml")
        return [
            ["eval", run.id],
            ["predict", run.id, "picture.npy"],
            ["export", run.id, "network.npz"],
            ["configs", "check", config],
            ["configs", "show", config],
            ["train", "--resume", run.id, "--quiet"],
        ]

    def test_those_of_a_stranger_do_not_run(self, run: Run) -> None:
        assert self.executed() == 1
        for command in [*self.loading(run), ["draw", run.id]]:
            ended = done(*command)
            assert ended.returncode == 2, command
            assert "ours.py was not run: you have not trained with this file here" in ended.stderr
            assert "--trust-plugins" in ended.stderr
        for command in (["runs", "show", run.id], ["compare", "--report", "a.html"]):
            assert done(*command).returncode == 0
        assert self.executed() == 0

    def test_the_user_may_say_that_they_do(self, run: Run) -> None:
        self.executed()
        for command in self.loading(run):
            assert done(*command, "--trust-plugins").returncode == 0, command
            assert self.executed() == 1

    def test_those_that_one_has_trained_with_do(self, run: Run) -> None:
        assert done("gradcheck", "--config", "ours").returncode == 0
        self.executed()
        for command in self.loading(run):
            assert done(*command).returncode == 0, command
            assert self.executed() == 1

    def test_not_once_they_have_changed(self, run: Run) -> None:
        with Path("ours.py").open("a") as file:
            file.write("# and more\n")
        assert done("gradcheck", "--config", "ours").returncode == 0
        self.executed()
        for command in (["eval", run.id], ["train", "--resume", run.id]):
            ended = done(*command)
            assert ended.returncode == 2
            assert "ours.py was not run: the run was not trained with this file" in ended.stderr
        assert self.executed() == 0

    def test_what_python_has_compiled_is_not_taken_for_the_file(self, workplace: Path) -> None:
        """A cache beside the file may be of any other program, and say that it is of this one."""
        Path("ours.py").write_text(PLUGIN)
        evil = Path("evil.py")
        evil.write_text("from pathlib import Path\nPath('evil').touch()\n")
        program = (
            "import importlib.util, py_compile; from py_compile import PycInvalidationMode as Mode;"
            "py_compile.compile('evil.py', importlib.util.cache_from_source('ours.py'),"
            " invalidation_mode=Mode.UNCHECKED_HASH)"
        )
        subprocess.run([sys.executable, "-c", program], check=True)
        Path("ours.yaml").write_text(SMALL + "activation: ours\ninit: he\nplugins: [ours.py]\n")
        assert load("ours").activation
        assert self.executed() == 1
        assert not Path("evil").exists()

    def test_a_plugin_that_is_no_file_is_not_waited_for(self, workplace: Path) -> None:
        os.mkfifo("ours.py")
        Path("ours.yaml").write_text(SMALL + "plugins: [ours.py]\n")
        with pytest.raises(ConfigError, match="there is no file"):
            load("ours")


class TestLinks:
    """Nothing is written, moved or deleted through a link."""

    @pytest.fixture
    def outside(self, finished: Run, tmp_path: Path) -> Path:
        outside = tmp_path / "outside"
        outside.mkdir()
        return outside

    @pytest.mark.parametrize("change", [discard, purge, restore])
    def test_a_trash_that_leads_elsewhere(
        self, finished: Run, outside: Path, change: Callable[[list[Run]], None]
    ) -> None:
        trash = finished.directory.parent / ".trash"
        trash.symlink_to(outside)
        run = finished
        if change is restore:
            run = Run(trash / finished.directory.rename(outside / finished.id).name)
        with pytest.raises(RunError, match="is a link"):
            change([run])
        assert run.directory.exists()

    def test_a_run_that_is_elsewhere(self, finished: Run, outside: Path) -> None:
        link = Run(outside / "link")
        link.directory.symlink_to(finished.directory)
        before = {path: path.read_bytes() for path in finished.directory.iterdir()}
        with pytest.raises(RunError, match=f"is a link.*: {finished.directory}"):
            tag(link, ["word"])
        with pytest.raises(RunError, match="is a link"), link.claim():
            pass
        assert {path: path.read_bytes() for path in finished.directory.iterdir()} == before

    def test_a_lock_that_leads_elsewhere(self, finished: Run, outside: Path) -> None:
        (outside / "file").write_text("precious")
        (finished.directory / ".lock").unlink()
        (finished.directory / ".lock").symlink_to(outside / "file")
        with pytest.raises(RunError, match=r"is a link, and may lead anywhere"), finished.claim():
            pass
        assert (outside / "file").read_text() == "precious"

    def test_a_folder_of_trials_that_leads_elsewhere(self, outside: Path, tmp_path: Path) -> None:
        (tmp_path / "runs" / ".lr-search").symlink_to(outside)
        with pytest.raises(RunError, match="is a link"):
            choose_rates([], {}, tmp_path / "runs", lambda jobs, runs: None)


class TestFilesOfAWorker:
    @pytest.mark.parametrize(
        "name", ["../evil", "/tmp/evil", ".", "..", ".lock", "a/b", "", "a\0b", "run.json/../x"]
    )
    def test_an_id_that_leads_elsewhere(self, tmp_path: Path, name: str) -> None:
        runs = tmp_path / "runs"
        runs.mkdir()
        with pytest.raises(RunError, match="a worker sent the id"):
            write_files(runs, {"": name.encode(), "run.json": b"{}"})
        assert [*tmp_path.iterdir()] == [runs]
        assert [*runs.iterdir()] == []

    @pytest.mark.parametrize("name", ["../evil", "/tmp/evil", ".lock", "evil.py", "a/b", "\0"])
    def test_a_file_that_is_none_of_a_run(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(RunError, match="which is no file of a run"):
            write_files(tmp_path / "runs", {"": b"run", name: b"evil"})
        assert [*tmp_path.iterdir()] == []

    def test_what_a_link_leads_to_is_not_sent(self, finished: Run, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("secret")
        (finished.directory / "user.json").unlink()
        (finished.directory / "user.json").symlink_to(tmp_path / "secret")
        (finished.directory / "other").write_text("none of a run")
        sent = read_files(finished)
        assert sent.keys() == {"", *FILES} - {"user.json"}
        assert json.loads(sent["run.json"])["id"] == finished.id
