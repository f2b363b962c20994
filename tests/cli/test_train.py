"""`nnbasic train` as a person or a script uses it."""

import re
from pathlib import Path

import pytest

from nnbasic.configs import load
from nnbasic.training import Run, find
from support import PLUGIN, Command, content, stopped_after_one

pytest.importorskip("resource")


def runs(workplace: Path) -> list[Path]:
    return sorted(path for path in (workplace / "runs").glob("*"))


class TestFinished:
    def test_what_a_person_sees(self, workplace: Path, nnbasic: Command) -> None:
        said = nnbasic("train", "--config", "small.yaml")
        assert said.code == 0
        assert re.fullmatch(
            r"test accuracy \d\d\.\d\d ± \d\.\d\d % on digits \(loss \d\.\d{4}\), best"
            r" epoch 3 of 3, \d\.\d s\nruns/\d{8}T\d{6}Z-small-[0-9a-f]{4}\n",
            said.out,
        )
        assert re.fullmatch(
            r"(epoch [123]/3  train loss \d\.\d{4} acc \d\d\.\d\d %"
            r"  val loss \d\.\d{4} acc \d\d\.\d\d %  \d\.\d s\n){3}",
            said.err,
        )
        assert max(map(len, [*said.out.splitlines(), *said.err.splitlines()])) <= 80

    def test_the_files_of_a_run(self, workplace: Path, nnbasic: Command) -> None:
        nnbasic("train", "--config", "small")
        (run,) = runs(workplace)
        assert {file.name for file in run.iterdir() if file.name[0] != "."} == {
            "config.yaml", "run.json", "user.json", "metrics.jsonl", "diagnostics.jsonl",
            "last.npz", "best.npz", "predictions.npz",
        }  # fmt: skip
        assert {path.name for path in workplace.iterdir()} == {"small.yaml", "runs"}

    def test_json(self, workplace: Path, nnbasic: Command) -> None:
        said = nnbasic("train", "--config", "small", "--json")
        assert said.code == 0
        summary = said.json()
        (directory,) = runs(workplace)
        run = Run(directory)
        record = run.record()
        assert record.best is not None
        assert summary == {
            "run": run.id,
            "directory": f"runs/{run.id}",
            "name": "small",
            "status": "finished",
            "reason": None,
            "dataset": "digits",
            "dataset_fallback": False,
            "epochs": 3,
            "test_accuracy": record.test_accuracy,
            "test_standard_error": record.test_error,
            "test_loss": record.test_loss,
            "best": {"epoch": 3, "val_accuracy": record.best.val_accuracy},
            "seconds": record.seconds,
        }
        assert summary["test_accuracy"] > 0.5
        assert len(said.err.splitlines()) == 3

    def test_options_change_the_config(self, nnbasic: Command) -> None:
        command = "train --config small --set optimizer.lr=0.05 --set epochs=7 --epochs 1 --seed 4"
        summary = nnbasic(*command.split(), "--name", "slower", "--json").json()
        assert summary["name"] == "slower"
        config = find("slower").config()
        assert config == load("small", ["optimizer.lr=0.05", "epochs=1", "seed=4"])

    def test_another_folder_for_the_runs(self, workplace: Path, nnbasic: Command) -> None:
        where = workplace / "deep" / "my runs"
        summary = nnbasic("train", "--config", "small", "--runs", where, "--json").json()
        assert Path(summary["directory"]).parent == where
        assert not (workplace / "runs").exists()
        assert nnbasic("eval", "--runs", where, "--json").json()["run"] == summary["run"]

    def test_the_config_of_a_run_repeats_it(self, nnbasic: Command) -> None:
        nnbasic("train", "--config", "small", "--seed", 3, "--name", "first")
        first = find("first")
        nnbasic("train", "--config", first.directory / "config.yaml", "--name", "second")
        second = find("second")
        assert content(first) == content(second)
        third = nnbasic("train", "--config", first.directory / "config.yaml", "--json").json()
        assert third["name"] == "first"
        assert first.record().identity == second.record().identity

    @pytest.mark.parametrize(
        "name",
        ["", "활성화", "../up", ".", "--config", "x" * 300, "'\""],
    )
    def test_odd_names(self, workplace: Path, nnbasic: Command, name: str) -> None:
        summary = nnbasic("train", "--config", "small", "--epochs", 1, "--json", f"--name={name}")
        assert summary.json()["name"] == (name or "small")
        (directory,) = runs(workplace)
        assert directory.is_dir()
        if name not in ("", "."):
            assert nnbasic("eval", "--json", "--", name).json()["run"] == directory.name


def test_step_does_not_learn(nnbasic: Command) -> None:
    said = nnbasic("train", "--config", "small", "--epochs", 1, "--set", "activation=step")
    assert said.code == 0
    assert said.err.startswith("Warning: ")
    assert "step" in said.err


class TestRefused:
    """Exit code 2, one message, and no trace on the disk."""

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ((), "Give --config FILE (`nnbasic configs list` names some) or --resume RUN"),
            (("--config", "smal"), "did you mean"),
            (("--config", "small", "--set", "epoch=3"), "did you mean 'epochs'?"),
            (("--config", "small", "--seed", "-1"), "seed"),
            (("--config", "small", "--set", "data.validation=12000"), "between 0 and 11999"),
            (("--config", "small", "--set", "data.dataset=mnist"), "Connection refused"),
            (("--resume", "x", "--config", "small"), "--resume goes on with the run's own config"),
            (("--resume", "x", "--name", "y"), "--resume goes on with the run's own config"),
            (("--resume", "x"), "no run 'x' in runs"),
            (("--config", "small", "--fail-under", "nan"), "nan is not between 0 and 1"),
        ],
    )
    def test_the_command_line(
        self, workplace: Path, nnbasic: Command, arguments: tuple[str, ...], words: str
    ) -> None:
        assert nnbasic("train", *arguments, "--json").refused(words)
        assert {path.name for path in workplace.iterdir()} <= {"small.yaml"}

    @pytest.mark.parametrize("folder", ["small.yaml", "small.yaml/deeper", "/proc/nowhere"])
    def test_a_runs_folder_that_cannot_be_is_refused_before_data_are_looked_for(
        self, workplace: Path, nnbasic: Command, folder: str
    ) -> None:
        before = (workplace / "small.yaml").read_bytes()
        arguments = ("--config", "small", "--runs", folder, "--set", "data.dataset=mnist")
        for command in "train", "sweep":
            assert nnbasic(command, *arguments).refused(f"{folder}: cannot make a run directory")
        assert (workplace / "small.yaml").read_bytes() == before


def test_a_plugin_goes_all_the_way(workplace: Path, nnbasic: Command) -> None:
    (workplace / "plugins").mkdir()
    Path("plugins/squared.py").write_text(PLUGIN.format(name="squared"))
    Path("squared.yaml").write_text(
        Path("small.yaml").read_text()
        + "activation: {name: squared, power: 1.5}\ninit: he\nplugins: [plugins/squared.py]\n"
    )
    assert nnbasic("gradcheck", "--config", "squared").code == 0
    straight = nnbasic("train", "--config", "squared", "--json").json()
    run = stopped_after_one("squared", "stopped")
    resumed = nnbasic("train", "--resume", run.id, "--json").json()
    assert resumed["test_loss"] == straight["test_loss"]
    assert resumed["test_accuracy"] > 0.5
    assert nnbasic("eval", run.id, "--json").json()["loss"] == straight["test_loss"]
    again = nnbasic("train", "--config", run.directory / "config.yaml", "--json").json()
    assert again["test_loss"] == straight["test_loss"]
