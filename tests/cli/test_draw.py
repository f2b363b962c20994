"""`nnbasic draw`: the page of some runs, or of the newest."""

import json
import re
from pathlib import Path

from support import Command, edit


def networks(file: str) -> list[str]:
    """The names of the networks in a page."""
    text = Path(file).read_text("utf-8")
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    return [network["name"] for network in json.loads(data)["networks"]]


def test_the_newest_run_by_default(nnbasic: Command, runs: Path) -> None:
    answer = nnbasic("draw")
    assert answer.code == 0
    assert re.fullmatch(
        r"The page is in page\.html \(0\.\d MB\); open it in a browser\.\n", answer.out
    )
    assert networks("page.html") == ["tanh"]


def test_several_runs_in_the_order_given(nnbasic: Command, ids: list[str]) -> None:
    assert nnbasic("draw", "tanh", ids[0], "tanh", "--output", "two.html").code == 0
    assert networks("two.html") == ["tanh", "relu"]


def test_without_mnist_the_examples_are_left_out(nnbasic: Command, ids: list[str]) -> None:
    edit(Path("runs", ids[2]), dataset="mnist")
    answer = nnbasic("draw", ids[2])
    assert answer.code == 0
    assert "Warning: The page has no examples: MNIST is not on this machine" in answer.err
    assert networks("page.html") == ["tanh"]
