"""Without the optional packages: what needs one says how to install it, and begins nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nnbasic.training import all_runs

PACKAGES = ["matplotlib", "jinja2", "PIL", "onnx", "safetensors", "distributed", "tensorboardX"]

REFUSED = {
    "compare --report page.html": "report",
    "compare --figure curves.pdf": "report",
    "runs show --figure run.png": "report",
    "activations relu --figure relu.png": "report",
    "data show --augment small --output sheet.png": "pictures",
    "export latest network.onnx": "onnx",
    "export latest network.safetensors": "safetensors",
    "runs export latest --tensorboard events": "tensorboard",
    "sweep --config small --dask tcp://127.0.0.1:8786": "dask",
}
"""What needs an extra, and which."""

WORKING = [
    "train --config small --quiet",
    "compare",
    "eval",
    "runs export latest --csv metrics.csv",
]

PROGRAM = f"""
import json, sys
sys.modules.update(dict.fromkeys({PACKAGES}))
from click.testing import CliRunner
from nnbasic.cli.main import main
for command in {[*WORKING, *REFUSED]}:
    ended = CliRunner().invoke(main, command.split(), prog_name="nnbasic")
    print(json.dumps([command, ended.exit_code, ended.output]))
"""


@pytest.mark.usefixtures("workplace")
def test_what_needs_an_extra_names_it() -> None:
    program = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    ended = {command: said for command, *said in map(json.loads, done.stdout.splitlines())}
    for command in WORKING:
        code, said = ended[command]
        assert code == 0, said
    for command, extra in REFUSED.items():
        code, said = ended[command]
        assert code == 2, (command, said)
        assert len(said.splitlines()) < 5, "nothing was done first"
        assert f'pip install "nnbasic[{extra}]"' in " ".join(said.split()), command
    assert len(list(all_runs())) == 1
    assert {path.name for path in Path().iterdir()} == {"metrics.csv", "runs", "small.yaml"}
