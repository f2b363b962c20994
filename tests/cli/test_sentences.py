"""Sentences of a comparison as a terminal shows them."""

import subprocess

import pytest

from nnbasic.cli.sentences import sentence_lines

RUNS = " ".join(f"'runs/of do; done/{name}'" for name in ("relu", "tanh", "elu"))
TRAIN = 'nnbasic train --config "$run/config.yaml" --seed $seed'


@pytest.mark.parametrize(
    "command",
    [
        f"for run in {RUNS}; do for seed in 3 4; do {TRAIN}; done; done",
        "nnbasic sweep --config runs/some-run/config.yaml --vary 'activation=relu,{name: elu}'"
        " --vary init=he,xavier,normal --seeds 5",
    ],
)
def test_a_command_in_several_lines_does_the_same(command: str) -> None:
    def does(lines: str) -> str:
        script = f"nnbasic() {{ printf '<%s>' \"$@\"; echo; }}\n{lines}\n"
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout

    sentence, *lines = sentence_lines(f"More seeds: `{command}`", 60)
    assert sentence == "More seeds:"
    assert len(lines) > 2
    assert max(map(len, lines)) <= 60
    assert does("\n".join(lines)) == does(command) != ""
