"""What a run's directory says, and who is at work on it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nnbasic.configs import Config, load
from nnbasic.data import Dataset
from nnbasic.runs import Record, Run, RunError, User, start
from nnbasic.runs.record import SCHEMA_VERSION, create

HOLD = """
import sys, time
from pathlib import Path
from nnbasic.runs import Run
with Run(Path(sys.argv[1])).claim():
    print("held", flush=True)
    time.sleep(60)
"""


def edit(run: Run, **changes: Any) -> None:
    """Change `run.json` as somebody with an editor would."""
    path = run.directory / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_finished_run_has_all_that_the_design_promises(finished: Run, dataset: Dataset) -> None:
    record = finished.record()
    assert record.status == finished.status() == "finished"
    assert record.id == finished.id
    assert record.schema_version == SCHEMA_VERSION
    assert record.dataset_sha256 == dataset.sha256
    assert set(record.versions) == {"python", "numpy", "blas", "nnbasic", "git_commit"}
    assert record.versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"host", "system", "processor", "cores"} <= set(record.machine)
    assert record.threads >= 1
    assert record.process == os.getpid()
    times = [record.started, record.heartbeat, record.ended or ""]
    assert [datetime.fromisoformat(time).utcoffset() for time in times] == [timedelta(0)] * 3
    assert max(times) > times[0]
    assert record.epoch == 3
    assert record.best is not None
    assert record.last is not None
    assert record.last["epoch"] == 3
    assert record.seconds > 0
    assert finished.user() == User(name="small", tags=[], notes="")


def test_the_record_is_strict_json(finished: Run) -> None:
    text = (finished.directory / "run.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail)["id"] == finished.id


def test_a_number_that_is_not_finite_is_null_in_the_record(finished: Run) -> None:
    last = {"epoch": 3, "val_loss": float("inf"), "train_loss": float("nan")}
    finished.write_record(finished.record().model_copy(update={"last": last}))
    assert finished.record().last == {"epoch": 3, "val_loss": None, "train_loss": None}


def test_the_config_of_a_run_is_the_one_it_was_started_with(
    tmp_path: Path, dataset: Dataset, config: Callable[..., Config]
) -> None:
    given = config(activation={"name": "elu", "alpha": 0.3}, schedule={"name": "step"}, seed=5)
    run = start(given, dataset, runs=tmp_path, name="x")
    assert run.config() == load(run.directory / "config.yaml") == given
    assert run.record().config == json.loads(json.dumps(given.model_dump()))
    assert run.record().identity == given.identity()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read"),
        (b"{", "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"[" * 200_000, "cannot be read"),
        (b"[]", "broken"),
        (b"null", "broken"),
        (b"{}", "broken: id: Field required"),
        (b'{"schema_version": 999}', "record version 999, this nnbasic reads up to 1"),
    ],
)
def test_a_broken_record_is_one_message(finished: Run, content: bytes, message: str) -> None:
    (finished.directory / "run.json").write_bytes(content)
    with pytest.raises(RunError, match=re.escape(message)) as error:
        finished.record()
    assert finished.id in str(error.value)
    assert "\n" not in str(error.value)


def test_a_wrong_value_in_the_record_is_named(finished: Run) -> None:
    edit(finished, status="sleeping")
    with pytest.raises(RunError, match=r"run\.json: broken: status: "):
        finished.record()


def test_a_directory_without_a_record_is_not_a_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a run, it has no run"):
        Run(tmp_path).record()


def test_a_config_that_was_broken_says_so(finished: Run) -> None:
    (finished.directory / "config.yaml").write_text("layers: 3\n")
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
        ("relu", "relu"),
        ("my run", "my-run"),
        ("a/b\\..", "a-b"),
        ("../../etc", "etc"),
        ("-rf", "rf"),
        (".hidden", "hidden"),
        ("überlang", "berlang"),
        ("활성화", "run"),
        ("", "run"),
        ("x" * 300, "x" * 40),
        ("a\nb\x1b[31m", "a-b-31m"),
        ("leaky_relu-0.2", "leaky_relu-0.2"),
    ],
)
def test_a_run_directory_has_a_tame_name(tmp_path: Path, name: str, word: str) -> None:
    run = create(tmp_path / "runs", name)
    assert run.directory.parent == tmp_path / "runs"
    assert re.fullmatch(rf"\d{{8}}T\d{{6}}Z-{re.escape(word)}-[0-9a-f]{{4}}", run.id)
    assert run.directory.is_dir()


@pytest.mark.parametrize("name", ["활성화 ½", 'a"b\\', "-rf", "a\nb", "caf\udce9"])
def test_the_name_itself_is_kept_as_it_was_typed(
    tmp_path: Path, dataset: Dataset, config: Callable[..., Config], name: str
) -> None:
    run = start(config(), dataset, runs=tmp_path, name=name)
    assert run.user().name == name.encode(errors="replace").decode()


def test_many_runs_of_one_second_get_directories_of_their_own(tmp_path: Path) -> None:
    assert len({create(tmp_path, "same").id for _ in range(300)}) == 300


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
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(RunError, match="cannot begin a run: File too large"):
            start(config(), dataset, runs=tmp_path, name="x")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


class TestWhoIsAtWork:
    """Seen from another process than the one that trains."""

    @pytest.fixture
    def run(self, finished: Run) -> Run:
        edit(finished, status="running")
        return finished

    @pytest.fixture
    def holder(self, run: Run) -> Any:
        command = [sys.executable, "-c", HOLD, str(run.directory)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
            process.kill()

    def test_a_live_process_is_running_and_a_killed_one_crashed(
        self, run: Run, holder: subprocess.Popen[str]
    ) -> None:
        assert run.status() == "running"
        with pytest.raises(RunError, match="another process is training this run"), run.claim():
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert run.status() == "crashed"
        with run.claim():
            assert run.status() == "running"

    def test_those_who_look_at_once_do_not_take_one_another_for_the_trainer(self, run: Run) -> None:
        (run.directory / ".lock").touch()
        with ThreadPoolExecutor(4) as pool:
            looks = pool.map(lambda _: run.status(), range(1000))
        assert set(looks) == {"crashed"}

    def test_a_run_that_was_never_locked_is_crashed_and_stays_unchanged(self, run: Run) -> None:
        (run.directory / ".lock").unlink()
        assert run.status() == "crashed"
        assert not (run.directory / ".lock").exists()

    @pytest.mark.parametrize(
        ("age", "status"), [(timedelta(seconds=40), "running"), (timedelta(minutes=6), "crashed")]
    )
    def test_a_run_elsewhere_is_judged_by_its_heartbeat(
        self, run: Run, age: timedelta, status: str
    ) -> None:
        heartbeat = (datetime.now(UTC) - age).isoformat()
        edit(run, machine={"host": "elsewhere"}, heartbeat=heartbeat)
        assert run.status() == status

    @pytest.mark.parametrize("heartbeat", ["", "soon", "2026-01-01T00:00:00"])
    def test_a_heartbeat_that_is_no_time_is_not_alive(self, run: Run, heartbeat: str) -> None:
        edit(run, machine={"host": "elsewhere"}, heartbeat=heartbeat)
        assert run.status() == "crashed"

    def test_other_statuses_are_what_was_written(self, run: Run) -> None:
        record: Record = run.record()
        for status in ("finished", "interrupted", "failed", "diverged"):
            assert run.status(record.model_copy(update={"status": status})) == status


class TestMetrics:
    def test_a_torn_line_is_cut_off_before_the_run_goes_on(self, finished: Run) -> None:
        path = finished.directory / "metrics.jsonl"
        whole = path.read_text()
        path.write_text(whole + '{"epoch": 4, "st')
        assert [row["epoch"] for row in finished.metrics()] == [1, 2, 3]
        assert finished.keep_metrics(2) == finished.metrics()
        assert path.read_text() == "".join(whole.splitlines(keepends=True)[:2])

    @pytest.mark.parametrize("keep", [slice(1), slice(1, None), slice(0)])
    def test_metrics_that_do_not_reach_the_checkpoint_are_refused(
        self, finished: Run, keep: slice
    ) -> None:
        path = finished.directory / "metrics.jsonl"
        text = "".join(path.read_text().splitlines(keepends=True)[keep])
        path.write_text(text)
        with pytest.raises(RunError, match="does not hold the 3 epochs"):
            finished.keep_metrics(3)
        assert path.read_text() == text
