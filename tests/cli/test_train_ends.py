"""How `nnbasic train` says that a training failed, diverged or collapsed."""

import re
from pathlib import Path

import pytest

from nnbasic.training import newest
from support import PLUGIN, Command, limited_files

pytest.importorskip("resource")


def write_plugin(name: str, old: str, new: str) -> None:
    """`small.yaml` with the activation of `support.PLUGIN`, in which ``new`` replaces ``old``."""
    Path(f"{name}.py").write_text(PLUGIN.format(name=name).replace(old, new))
    more = f"activation: {name}\nplugins: [{name}.py]\n"
    Path(f"{name}.yaml").write_text(Path("small.yaml").read_text() + more)


class TestFailed:
    def test_a_full_disk(self, workplace: Path, nnbasic: Command) -> None:
        with limited_files(60_000):
            said = nnbasic("train", "--config", "small", "--quiet")
        run = newest()
        assert said.code == 1
        assert said.out == ""
        assert said.err == (
            f"runs/{run.id}: failed: OSError: [Errno 27] File too large\n"
            f"Once that is fixed, continue with:\n  nnbasic train --resume {run.id}\n"
        )
        assert nnbasic("train", "--resume", run.id, "--quiet").code == 0

    def test_a_fault_in_the_middle_of_a_run(self, workplace: Path, nnbasic: Command) -> None:
        write_plugin("later", "return dout", "assert len(dout) != 50\n        return dout")
        said = nnbasic("train", "--config", "later", "--json", "--set", "batch_size=2950", "-q")
        assert said.code == 1
        assert said.json()["reason"].startswith("AssertionError")
        assert "Error in a plugin:" in said.err
        assert said.err.count("File ") == 1
        assert newest().status() == "failed"

    @pytest.mark.parametrize(
        ("method", "line", "old"),
        [("forward", 12, "return self.positive"), ("backward", 16, "return dout")],
    )
    def test_a_result_that_is_lost_is_an_error_before_anything_runs(
        self, workplace: Path, nnbasic: Command, method: str, line: int, old: str
    ) -> None:
        name = f"lost_{method}"
        write_plugin(name, old, old.replace("return", "result ="))
        said = nnbasic("train", "--config", name)
        assert said.refused(f"{name}.py:{line}: {method} of Own returns no array")
        assert not (workplace / "runs").exists()


class TestDiverged:
    HOT = ("train", "--config", "small", "--quiet", "--set", "optimizer.lr=1e30")

    def test_the_message(self, nnbasic: Command) -> None:
        said = nnbasic(*self.HOT)
        run = newest()
        assert said.code == 1
        assert said.out == ""
        assert re.fullmatch(
            rf"runs/{run.id}: diverged: the loss is not finite at epoch 1, step \d+; first in"
            r" layer\d.*; likely causes: a learning rate too high \(optimizer\.lr is 1e\+30: .*\n",
            said.err,
        )
        assert run.record().status == "diverged"

    def test_it_is_neither_resumed_nor_scored(self, nnbasic: Command) -> None:
        said = nnbasic(*self.HOT, "--json")
        assert said.code == 1
        summary = said.json()
        assert summary["status"] == "diverged"
        assert "likely causes" in summary["reason"]
        assert (summary["epochs"], summary["best"], summary["test_accuracy"]) == (0, None, None)
        assert nnbasic("train", "--resume", summary["run"]).refused("nothing to resume")
        assert nnbasic("eval").refused("the run diverged in its first epoch", "optimizer.lr")


class TestCollapsed:
    DEAD = ("--config", "small", "--quiet", "--set", "optimizer.lr=30")

    @pytest.mark.parametrize("validation", [9000, 0])
    def test_the_warning_names_the_likely_cause(self, nnbasic: Command, validation: int) -> None:
        said = nnbasic("train", *self.DEAD, "--set", f"data.validation={validation}")
        assert said.code == 0
        assert re.match(
            r"Warning: The run has collapsed: it ends near chance, at \d+\.\d\d %: all units of"
            r" layer1 are dead: .* The learning rate may be too high"
            r" \(optimizer\.lr is 30: try a tenth\)",
            said.err,
        )
        assert said.out.startswith("test accuracy ")

    def test_it_has_a_status_of_its_own_everywhere(self, nnbasic: Command) -> None:
        summary = nnbasic("train", *self.DEAD, "--json").json()
        assert summary["status"] == "collapsed"
        assert "all units of layer1 are dead" in summary["reason"]
        assert "1 run on digits: 1 collapsed, 3/3 epochs." in nnbasic("runs", "list").out
        assert nnbasic("runs", "list", "--where", "status=finished", "--json").json()["runs"] == []
        assert re.search(
            r"status +collapsed\nreason +all units", nnbasic("runs", "show", summary["run"]).out
        )
        (group,) = nnbasic("compare", "--format", "json").json()["groups"]
        assert group["statuses"] == {"collapsed": 1}
        assert nnbasic("train", "--resume", summary["run"]).refused("nothing to resume")
        again = nnbasic("sweep", "--seeds", 1, *self.DEAD[:2], *self.DEAD[3:])
        assert again.err.startswith("1 of 1 runs exists already.")


def test_without_validation_nothing_is_called_the_best(workplace: Path, nnbasic: Command) -> None:
    said = nnbasic("train", "--config", "small", "-q", "--set", "data.validation=0")
    assert "epoch 3 (nothing held out for validation)" in " ".join(said.out.split())
    shown = nnbasic("runs", "show").out
    assert re.search(r"validation +none: nothing was held out\n", shown)
    assert re.search(r"test +.* with the last weights\n", shown)
    assert "best" not in said.out + shown


class TestFailUnder:
    def test_validation_decides(self, nnbasic: Command) -> None:
        assert nnbasic("train", "--config", "small", "-q", "--fail-under", 0.5).code == 0
        said = nnbasic("train", "--config", "small", "-q", "--json", "--fail-under", 0.999)
        assert said.code == 3
        best = 100 * said.json()["best"]["val_accuracy"]
        assert said.err == f"validation accuracy {best:.2f} % is below 99.90 %\n"
        assert said.json()["status"] == "finished"

    def test_without_validation_it_is_refused(self, workplace: Path, nnbasic: Command) -> None:
        train = ("train", "--config", "small", "--set", "data.validation=0", "--fail-under", 0.5)
        assert nnbasic(*train).refused("data.validation is 0")
        assert not (workplace / "runs").exists()
