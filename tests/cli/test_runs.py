"""`nnbasic runs`, on runs that were really trained."""

import csv
import json
import re
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from nnbasic.cli.main import main
from support import Command, edit


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
            f"test        {100 * record['test_accuracy']:.2f} ±",
            "layers          [784, 8, 10]",
            f"{record['last']['train_loss']:.4f}",
        ):
            assert words in out
        # An installed program has no git_commit, which makes the column narrower.
        assert re.search(rf"^  numpy +{re.escape(record['versions']['numpy'])}$", out, re.MULTILINE)

    def test_of_a_long_run_the_middle_is_left_out(
        self, runs: Path, ids: list[str], nnbasic: Command
    ) -> None:
        path = runs / ids[0] / "metrics.jsonl"
        row = json.loads(path.read_text().splitlines()[0])
        path.write_text("".join(json.dumps(row | {"epoch": n}) + "\n" for n in range(1, 101)))
        best = json.loads((runs / ids[0] / "run.json").read_text())["best"]
        edit(runs / ids[0], epoch=100, best=best | {"epoch": 50})
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
        assert nnbasic("runs", "list").cells()[1][-3:] == ["0/2", "–", "–"]


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
        counts = re.match(r"The same: config (\d+) of (\d+), environment (\d+) of \3, ", same)
        assert counts is not None
        assert int(counts[2]) - int(counts[1]) == 2

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

    def test_a_name_of_several_runs_is_refused(self, ids: list[str], nnbasic: Command) -> None:
        assert nnbasic("runs", "rm", "relu").refused("could mean 2 runs", ids[0], ids[1])


def test_the_newest_run_is_meant_where_none_is_named(ids: list[str], nnbasic: Command) -> None:
    for words in (), ("latest",):
        assert nnbasic("runs", "show", *words, "--json").json()["run"] == ids[2]
    assert nnbasic("runs", "diff").out.startswith(f"A  {ids[1]}\nB  {ids[2]}\n")
    assert nnbasic("runs", "diff", ids[0]).out.startswith(f"A  {ids[0]}\nB  {ids[2]}\n")
    assert nnbasic("runs", "rm", "latest").refused("no run 'latest'")
    assert nnbasic("runs", "rm", *ids[1:]).code == 0
    assert nnbasic("runs", "diff").refused("no two runs")


def test_a_name_of_several_runs_means_the_newest_and_says_so(
    ids: list[str], nnbasic: Command
) -> None:
    said = nnbasic("runs", "show", "relu", "--json")
    assert said.json()["run"] == ids[1]
    assert said.err == f"2 runs are called 'relu'; this is the newest: {ids[1]}\n"
    assert nnbasic("eval", "relu", "--json").json()["run"] == ids[1]


def test_notes(ids: list[str], nnbasic: Command) -> None:
    assert nnbasic("runs", "note", ids[0], "the", "first").out == f"{ids[0]}:\n  the first\n"
    nnbasic("runs", "note", ids[0], "and\x1b[2J", "more")
    assert "notes       the first\n            and\\x1b[2J more\n" in (
        nnbasic("runs", "show", ids[0]).out
    )
    said = nnbasic("runs", "note", ids[0], "--replace", "only this")
    assert said.out == f"{ids[0]}:\n  only this\n"
    assert nnbasic("runs", "note", ids[0], "--replace", "").out == f"{ids[0]}:\n  no notes\n"


def test_tags_and_names_choose_runs(ids: list[str], nnbasic: Command) -> None:
    assert nnbasic("runs", "tag", ids[0], "a", "b").out == f"{ids[0]}: a b\n"
    assert nnbasic("runs", "tag", ids[0], "a", "--remove").out == f"{ids[0]}: b\n"
    assert nnbasic("runs", "tag", ids[0], "b", "--remove").out == f"{ids[0]}: no tags\n"
    assert nnbasic("runs", "rename", ids[0], "first").out == f"{ids[0]}: first\n"
    assert nnbasic("runs", "show", "first", "--json").json()["run"] == ids[0]
    assert nnbasic("runs", "tag", ids[0], "two words").refused("one word")
    assert nnbasic("runs", "tag", f"{ids[0]},{ids[1]}", "c").out == f"{ids[0]}: c\n{ids[1]}: c\n"
    assert nnbasic("runs", "tag", f"{ids[0]},{ids[1]}", "c", "--remove").code == 0
    assert nnbasic("runs", "rename", ids[0], "").refused("not a name")
    assert nnbasic("runs", "list").cells()[0][1] == "name"


class TestExport:
    def test_csv(self, workplace: Path, ids: list[str], nnbasic: Command) -> None:
        assert nnbasic("runs", "export", "relu", "--csv", "out.csv").code == 0
        with (workplace / "out.csv").open(newline="") as file:
            assert [row["run"] for row in csv.DictReader(file)] == [*ids[:1] * 2, *ids[1:2] * 2]
        assert nnbasic("runs", "export", "relu", "--csv", "out.csv").refused("already exists")

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


def test_ids_are_completed_newest_first(runs: Path, ids: list[str], nnbasic: Command) -> None:
    def offered(*arguments: str) -> list[str]:
        completion = ShellComplete(main, {}, "nnbasic", "_NNBASIC_COMPLETE")
        return [item.value for item in completion.get_completions([*arguments], "2")]

    nnbasic("runs", "rm", ids[2])
    (runs / "2-foreign").mkdir()
    for command in ("show", "tag", "rename", "rm", "export", "diff"):
        assert offered("runs", command) == sorted(ids[:2], reverse=True)
    assert offered("runs", "diff", ids[0]) == offered("runs", "rm", ids[0]) == offered("eval")
    assert offered("train", "--resume") == offered("eval", "--runs", "runs") == offered("eval")
    assert offered("eval", "--runs", "nowhere") == []
    assert offered("runs", "restore") == [ids[2]]
