"""What a sweep consists of, that it is paired, and what is left of it to do."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnbasic.configs import Config, ConfigError, loads
from nnbasic.data import Dataset
from nnbasic.model import Step
from nnbasic.model.activations import LeakyReLU, ReLU, Tanh
from nnbasic.model.initializers import He, Normal, Xavier
from nnbasic.sweeps.plan import Cell, Job, attempts, cells, jobs, outstanding
from nnbasic.training import RateSearch, Run, RunError, build, start, train


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory has `small.yaml`, which trains in a moment."""
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(
        "layers: [784, 12, 8, 10]\nepochs: 1\nbatch_size: 30\nseed: 5\ndiagnostics: false\n"
    )


def varied(*vary: str) -> list[Cell]:
    return cells("small.yaml", [], vary)


def names(*vary: str) -> list[str]:
    return [cell.name for cell in varied(*vary)]


class TestCells:
    def test_every_combination_in_the_order_given(self) -> None:
        found = varied("activation=tanh,relu", "init=he,xavier,normal")
        assert [(cell.config.activation, type(cell.config.init)) for cell in found] == [
            (activation, init) for activation in (Tanh(), ReLU()) for init in (He, Xavier, Normal)
        ]
        assert {cell.config.batch_size for cell in found} == {30}
        assert found[0].name == "tanh-he"

    def test_none_is_one_named_after_the_config(self) -> None:
        assert names() == ["small"]

    def test_what_is_set_applies_to_all(self) -> None:
        found = cells("small.yaml", ["epochs=7"], ["activation=tanh,relu"])
        assert [cell.config.epochs for cell in found] == [7, 7]

    @pytest.mark.parametrize(
        ("vary", "expected"),
        [
            ("activation={name: leaky_relu, slope: 0.2},elu", ["leaky_relu-0.2", "elu"]),
            ("activation=[relu, tanh],[{name: elu, alpha: 2}, relu]", ["relu-tanh", "elu-2-relu"]),
            ("layers=[784, 10],[784, 30, 10]", ["layers-784-10", "layers-784-30-10"]),
            ("optimizer.lr=1e-3,0.5", ["lr-0.001", "lr-0.5"]),
            ("early_stopping=null,{patience: 3}", ["early_stopping-null", "early_stopping-3"]),
            ("data.scale=unit,signed", ["unit", "signed"]),
            ("dtype=float64", ["float64"]),
        ],
    )
    def test_any_key_and_any_value(self, vary: str, expected: list[str]) -> None:
        assert names(vary) == expected

    def test_values_arrive_as_they_are(self) -> None:
        (cell,) = varied("activation={name: leaky_relu, slope: 2e-1}", "layers=[784, 20, 10]")
        assert cell.config.activation == LeakyReLU(slope=0.2)
        assert cell.config.layers == [784, 20, 10]

    @pytest.mark.parametrize(
        ("vary", "message"),
        [
            (["activation"], "--vary activation: must be KEY=VALUE,VALUE"),
            (["activation= "], "must be KEY=VALUE,VALUE"),
            (["=relu"], "must be KEY=VALUE,VALUE"),
            (["seed=1,2"], "say how many seeds with --seeds"),
            (["activation=relu", "activation=tanh"], "names a key twice"),
            (["activation=[relu, tanh]"], "leave out the brackets; for that one net, use --set"),
            (["activation=relu,relu"], "the same config again with activation=relu"),
            (["activation=relu,{name: relu}"], "again with activation=relu"),
        ],
    )
    def test_wrongly_asked(self, vary: list[str], message: str) -> None:
        with pytest.raises(RunError) as error:
            varied(*vary)
        assert message in str(error.value)

    @pytest.mark.parametrize(
        ("vary", "report"),
        [
            (["activation=relu]"], "--vary activation=relu]: activation: not valid YAML"),
            (["init=!!python/name:os.abort"], "init: tags (!) are not accepted"),
            (["actvation=relu"], "actvation: unknown key; did you mean 'activation'?"),
            (["optimizer.lr=0.1,-1"], "the combination optimizer.lr=-1: optimizer.lr: must be"),
            (
                ["activation=tanh,relu", "init=he,hee"],
                "the combination activation=tanh init=hee: init: unknown initialiser 'hee'; did you"
                " mean 'he'?",
            ),
            (
                ["activation=relu,[relu, tanh, elu, relu]"],
                "the combination activation=[relu, tanh, elu, relu]: activation: a list of 4 for",
            ),
            (["\x1b[31m=1"], "the combination \x1b[31m=1: \x1b[31m: unknown key"),
        ],
    )
    def test_no_valid_config(self, vary: list[str], report: str) -> None:
        with pytest.raises(ConfigError) as error:
            varied(*vary)
        assert str(error.value).startswith(report) or f": {report}" in str(error.value)
        assert len(error.value.problems) == 1  # though two combinations may have it

    def test_a_problem_of_the_file_under_a_combination_names_both(self) -> None:
        Path("small.yaml").write_text("early_stopping: {patience: 2}\n")
        with pytest.raises(ConfigError) as error:
            varied("data.validation=100,0")
        assert str(error.value) == (
            "the combination data.validation=0: small.yaml:1: early_stopping: needs a validation"
            " set; set data.validation above 0"
        )

    def test_all_problems_are_named(self) -> None:
        with pytest.raises(ConfigError) as error:
            varied("activation=tahn,relu", "init=hee")
        assert [problem.key for problem in error.value.problems] == ["activation", "init"]

    def test_a_broken_base_is_no_fault_of_a_combination(self) -> None:
        Path("small.yaml").write_text("epochs: 0\n")
        with pytest.raises(ConfigError) as error:
            varied("activation=tanh,relu")
        assert (
            str(error.value) == "small.yaml:1: epochs: must be at least 1 and at most 100000, not 0"
        )


class TestPairs:
    """The same seeds in every cell: the same order of the batches, the same underlying draws."""

    VARY = ("activation=tanh,relu,elu", "init=he,xavier,{name: normal, std: 0.3}")

    def by_seed(self, dataset: Dataset, *vary: str) -> dict[int, list[Config]]:
        found: dict[int, list[Config]] = {}
        for job in jobs(varied(*vary), [5, 6], {"auto": (dataset.name, dataset.sha256)}):
            found.setdefault(job.config.seed, []).append(job.config)
        return found

    def test_a_part_of_a_sweep_is_balanced(self, dataset: Dataset) -> None:
        planned = jobs(
            varied("activation=tanh,relu"), [5, 6], {"auto": (dataset.name, dataset.sha256)}
        )
        named = [(job.name, job.config.seed) for job in planned]
        assert named == [("tanh", 5), ("relu", 5), ("tanh", 6), ("relu", 6)]
        assert {(job.dataset, job.sha256) for job in planned} == {("digits", "ab" * 32)}
        times = [job.queued for job in planned]
        assert times == sorted(set(times))  # figures stand in this order

    def test_weights_of_one_seed_are_the_same_draws_rescaled(self, dataset: Dataset) -> None:
        networks = [
            [build(config) for config in configs]
            for configs in self.by_seed(dataset, *self.VARY).values()
        ]
        assert [len(each) for each in networks] == [9, 9]
        for layer in ("layer1.weight", "layer2.weight", "layer3.weight"):
            unit = [
                [net.parameters[layer] / net.parameters[layer].std() for net in each]
                for each in networks
            ]
            for each in unit:
                for weight in each[1:]:
                    np.testing.assert_allclose(weight, each[0], rtol=1e-4, atol=1e-5)
            assert abs(np.corrcoef(unit[0][0].ravel(), unit[1][0].ravel())[0, 1]) < 0.3
        # but the schemes do rescale
        spread = {net.parameters["layer1.weight"].std().round(4) for net in networks[0]}
        assert len(spread) == 3

    def test_batches_of_one_seed_come_in_one_order(self, tmp_path: Path, dataset: Dataset) -> None:
        """A network of zeros answers 0 to all, so that its accuracy is a batch's share of zeros."""
        shares: dict[int, list[list[float]]] = {}
        configs = self.by_seed(
            dataset, "activation=tanh,relu", "init={name: zeros}", "loss=mse,cross_entropy"
        )
        for seed, same in configs.items():
            for config in same:
                still = replace(config, optimizer=replace(config.optimizer, lr=1e-60))
                run = start(still, dataset, runs=tmp_path / "runs", name="still")
                results = train(run, dataset)
                steps = [each for each in results if isinstance(each, Step)]
                shares.setdefault(seed, []).append([step.accuracy for step in steps])
        for first, *others in shares.values():
            assert len(first) == 10
            assert len(set(first)) > 3
            assert others == [first] * 3
        assert shares[5][0] != shares[6][0]


class TestOutstanding:
    @pytest.fixture
    def job(self, dataset: Dataset) -> Job:
        (job,) = jobs(varied(), [5], {"auto": (dataset.name, dataset.sha256)})
        return job

    def begin(self, job: Job, dataset: Dataset, epochs: int | None = None) -> Run:
        """A run of ``job``, trained to the end or interrupted after so many epochs."""
        run = start(
            job.config, dataset, runs=Path("runs"), name=job.name, rate_search=job.rate_search
        )
        with contextlib.closing(train(run, dataset)) as events:
            for event in events:
                if epochs is not None and event.epoch > epochs:
                    break
        return run

    def left(self, *wanted: Job) -> list[Run | None]:
        """The runs that those jobs would go on with that are left."""
        return [each.begun for each in outstanding(wanted, attempts(Path("runs")))]

    def test_all_where_nothing_is(self, job: Job) -> None:
        assert self.left(job) == [None]

    def test_a_finished_run_is_kept(self, job: Job, dataset: Dataset) -> None:
        self.begin(job, dataset)
        assert self.left(job) == []

    def test_an_interrupted_run_goes_on(self, job: Job, dataset: Dataset) -> None:
        run = self.begin(job, dataset, epochs=0)
        (begun,) = self.left(job)
        assert begun is not None
        assert begun.id == run.id

    @pytest.mark.parametrize(
        ("status", "left"), [("diverged", []), ("failed", [None]), ("running", ["the run"])]
    )
    def test_by_status(
        self, job: Job, dataset: Dataset, status: str, left: Sequence[str | None]
    ) -> None:
        """A recorded ``running`` that nobody holds has crashed, and goes on."""
        run = self.begin(job, dataset, epochs=0)
        run.write(replace(run.record(), status=status))
        assert ["the run" if begun else None for begun in self.left(job)] == left

    def test_a_run_at_work_is_left_alone(self, job: Job, dataset: Dataset) -> None:
        run = self.begin(job, dataset, epochs=0)
        run.write(replace(run.record(), status="running"))
        with run.claim():
            assert self.left(job) == []

    def test_a_finished_run_counts_before_an_interrupted_or_failed_one(
        self, job: Job, dataset: Dataset
    ) -> None:
        self.begin(job, dataset, epochs=0)
        self.begin(job, dataset)
        failed = self.begin(job, dataset, epochs=0)
        failed.write(replace(failed.record(), status="failed"))
        assert self.left(job) == []

    @pytest.mark.parametrize(
        "other", [{"seed": 6}, {"sha256": "cd" * 32}, {"epochs": 2}, {"batch_size": 31}]
    )
    def test_another_seed_config_or_data_is_another_run(
        self, job: Job, dataset: Dataset, other: dict[str, Any]
    ) -> None:
        self.begin(job, dataset)
        config = replace(job.config, **{k: v for k, v in other.items() if k != "sha256"})
        different = Job(config, "x", None, "digits", other.get("sha256", job.sha256))
        assert self.left(job, different) == [None]

    def test_a_searched_rate_and_a_fixed_one_are_two_runs(self, job: Job, dataset: Dataset) -> None:
        """They belong to different comparisons, even if the search chose the fixed rate."""
        search = RateSearch(given=0.1, chosen=0.1, tried={0.1: 0.9}, seeds=2)
        searched = replace(job, rate_search=search)
        self.begin(job, dataset)
        assert self.left(job, searched) == [None]
        self.begin(searched, dataset)
        assert self.left(job, searched) == []

    def test_the_name_and_the_rest_do_not_matter(self, job: Job, dataset: Dataset) -> None:
        self.begin(job, dataset)
        assert self.left(Job(job.config, "other", None, "mnist", job.sha256)) == []

    def test_what_is_asked_for_twice_is_done_once(self, job: Job) -> None:
        assert self.left(job, job) == [None]

    def test_what_cannot_be_read_is_no_run(self, job: Job) -> None:
        Path("runs/broken").mkdir(parents=True)
        Path("runs/broken/run.json").write_text("{")
        Path("runs/foreign").mkdir()
        assert self.left(job) == [None]


def test_a_task_says_all_that_a_process_needs(dataset: Dataset, finished: Run) -> None:
    (cell,) = varied("init=xavier")
    (job,) = jobs([cell], [8], {"auto": (dataset.name, dataset.sha256)})
    task = job.task(Path("runs"), Path("images"))
    assert loads(task.config) == job.config
    assert (task.name, task.dataset, task.sha256) == ("xavier", "digits", "ab" * 32)
    assert (task.runs, task.data, task.resume) == ("runs", "images", None)
    begun = Job(job.config, "xavier", None, "digits", job.sha256, finished)
    assert begun.task(Path("runs"), None).resume == str(finished.directory)
    assert begun.task(Path("runs"), None).data is None
