"""`nnbasic runs list`, on runs that were really trained, one of them at work."""

import json
import shutil
from pathlib import Path

import pytest

from support import Command, edit


class TestList:
    def test_a_row_a_run_with_what_differs(self, ids: list[str], nnbasic: Command) -> None:
        said = nnbasic("runs", "list")
        assert (said.code, said.err) == (0, "")
        head, *rows = said.cells()
        assert " ".join(head) == "id activation seed val. % test %"
        listed = nnbasic("runs", "list", "--json").json()["runs"]
        for row, run, each in zip(rows, ids, listed, strict=True):
            assert run.startswith(row[0])
            figures = [each["best"]["val_accuracy"], each["test_accuracy"]]
            name, seed = each["config"]["activation"]["name"], str(each["config"]["seed"])
            error = ["±", f"{100 * each['test_standard_error']:.2f}"]
            assert row[1:] == [name, seed, *(f"{100 * f:.2f}" for f in figures), *error]
        assert "3 runs on digits: 3 finished, 2/2 epochs. ± is the standard error" in said.out

    def test_only_the_newest(self, runs: Path, ids: list[str], nnbasic: Command) -> None:
        (runs / ids[0] / "run.json").write_text("broken, and not read")
        said = nnbasic("runs", "list", "--last", "2", "--json").json()
        assert [run["run"] for run in said["runs"]] == ids[1:]
        assert said["problems"] == []

    def test_ids_are_cut_no_shorter_than_they_can_be_used(
        self, runs: Path, ids: list[str], nnbasic: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        every = [*ids, f"{ids[0]}-again"]
        shutil.copytree(runs / ids[0], runs / every[-1])
        for columns in range(60, 120, 7):
            monkeypatch.setenv("COLUMNS", str(columns))
            _, *rows = nnbasic("runs", "list").cells()
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
        assert {"id", "status", "val.", "test"} <= {*lines[0].split()}
        for run, line in zip(ids, lines[1:], strict=False):
            assert line.startswith(run.rpartition("-")[0])  # columns go before names are cut
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
        assert set(chosen("--where", f"val_accuracy>={100 * middle:.2f}")) == set(best_first[:2])
        assert chosen("--sort", "seed") == [ids[0], ids[2], ids[1]]
        nnbasic("runs", "tag", ids[2], "good")
        assert chosen("--where", "tag=good") == [ids[2]]
        assert (
            nnbasic("runs", "list", "--where", "seed>7").out
            == "None of the 3 runs in runs matches.\n"
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
        for number, name in enumerate(("broken", "newer", "thesis")):
            shutil.copytree(runs / ids[0], runs / f"2000010{number}T000000Z-{name}-0000")
        broken, newer, foreign = sorted(runs.glob("2000*"))
        (broken / "run.json").write_text('{"schema_version": 1, "id"')
        edit(newer, schema_version=99)
        (foreign / "run.json").unlink()
        said = nnbasic("runs", "list")
        assert said.code == 0
        lines = said.err.splitlines()
        assert len(lines) == 3
        for line, path in zip(lines, (broken, newer, foreign), strict=True):
            assert path.name in line
        assert "3 runs on digits" in said.out
        said = nnbasic("runs", "list", "--json")
        assert sorted(run["run"] for run in said.json()["runs"]) == sorted(ids)
        assert said.json()["problems"] == [line.partition("Warning: ")[2] for line in lines]
