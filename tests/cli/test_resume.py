"""`nnbasic train --resume`: every way to name a run, and what is not gone on with."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnbasic.runs import Run, find
from support import content, stopped_after_one

Command = Callable[..., Any]


class TestResume:
    @pytest.fixture
    def stopped(self, workplace: Path, nnbasic: Command) -> Run:
        """A run with one epoch done of three, beside one with all of them."""
        nnbasic("train", "--config", "small", "--quiet", "--name", "whole")
        return stopped_after_one("small", "stopped")

    @pytest.mark.parametrize("way", ["id", "prefix", "name", "directory", "absolute"])
    def test_every_way_to_name_it(self, stopped: Run, nnbasic: Command, way: str) -> None:
        text = {
            "id": stopped.id,
            "prefix": stopped.id[:-1],
            "name": "stopped",
            "directory": stopped.directory,
            "absolute": stopped.directory.absolute(),
        }[way]
        said = nnbasic("train", "--resume", text, "--json")
        assert said.code == 0
        assert said.json()["run"] == stopped.id
        assert content(stopped) == content(find("whole"))

    def test_from_another_directory(
        self,
        stopped: Run,
        workplace: Path,
        nnbasic: Command,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        elsewhere = tmp_path / "else where"
        (elsewhere / "data").mkdir(parents=True)
        (elsewhere / "data" / "digits").symlink_to(workplace / "data" / "digits")
        monkeypatch.chdir(elsewhere)
        said = nnbasic("train", "--resume", workplace / stopped.directory, "--json")
        assert said.json()["directory"] == str(workplace / stopped.directory)
        assert [path.name for path in elsewhere.iterdir()] == ["data"]

    def test_another_environment_is_named(
        self, stopped: Run, nnbasic: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With another number of threads a product may be summed in another order."""
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
        path = stopped.directory / "run.json"
        record = json.loads(path.read_text()) | {"threads": 64}
        record["versions"]["numpy"] = "1.0"
        path.write_text(json.dumps(record))
        said = nnbasic("train", "--resume", "stopped", "--quiet")
        assert said.code == 0
        assert said.err.startswith(
            "Warning: the last bits may differ from those of an uninterrupted"
        )
        assert f"numpy 1.0, now {np.__version__}" in said.err
        assert "BLAS threads 64, now 1" in said.err

    def test_what_is_over(self, stopped: Run, nnbasic: Command) -> None:
        whole = find("whole")
        before = content(whole)
        assert nnbasic("train", "--resume", "whole").refused("finished", "nothing to resume")
        assert content(whole) == before

    def test_an_ambiguous_run(self, stopped: Run, nnbasic: Command) -> None:
        said = nnbasic("train", "--resume", stopped.id[:8])
        assert said.refused("could mean 2 runs", stopped.id, find("whole").id)

    @pytest.mark.parametrize(
        ("damage", "words"),
        [
            (lambda whole: whole[: len(whole) // 2], "damaged, or no checkpoint"),
            (lambda whole: pickle.dumps({}), "damaged, or no checkpoint"),
            (lambda whole: b"", "damaged, or no checkpoint"),
        ],
    )
    def test_a_damaged_checkpoint(
        self, stopped: Run, nnbasic: Command, damage: Callable[[bytes], bytes], words: str
    ) -> None:
        damaged = damage(find("whole").best.read_bytes())
        stopped.last.write_bytes(damaged)
        record = (stopped.directory / "run.json").read_bytes()
        assert nnbasic("train", "--resume", "stopped").refused(f"{stopped.last}: {words}")
        assert stopped.last.read_bytes() == damaged
        assert (stopped.directory / "run.json").read_bytes() == record

    def test_a_checkpoint_of_other_shapes(self, stopped: Run, nnbasic: Command) -> None:
        nnbasic("train", "--config", "small", "--set", "layers=[784, 17, 10]", "--name", "wider")
        shutil.copy(find("wider").last, stopped.last)
        said = nnbasic("train", "--resume", "stopped")
        assert said.refused("not a checkpoint of this network: ", "(784, 17)", "(784, 16)")

    def test_other_data(self, stopped: Run, nnbasic: Command) -> None:
        path = stopped.directory / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"dataset_sha256": "0" * 64}))
        assert nnbasic("train", "--resume", "stopped").refused("trained on digits 000000000000…")
