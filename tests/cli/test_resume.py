"""`nnbasic train --resume`: from anywhere, and what is not gone on with."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from nnbasic import data
from nnbasic.configs import load
from nnbasic.training import Run, find, start
from support import SMALL, Command, finish, stopped_after_one


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with one epoch done of three, beside one with all of them. To be copied first."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "small.yaml").write_text(SMALL)
    with pytest.MonkeyPatch.context() as patch, threadpool_limits(1, user_api="blas"):
        patch.chdir(folder)
        whole, digits = load("small"), data.load("digits", validation=9000)
        finish(start(whole, digits, runs=Path("runs"), name="whole"), digits)
        stopped_after_one("small", "stopped")
    return folder / "runs"


class TestResume:
    @pytest.fixture
    def stopped(self, workplace: Path, two_runs: Path) -> Run:
        shutil.copytree(two_runs, workplace / "runs")
        return find("stopped")

    def test_of_several_with_one_name_the_newest_that_can_be_resumed(
        self, stopped: Run, nnbasic: Command
    ) -> None:
        whole = find("whole")
        for number in (1, 2):
            again = stopped.directory.parent / f"2100010{number}T000000Z-again-0000"
            shutil.copytree(whole.directory, again)
            nnbasic("runs", "rename", again.name, "stopped")
        said = nnbasic("train", "--resume", "stopped", "--quiet")
        assert said.code == 0
        assert said.err == (
            f"3 runs are called 'stopped'; this is the newest that can be resumed: {stopped.id}\n"
        )
        said = nnbasic("train", "--resume", "stopped")
        assert said.refused("3 runs are called 'stopped', and none of them can be resumed")

    def test_from_another_directory(
        self,
        stopped: Run,
        workplace: Path,
        nnbasic: Command,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        elsewhere = tmp_path / "else where"
        elsewhere.mkdir()
        monkeypatch.chdir(elsewhere)
        said = nnbasic("train", "--resume", workplace / stopped.directory, "--json")
        assert said.json()["directory"] == str(workplace / stopped.directory)
        assert list(elsewhere.iterdir()) == []

    def test_another_environment_is_named(
        self, stopped: Run, nnbasic: Command, tmp_path: Path
    ) -> None:
        """With another number of threads a product may be summed in another order."""
        path, plugin = stopped.directory / "run.json", tmp_path / "mine.py"
        plugin.write_text("edited = True")
        record = json.loads(path.read_text()) | {"threads": 64, "code_sha256": "0" * 64}
        record["plugins"] = {str(plugin): "0" * 64}
        record["versions"] |= {"numpy": "1.0", "git_commit": "an older one"}
        path.write_text(json.dumps(record))
        said = nnbasic("train", "--resume", "stopped", "--quiet")
        assert said.code == 0
        assert said.err.startswith(
            "Warning: the last bits may differ from those of an uninterrupted"
        )
        assert f"numpy 1.0, now {np.__version__}" in said.err
        assert "code 00000000, now" in said.err
        assert "mine.py 00000000, now" in said.err
        assert "BLAS threads 64, now 1" in said.err
        assert "commit" not in said.err  # it may have changed nothing that computes

    def test_other_data(self, stopped: Run, nnbasic: Command) -> None:
        path = stopped.directory / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"dataset_sha256": "0" * 64}))
        assert nnbasic("train", "--resume", "stopped").refused("trained on digits 000000000000…")
