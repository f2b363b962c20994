"""`nnbasic runs`, on runs that were really trained."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import ShellComplete

from nnbasic.cli.main import main

Command = Callable[..., Any]


@pytest.fixture
def runs(workplace: Path, trained_on_digits: Path) -> Path:
    """relu of seeds 0 and 1, and tanh, in ./runs."""
    return Path(shutil.copytree(trained_on_digits, workplace / "runs"))


@pytest.fixture
def ids(runs: Path) -> list[str]:
    started = [json.loads(path.read_text()) for path in runs.glob("*/run.json")]
    return [record["id"] for record in sorted(started, key=lambda record: record["started"])]


def edit(directory: Path, **changes: Any) -> None:
    path = directory / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def cells(out: str) -> list[list[str]]:
    """The head and the rows of the table that ``out`` begins with."""
    return [line.split() for line in out.partition("\n\n")[0].splitlines()]


class TestList:
    def test_a_row_a_run_with_what_differs(self, ids: list[str], nnbasic: Command) -> None:
        said = nnbasic("runs", "list")
        assert (said.code, said.err) == (0, "")
        head, *rows = cells(said.out)
        assert " ".join(head) == "id status activation seed epochs val. % test %"
        listed = nnbasic("runs", "list", "--json").json()["runs"]
        for row, run, each in zip(rows, ids, listed, strict=True):
            assert run.startswith(row[0])
            figures = [each["best"]["val_accuracy"], each["test_accuracy"]]
            name, seed = each["config"]["activation"]["name"], str(each["config"]["seed"])
            assert row[1:] == ["finished", name, seed, "2/2", *(f"{100 * f:.2f}" for f in figures)]
        assert said.out.endswith("3 runs on digits: 3 finished.\n")

    def test_ids_are_cut_no_shorter_than_they_can_be_used(
        self, runs: Path, ids: list[str], nnbasic: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        every = [*ids, f"{ids[0]}-again"]
        shutil.copytree(runs / ids[0], runs / every[-1])
        for columns in range(60, 120, 7):
            monkeypatch.setenv("COLUMNS", str(columns))
            _, *rows = cells(nnbasic("runs", "list").out)
            for row in rows:
                assert row[0] in every or sum(run.startswith(row[0]) for run in every) == 1

    @pytest.mark.parametrize("columns", [80, 100, 200])
    def test_it_fits_the_terminal(
        self,
        runs: Path,
        ids: list[str],
        nnbasic: Command,
        monkeypatch: pytest.MonkeyPatch,
        columns: int,
    ) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        nnbasic("runs", "rename", ids[1], "이름이 아주 긴 실행 " * 5)
        nnbasic("runs", "tag", ids[2], "some", "words", "for", "it")
        edit(runs / ids[0], dataset="mnist", status="interrupted")
        for run, change in zip(ids, ({"batch_size": 7}, {"dtype": "float64"}, {}), strict=True):
            record = json.loads((runs / run / "run.json").read_text())
            edit(runs / run, config=record["config"] | change)
        lines = nnbasic("runs", "list").out.splitlines()
        assert all(
            sum(2 if "가" <= character <= "힣" else 1 for character in line) <= columns
            for line in lines
        )
        if columns == 80:
            assert "No room for" in " ".join(lines)
        if columns == 200:
            for word in ("dataset", "batch_size", "dtype", "tags", "name"):
                assert word in lines[0].split()

    def test_conditions_and_order(self, ids: list[str], nnbasic: Command) -> None:
        def chosen(*options: str) -> list[str]:
            found = nnbasic("runs", "list", "--json", *options).json()["runs"]
            return [run["run"] for run in found]

        assert chosen("--where", "activation=relu", "--where", "seed!=0") == [ids[1]]
        accuracy = {
            run["run"]: run["best"]["val_accuracy"]
            for run in nnbasic("runs", "list", "--json").json()["runs"]
        }
        best_first = sorted(ids, key=lambda run: -accuracy[run])
        assert chosen("--sort", "val_accuracy") == best_first
        middle = sorted(accuracy.values())[1]
        assert set(chosen("--where", f"val_accuracy>={middle}")) == set(best_first[:2])
        assert chosen("--sort", "seed") == [ids[0], ids[2], ids[1]]
        nnbasic("runs", "tag", ids[2], "good")
        assert chosen("--where", "tag=good") == [ids[2]]
        assert (
            nnbasic("runs", "list", "--where", "seed>7").out == "None of the 3 runs in runs fits.\n"
        )

    def test_a_wrong_condition_is_refused(self, ids: list[str], nnbasic: Command) -> None:
        assert nnbasic("runs", "list", "--where", "activatoin=relu").refused("did you mean")
        assert nnbasic("runs", "list", "--where", "relu").refused("no condition")
        assert nnbasic("runs", "list", "--sort", "loss_of_face").refused("no run has a key")

    def test_no_runs(self, workplace: Path, nnbasic: Command) -> None:
        assert "There is no run in runs yet" in nnbasic("runs", "list").out
        assert nnbasic("runs", "list", "--json").json() == {"runs": [], "problems": []}

    def test_each_broken_directory_is_named_in_one_line_and_the_rest_is_listed(
        self, runs: Path, ids: list[str], nnbasic: Command
    ) -> None:
        for number, name in enumerate(("broken", "torn", "newer", "thesis")):
            shutil.copytree(runs / ids[0], runs / f"2000010{number}T000000Z-{name}-0000")
        broken, torn, newer, foreign = sorted(runs.glob("2000*"))
        (broken / "run.json").write_text('{"schema_version": 1, "id"')
        (torn / "metrics.jsonl").write_text('{"epoch": 1}\n{"epo')
        edit(newer, schema_version=99)
        (foreign / "run.json").unlink()
        said = nnbasic("runs", "list")
        assert said.code == 0
        lines = said.err.splitlines()
        assert len(lines) == 4
        for line, path in zip(lines, (broken, torn, newer, foreign), strict=True):
            assert path.name in line
        assert "4 runs on digits" in said.out
        said = nnbasic("runs", "list", "--json")
        assert sorted(run["run"] for run in said.json()["runs"]) == sorted([torn.name, *ids])
        assert said.json()["problems"] == [line.partition("Warning: ")[2] for line in lines]

    def test_names_and_tags_cannot_drive_the_terminal(
        self, runs: Path, ids: list[str], nnbasic: Command
    ) -> None:
        evil = {"name": "\x1b]0;owned\x07\u202e", "tags": ["\x1b[2J"], "notes": "\x9b31m\n\rnew"}
        (runs / ids[0] / "user.json").write_text(json.dumps(evil))
        for command in (["list"], ["show", ids[0]], ["tag", ids[0], "a"], ["diff", *ids[:2]]):
            said = nnbasic("runs", *command)
            assert said.code == 0
            for line in (said.out + said.err).split("\n"):
                assert line.isprintable()
        assert nnbasic("runs", "show", ids[0], "--json").json()["name"] == evil["name"]

    def test_an_encoding_without_the_characters_is_no_error(
        self, ids: list[str], workplace: Path
    ) -> None:
        command = [sys.executable, "-m", "nnbasic.cli", "runs", "show", ids[0]]
        environment = os.environ | {"PYTHONIOENCODING": "ascii"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
        assert "SHA-256" in done.stdout


class TestShow:
    def test_all_about_a_run_within_80_columns(
        self, runs: Path, ids: list[str], nnbasic: Command
    ) -> None:
        nnbasic("runs", "tag", ids[0], "baseline")
        out = nnbasic("runs", "show", ids[0]).out
        record = json.loads((runs / ids[0] / "run.json").read_text())
        assert max(map(len, out.splitlines())) <= 80
        for words in (
            f"{ids[0]}\n",
            "tags        baseline",
            "status      finished",
            f"validation  {100 * record['best']['val_accuracy']:.2f} %",
            f"test        {100 * record['test_accuracy']:.2f} %",
            "layers          [784, 8, 10]",
            f"numpy       {record['versions']['numpy']}",
            f"{record['last']['train_loss']:.4f}",
        ):
            assert words in out

    def test_of_a_long_run_the_middle_is_left_out(
        self, runs: Path, ids: list[str], nnbasic: Command
    ) -> None:
        path = runs / ids[0] / "metrics.jsonl"
        row = json.loads(path.read_text().splitlines()[0])
        path.write_text("".join(json.dumps(row | {"epoch": n}) + "\n" for n in range(1, 101)))
        edit(runs / ids[0], epoch=100, best=row | {"epoch": 50})
        out = nnbasic("runs", "show", ids[0]).out.partition("Epochs\n")[2]
        shown = [line.split()[0] for line in out.splitlines()[1:]]
        assert shown == [*map(str, range(1, 6)), "50", *map(str, range(91, 101))]
        assert [line.split()[0] for line in out.splitlines() if line.endswith("best")] == ["50"]

    def test_json_has_what_is_recorded(self, runs: Path, ids: list[str], nnbasic: Command) -> None:
        shown = nnbasic("runs", "show", ids[1], "--json").json()
        record = json.loads((runs / ids[1] / "run.json").read_text())
        for key in ("config", "best", "last", "versions", "machine", "dataset_sha256", "status"):
            assert shown[key] == record[key]
        assert shown["run"] == ids[1]
        assert [row["epoch"] for row in shown["metrics"]] == [1, 2]

    def test_a_run_without_an_epoch_or_validation(
        self, runs: Path, ids: list[str], nnbasic: Command
    ) -> None:
        (runs / ids[0] / "metrics.jsonl").unlink()
        edit(runs / ids[0], best=None, last=None, epoch=0, test_accuracy=None, status="failed")
        edit(runs / ids[0], reason="OSError: the disk\nis full")
        out = nnbasic("runs", "show", ids[0]).out
        assert "reason     OSError: the disk\n           is full\n" in out
        assert "Epochs" not in out
        assert nnbasic("runs", "diff", ids[0], ids[1]).code == 0
        assert cells(nnbasic("runs", "list").out)[1][-3:] == ["0/2", "–", "–"]

    @pytest.mark.parametrize("command", ["show", "tag", "rename", "rm", "restore", "export"])
    def test_a_run_that_is_not_there_is_refused(
        self, ids: list[str], nnbasic: Command, command: str
    ) -> None:
        more = {"tag": ["a"], "rename": ["a"], "export": ["--csv", "file"]}.get(command, [])
        assert nnbasic("runs", command, "nope", *more).refused("no run 'nope'")


class TestDiff:
    def test_only_what_differs(self, ids: list[str], nnbasic: Command) -> None:
        out = nnbasic("runs", "diff", ids[0], ids[2]).out
        first, config, *sections, same = out.strip().split("\n\n")
        assert first == f"A  {ids[0]}\nB  {ids[2]}"
        assert config.splitlines() == [
            "Config                   A     B",
            "activation               relu  tanh",
            "activation.grad_at_zero  0     –",
        ]
        assert [section.split()[0] for section in sections] == ["Results"]
        assert "epochs" not in sections[0]
        assert same.startswith("The same: config 25 of 27, environment 10 of 10, results ")

    def test_a_run_is_the_same_as_itself(self, ids: list[str], nnbasic: Command) -> None:
        assert len(nnbasic("runs", "diff", ids[0], ids[0]).out.split("\n\n")) == 2

    def test_long_values_are_shown_whole_within_80_columns(
        self, runs: Path, ids: list[str], nnbasic: Command
    ) -> None:
        record = json.loads((runs / ids[0] / "run.json").read_text())
        commit = "0123456789" * 4
        for run, end in zip(ids, ("", "-dirty"), strict=False):
            edit(runs / run, versions=record["versions"] | {"git_commit": commit + end})
        out = nnbasic("runs", "diff", *ids[:2]).out
        assert max(map(len, out.splitlines())) <= 80
        head, *lines = out.partition("\n\nEnv")[2].partition("\n\n")[0].splitlines()
        second = head.index("B") + 3  # those of "Env"
        left = "".join(line[head.index("A") + 3 : second].strip() for line in lines)
        right = "".join(line[second:] for line in lines)
        assert (left, right) == (commit, commit + "-dirty")


class TestTrash:
    def test_removed_runs_are_not_listed_and_come_back(
        self, runs: Path, ids: list[str], nnbasic: Command
    ) -> None:
        before = nnbasic("runs", "list").out
        said = nnbasic("runs", "rm", ids[0], "tanh", ids[0][:-2])
        assert said.out == f"{ids[0]}: moved to the trash\n{ids[2]}: moved to the trash\n"
        assert (runs / ".trash" / ids[0] / "best.npz").exists()
        assert "1 run on digits" in nnbasic("runs", "list").out
        listed = nnbasic("runs", "list", "--runs", "runs/.trash", "--json").json()["runs"]
        assert [run["run"] for run in listed] == [ids[0], ids[2]]
        assert nnbasic("runs", "restore", "relu", ids[2]).code == 0
        assert nnbasic("runs", "list").out == before
        assert nnbasic("runs", "restore", ids[0]).refused(f"no run '{ids[0]}' in runs/.trash")

    def test_only_purge_deletes(self, runs: Path, ids: list[str], nnbasic: Command) -> None:
        nnbasic("runs", "rm", ids[0])
        assert nnbasic("runs", "rm", "--purge", ids[0], ids[1]).out.count("deleted") == 2
        assert [path.name for path in runs.glob("*/run.json")] == ["run.json"]
        assert list((runs / ".trash").iterdir()) == []

    def test_an_id_that_is_there_again_is_refused(
        self, runs: Path, ids: list[str], nnbasic: Command
    ) -> None:
        nnbasic("runs", "rm", ids[0])
        shutil.copytree(runs / ids[1], runs / ids[0])
        assert nnbasic("runs", "restore", ids[0]).refused("is there already")

    def test_a_name_of_several_runs_is_refused(self, ids: list[str], nnbasic: Command) -> None:
        assert nnbasic("runs", "rm", "relu").refused("could mean 2 runs", ids[0], ids[1])


def test_tags_and_names_choose_runs(ids: list[str], nnbasic: Command) -> None:
    assert nnbasic("runs", "tag", ids[0], "a", "b").out == f"{ids[0]}: a b\n"
    assert nnbasic("runs", "tag", ids[0], "a", "--remove").out == f"{ids[0]}: b\n"
    assert nnbasic("runs", "tag", ids[0], "b", "--remove").out == f"{ids[0]}: no tags\n"
    assert nnbasic("runs", "rename", ids[0], "first").out == f"{ids[0]}: first\n"
    assert nnbasic("runs", "show", "first", "--json").json()["run"] == ids[0]
    assert nnbasic("runs", "tag", ids[0], "two words").refused("one word")
    assert nnbasic("runs", "rename", ids[0], "").refused("no name")
    assert cells(nnbasic("runs", "list").out)[0][1] == "name"


class TestExport:
    def test_csv(self, workplace: Path, ids: list[str], nnbasic: Command) -> None:
        assert nnbasic("runs", "export", "relu", "--csv", "out.csv").code == 0
        with (workplace / "out.csv").open(newline="") as file:
            assert [row["run"] for row in csv.DictReader(file)] == [*ids[:1] * 2, *ids[1:2] * 2]
        assert nnbasic("runs", "export", "relu", "--csv", "out.csv").refused("is there already")

    def test_tensorboard(self, workplace: Path, ids: list[str], nnbasic: Command) -> None:
        pytest.importorskip("tensorboardX")
        assert nnbasic("runs", "export", "tanh", "--tensorboard", "events").code == 0
        assert [path.parent.name for path in workplace.glob("events/*/*")] == [ids[2]]

    def test_nothing_to_write_to(self, ids: list[str], nnbasic: Command) -> None:
        assert nnbasic("runs", "export", "relu").refused("Give --csv FILE")

    def test_only_broken_runs(self, runs: Path, ids: list[str], nnbasic: Command) -> None:
        (runs / ids[2] / "run.json").write_text("{")
        said = nnbasic("runs", "export", "tanh", "--csv", "out.csv")
        assert said.refused(ids[2], "none of these runs can be read")


@pytest.fixture
def training(workplace: Path, runs: Path, ids: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that trains a run called ``live`` for long, and is at it."""
    options = ["--config", "small.yaml", "--epochs", "100000", "--name", "live", "--quiet"]
    command = [sys.executable, "-m", "nnbasic.cli", "train", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            while not list(runs.glob("*-live-*/metrics.jsonl")):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield process
        finally:
            process.kill()


def test_a_live_run_is_running_and_a_killed_one_has_crashed(
    training: subprocess.Popen[bytes], nnbasic: Command
) -> None:
    def statuses() -> list[str]:
        return [run["status"] for run in nnbasic("runs", "list", "--json").json()["runs"]]

    assert statuses() == ["finished"] * 3 + ["running"]
    assert "3 finished, 1 running" in nnbasic("runs", "list").out
    assert nnbasic("runs", "rm", "live").refused("is running")
    assert nnbasic("runs", "rm", "--purge", "live").refused("is running")
    assert training.poll() is None
    training.kill()
    training.wait()
    assert statuses() == ["finished"] * 3 + ["crashed"]
    shown = nnbasic("runs", "list", "--where", "status=crashed", "--json").json()["runs"]
    assert [run["name"] for run in shown] == ["live"]
    assert "status crashed" in " ".join(nnbasic("runs", "show", "live").out.split())
    assert nnbasic("runs", "rm", "live").code == 0


def test_ids_are_completed(runs: Path, ids: list[str], nnbasic: Command) -> None:
    def offered(*arguments: str) -> list[str]:
        completion = ShellComplete(main, {}, "nnbasic", "_NNBASIC_COMPLETE")
        return [item.value for item in completion.get_completions(["runs", *arguments], "2")]

    nnbasic("runs", "rm", ids[2])
    for command in ("show", "tag", "rename", "rm", "export", "diff"):
        assert offered(command) == sorted(ids[:2], reverse=True)
    assert offered("diff", ids[0]) == offered("rm", ids[0]) == offered("show")
    assert offered("restore") == [ids[2]]
