"""What other programs read: CSV, and TensorBoard's event files."""

import csv
import json
import shutil
import struct
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from nnbasic.training import Run, RunError, User
from nnbasic.training.collection import RunData, collect
from nnbasic.training.metrics_export import write_csv, write_tensorboard
from support import edit


@pytest.fixture
def data(finished: Run) -> list[RunData]:
    """Three runs of three epochs: relu of seeds 0 and 1, and leaky ReLU."""
    config = finished.record().config
    for number, (name, seed) in enumerate([("relu", 0), ("relu", 1), ("leaky_relu", 0)]):
        copy = Run(finished.directory.with_name(f"2026010{number}T000000Z-x-0000"))
        shutil.copytree(finished.directory, copy.directory)
        copy.write(User(name=name))
        activation = config["activation"] if name == "relu" else {"name": name, "slope": 0.1}
        edit(copy, id=copy.id, config=config | {"activation": activation, "seed": seed})
    shutil.rmtree(finished.directory)
    return collect(finished.directory.parent)[0]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def test_the_csv_has_a_row_for_each_epoch_of_each_run(data: list[RunData], tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    (data[2].run.directory / "metrics.jsonl").rename(tmp_path / "metrics.jsonl")
    assert write_csv(data, tmp_path / "fewer.csv") == (6, 2)
    (tmp_path / "metrics.jsonl").rename(data[2].run.directory / "metrics.jsonl")
    data = collect(tmp_path / "runs")[0]
    assert write_csv(data, path) == (9, 3)
    rows = read_csv(path)
    assert [(row["run"], row["epoch"]) for row in rows] == [
        (each.run.id, epoch) for each in data for epoch in "123"
    ]
    for row, metrics in zip(rows, (m for each in data for m in each.metrics), strict=True):
        for key in list(row)[5:]:
            assert float(row[key]) == getattr(metrics, key)
    head = list(rows[0])
    assert head[:5] == ["run", "name", "seed", "activation", "activation.slope"]
    assert head[5:] == list(asdict(data[0].metrics[0]))[:-2]
    assert [row["seed"] for row in rows] == list("000111000")
    assert [row["activation"] for row in rows] == ["relu"] * 6 + ["leaky_relu"] * 3
    assert [row["activation.slope"] for row in rows] == [""] * 6 + ["0.1"] * 3
    assert path.read_bytes().count(b"\r\n") == 10


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "-2+3", "\t=1", "a,b\r\nc", "\ud800"])
def test_a_name_cannot_become_a_formula_or_another_cell(
    data: list[RunData], tmp_path: Path, name: str
) -> None:
    each = data[0]
    (each.run.directory / "user.json").write_text(json.dumps({"name": name}))
    write_csv(collect(tmp_path / "runs")[0], tmp_path / "metrics.csv")
    rows = read_csv(tmp_path / "metrics.csv")
    assert len(rows) == 9
    assert len({len(row) for row in rows}) == 1
    assert rows[0]["name"][0] not in "=+-@＝\t\r\n"
    assert rows[0]["name"].isprintable()


def test_numbers_stay_numbers_and_no_heading_is_a_formula(
    data: list[RunData], tmp_path: Path
) -> None:
    path = data[0].run.directory / "metrics.jsonl"
    changes = {"train_loss": -1.5e-7, "val_loss": None, "learning_rate": None}
    infinite = {"non_finite": {"val_loss": "inf", "learning_rate": "-inf", "train_accuracy": "=2"}}
    changes |= {"scores": {"val_top3": 0.5, "val_nll": None}}
    path.write_text(json.dumps(asdict(data[0].metrics[0]) | changes | infinite) + "\n")
    edit(data[0].run, config={"=1+1": 2.5})
    write_csv(collect(tmp_path / "runs")[0], tmp_path / "metrics.csv")
    first = read_csv(tmp_path / "metrics.csv")[0]
    expected = {"epoch": "1", "train_loss": "-1.5e-07", "val_loss": "inf", "learning_rate": "-inf"}
    expected |= {"'=1+1": "2.5", "train_accuracy": "'=2", "val_top3": "0.5", "val_nll": ""}
    assert {key: first[key] for key in expected} == expected
    assert "non_finite" not in first


def test_a_csv_file_that_is_there_is_kept(data: list[RunData], tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("precious")
    with pytest.raises(RunError, match="already exists"):
        write_csv(data, path)
    assert path.read_text() == "precious"
    with pytest.raises(RunError, match="cannot be written"):
        write_csv(data, tmp_path / "missing" / "metrics.csv")


def events(folder: Path) -> Iterator[Any]:
    """The events of the one file in ``folder``: each between its length and checksums."""
    from tensorboardX.proto.event_pb2 import Event

    (path,) = folder.iterdir()
    content = path.read_bytes()
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        yield Event.FromString(content[12 : 12 + length])
        content = content[16 + length :]


def test_the_event_files_say_what_the_runs_say(data: list[RunData], tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    folder = tmp_path / "events"
    data[0].metrics[0].scores["val_top3"] = 0.5
    write_tensorboard(data, folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(each.run.id for each in data)
    for each in data:
        found = {}
        for event in events(folder / each.run.id):
            for value in event.summary.value:
                found[value.tag, event.step] = value, event.wall_time
        assert (("top3/validation", 1) in found) == (each is data[0])
        start = datetime.fromisoformat(each.record.started).timestamp()
        for row in each.metrics:
            value, time = found["accuracy/validation", row.epoch]
            assert value.simple_value == pytest.approx(row.val_accuracy)
            assert time == pytest.approx(start + row.elapsed_seconds)
        assert each.record.best is not None
        value, _ = found["accuracy/test", each.record.best.epoch]
        assert value.simple_value == pytest.approx(each.record.test_accuracy)
        for line in each.diagnostics:
            layer = line["layers"][0]
            histogram = found["activations/layer1", line["epoch"]][0].histo
            assert list(histogram.bucket) == layer["histogram"]["counts"]
            assert histogram.bucket_limit[-1] == layer["histogram"]["high"]
            assert histogram.num == 100 * 16
            assert histogram.sum / histogram.num == pytest.approx(layer["mean"])
            gradient = found["gradient_norm/layer1", line["epoch"]][0].simple_value
            assert gradient == pytest.approx(layer["gradient_norm"])
        (text,) = found["config/text_summary", 0][0].tensor.string_val
        assert f"    activation: {{name: {each.user.name}".encode() in text


def test_what_is_in_the_folder_of_events_is_kept(data: list[RunData], tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    folder = tmp_path / "events"
    write_tensorboard(data[:1], folder)
    before = [path.read_bytes() for path in folder.glob("*/*")]
    with pytest.raises(RunError, match="already exists"):
        write_tensorboard(data, folder)
    assert [path.read_bytes() for path in folder.glob("*/*")] == before
    write_tensorboard(data[1:], folder)
    (tmp_path / "file").write_text("precious")
    with pytest.raises(RunError, match="cannot be written"):
        write_tensorboard(data, tmp_path / "file")


def test_of_broken_diagnostics_a_line_says_so(data: list[RunData], tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    (data[0].run.directory / "diagnostics.jsonl").write_text('{"epoch": 0, "layers": [{}]}\n')
    (problem,) = write_tensorboard(data, tmp_path / "events")
    assert problem.startswith(f"{data[0].run.directory}: broken, it is exported in part")
    for each in data:
        found = list(events(tmp_path / "events" / each.run.id))
        assert any("accuracy/train" in str(event) for event in found)


def test_without_the_extra_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(RunError, match=r'pip install "nnbasic\[tensorboard\]"'):
        write_tensorboard([], tmp_path / "events")
    assert not (tmp_path / "events").exists()
