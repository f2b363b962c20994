"""The directory of a run: its files, whole and broken, and a new one."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from nnbasic.configs import Config, load
from nnbasic.data import Dataset
from nnbasic.training import Run, RunError, User, start
from nnbasic.training.directory import ForeignError, create
from nnbasic.training.record import SCHEMA_VERSION
from support import edit, limited_files


def test_the_config_of_a_run_is_the_one_it_was_started_with(
    tmp_path: Path, dataset: Dataset, config: Callable[..., Config]
) -> None:
    given = config(activation={"name": "elu", "alpha": 0.3}, schedule={"name": "step"}, seed=5)
    run = start(given, dataset, runs=tmp_path, name="x")
    assert run.config() == load(run.directory / "config.yaml") == given
    (run.directory / "config.yaml").write_text("for people: a run goes by its record")
    assert run.config() == given
    assert run.record().config == json.loads(json.dumps(given.model_dump()))
    assert run.record().identity == given.identity()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "broken"),
        (b"[" * 200_000, "broken: nested too deeply"),
        (b"{}", "broken: id: is missing"),
        (b'{"schema_version": 999}', "version 999, this nnbasic reads version 3; use the newer"),
    ],
)
def test_a_broken_record_is_one_message(finished: Run, content: bytes, message: str) -> None:
    (finished.directory / "run.json").write_bytes(content)
    with pytest.raises(RunError, match=re.escape(message)) as error:
        finished.record()
    assert finished.id in str(error.value)
    assert "\n" not in str(error.value)


def test_a_record_of_an_older_version_says_how_to_train_it_again(finished: Run) -> None:
    config = finished.directory / "config.yaml"
    command = re.escape(f"nnbasic train --config {config}")
    before = finished.config()
    edit(finished, schema_version=SCHEMA_VERSION - 1)
    with pytest.raises(ForeignError, match=f"use the older one, or .*{command}$"):
        finished.record()
    assert load(config) == before


def test_a_config_that_was_broken_says_so(finished: Run) -> None:
    edit(finished, config={"layers": [784, 10], "epochs": 0})
    with pytest.raises(RunError, match="its config cannot be used:\n"):
        finished.config()


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff", b'{"name": 3}'])
def test_a_run_without_a_readable_user_file_is_called_by_its_id(
    finished: Run, content: bytes | None
) -> None:
    path = finished.directory / "user.json"
    path.unlink() if content is None else path.write_bytes(content)
    assert finished.user() == User(name=finished.id)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("leaky_relu-0.2", "leaky_relu-0.2"),
        ("../../etc", "etc"),
        ("-rf", "rf"),
        ("활성화", "run"),
        ("x" * 300, "x" * 40),
        ("a\nb\x1b[31m", "a-b-31m"),
    ],
)
def test_a_run_directory_has_a_tame_name(tmp_path: Path, name: str, word: str) -> None:
    run = create(tmp_path / "runs", name)
    assert run.directory.parent == tmp_path / "runs"
    assert re.fullmatch(rf"\d{{8}}T\d{{6}}Z-{re.escape(word)}-[0-9a-f]{{4}}", run.id)
    assert run.directory.is_dir()


@pytest.mark.parametrize("name", ["활성화 ½", "a\nb", "caf\udce9"])
def test_the_name_itself_is_kept_as_it_was_typed(finished: Run, name: str) -> None:
    finished.write(User(name=name))
    assert finished.user().name == name.replace("\udce9", "?")


@pytest.mark.parametrize("folder", ["file", "file/deeper", "dangling"])
def test_runs_that_cannot_be_a_folder(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("kept")
    (tmp_path / "dangling").symlink_to(tmp_path / "file" / "no")
    with pytest.raises(RunError, match=r"not a directory|cannot make a run directory"):
        create(tmp_path / folder, "x")
    assert (tmp_path / "file").read_text() == "kept"


def test_what_cannot_be_begun_leaves_no_directory(
    tmp_path: Path, dataset: Dataset, config: Callable[..., Config]
) -> None:
    pytest.importorskip("resource")
    with limited_files(10), pytest.raises(RunError, match="cannot begin a run: File too large"):
        start(config(), dataset, runs=tmp_path, name="x")
    assert list(tmp_path.iterdir()) == []


def test_what_would_not_be_read_is_not_written(finished: Run) -> None:
    before = finished.user()
    with pytest.raises(RunError, match=r"user\.json: would have 67,\d+,\d+ bytes"):
        finished.write(User(name="a", notes="x" * (1 << 26)))
    assert finished.user() == before
    finished.write(User(name="a", notes="1" * 200_000))
    assert len(finished.user().notes) == 200_000


class TestMetrics:
    def test_a_torn_line_is_cut_off_before_the_run_goes_on(self, finished: Run) -> None:
        path = finished.directory / "metrics.jsonl"
        whole = path.read_text()
        path.write_text(whole + '{"epoch": 4, "st')
        assert [row.epoch for row in finished.metrics()] == [1, 2, 3]
        assert finished.keep(2) == finished.metrics()
        assert path.read_text() == "".join(whole.splitlines(keepends=True)[:2])

    @pytest.mark.parametrize("keep", [slice(1), slice(1, None), slice(0)])
    def test_metrics_that_do_not_reach_the_checkpoint_are_refused(
        self, finished: Run, keep: slice
    ) -> None:
        path = finished.directory / "metrics.jsonl"
        text = "".join(path.read_text().splitlines(keepends=True)[keep])
        path.write_text(text)
        with pytest.raises(RunError, match="does not hold the 3 epochs"):
            finished.keep(3)
        assert path.read_text() == text
