"""`nnbasic study` as a person uses it: shown, run, reported."""

import json
from pathlib import Path

import pytest

from nnbasic.training import all_runs
from support import Command

STUDY = """\
claim: ReLU is better than step, from which no gradient flows back.
config:
  layers: [784, 16, 10]
  epochs: 2
  batch_size: 100
  data: {dataset: digits, validation: 9000}
arms:
  relu: {activation: relu}
  step: {activation: step}
learning_rate: {fixed: it is only a test}
seeds: 3
measure: val_accuracy
expect:
  - relu - step >= 1
  - gradient_ratio: step / relu <= 0.5
  - epochs_to(0.999): step / relu >= 1.5
"""


@pytest.fixture
def study(nnbasic: Command) -> str:
    Path("mine.yaml").write_text(STUDY)
    return "mine.yaml"


def test_from_a_claim_to_its_page(nnbasic: Command, study: str) -> None:
    shown = nnbasic("study", "show", study).out
    assert "`nnbasic study run mine.yaml` trains" in shown
    arms = [line.split() for line in shown.partition("arm ")[2].splitlines()[:3]]
    assert arms == [["activation"], ["relu", "relu"], ["step", "step"]]
    before = nnbasic("study", "show", study, "--json").json()
    assert (before["verdict"], before["runs"]) == (None, 0)
    run = nnbasic("study", "run", study, "--json")
    assert run.code == 0
    said = run.json()
    assert said["claim"].startswith("ReLU is better than step")
    assert (said["runs"], said["seeds"], said["verdict"]) == (6, 3, "undecided")
    accuracy, gradient, epochs = said["expectations"]
    assert accuracy["expect"] == "relu - step >= 1"
    assert accuracy["verdict"] == "supported"
    assert 1 < accuracy["interval"][0] < accuracy["estimate"] < accuracy["interval"][1]
    assert gradient["estimate"] < 1e-10  # nothing flows back through step
    assert epochs["verdict"] == "undecided"  # neither came to it
    assert epochs["interval"][1] is None
    assert nnbasic("study", "show", study, "--json").json() == said
    again = nnbasic("study", "run", study)
    assert "6 of 6 runs exist already." in again.err
    assert list(all_runs(Path("runs"))) == []
    assert len(list(all_runs(Path("runs/.studies")))) == 6
    shown = nnbasic("study", "show", study).out
    assert "supported" in shown
    assert "For 784-16-10; 2 epochs; learning rate 0.1: it is only a test; 3 seeds." in shown
    for page in "claims.md", "claims.html":
        assert nnbasic("study", "report", study, "--output", page).code == 0
        text = Path(page).read_text("utf-8")
        assert "from which no gradient flows back" in text
        assert "supported" in text
    assert nnbasic("study", "report", study, "--output", page).refused("already exists", "--force")


@pytest.mark.slow
def test_with_a_searched_rate(nnbasic: Command, study: str) -> None:
    lines = [line for line in STUDY.splitlines() if not line.startswith("learning_rate")]
    text = "\n".join(lines[:-2])  # the best rate of step, about 1, is out of reach from 0.0001
    Path("searched.yaml").write_text(text.replace("step}", "step, optimizer.lr: 0.0001}"))
    assert nnbasic("study", "show", "searched.yaml", "--json").json()["verdict"] is None
    found = nnbasic("study", "run", "searched.yaml", "--json").json()
    assert found["verdict"] == "supported"
    assert found["scope"].endswith("searched: 0.1 (relu), 0.01 at the edge of the grid (step)")
    shown = " ".join(nnbasic("study", "show", "searched.yaml").out.split())
    assert "Rate at the edge of the grid: step; a better one may lie beyond it" in shown
    assert nnbasic("study", "show", "searched.yaml", "--json").json() == found


def test_the_shipped_studies_are_listed(nnbasic: Command) -> None:
    listed = nnbasic("study", "list", "--json")
    assert listed.code == 0, listed.err
    studies = json.loads(listed.out)
    assert all(each.keys() == {"name", "claim", "verdict"} for each in studies)
    assert {each["verdict"] for each in studies} == {None}
    assert "relu-is-faster" in {each["name"] for each in studies}


def test_mistakes_end_with_code_2(nnbasic: Command) -> None:
    assert nnbasic("study", "show", "nothing").refused("nothing", "nnbasic study list")
    Path("bad.yaml").write_text("claim: none\n")
    assert nnbasic("study", "run", "bad.yaml").refused("bad.yaml", "lacks the key arms")
