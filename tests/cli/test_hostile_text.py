"""Text that others wrote, in every field and in every command: none of it drives the terminal."""

import json
import os
from pathlib import Path

import pytest

from support import PLUGIN, Command, edit

EVIL = "\x1b]0;evil\x07\x9b31m\x1b[2J\u202e\u2066\r\x7f\nroot\u2028|<b>"
"""Sets the title, colours, clears the screen, turns text round, and starts lines of its own."""

NAME = EVIL + os.fsdecode(b"\xff")
"""The same as a file's name, with a byte that is no character."""


@pytest.fixture
def evil(workplace: Path, runs: Path, ids: list[str]) -> list[str]:
    """The ids of three runs with `EVIL` in every field, one of them in its id, and evil files."""
    for number, run in enumerate(ids):
        user = {"name": f"{number}{EVIL}", "tags": [EVIL, "picked"], "notes": f"one\n{EVIL}"}
        (runs / run / "user.json").write_text(json.dumps(user))
        record = json.loads((runs / run / "run.json").read_text())
        config = record["config"] | {EVIL: number, "plugins": [EVIL]}
        config["loss"] = {"name": f"{EVIL}{number}"}
        edit(
            runs / run,
            config=config,
            reason=EVIL,
            status="failed" if number else "finished",
            versions=record["versions"] | {"numpy": f"{EVIL}{number}"},
            machine=record["machine"] | {EVIL: EVIL, "processor": f"{EVIL}{number}"},
            warnings=[EVIL],
        )
    edit(runs / ids[1], dataset=EVIL)
    (runs / ids[2]).rename(runs / f"{ids[2]}{NAME}")
    for name, content in (("broken", "{" + EVIL), ("newer", '{"schema_version": 99}')):
        (runs / f"{name}{NAME}").mkdir()
        (runs / f"{name}{NAME}" / "run.json").write_text(content)
    (runs / f"foreign{NAME}").mkdir()
    (workplace / f"{NAME}.yaml").write_text(json.dumps({EVIL: EVIL, "activation": EVIL}))
    faulty = {"activation": "faulty", "init": "he", "plugins": [f"{EVIL}.py"]}
    faulty_code = PLUGIN.format(name="faulty").replace(
        "return self.positive**self.power", f"raise ValueError({EVIL!r})"
    )
    (workplace / f"{EVIL}.py").write_text(faulty_code)
    base = {"layers": [784, 8, 10], "epochs": 1, "data": {"dataset": "digits"}}
    (workplace / "faulty.yaml").write_text(json.dumps(base | faulty))
    (workplace / "configs").mkdir()
    (workplace / "configs" / f"{NAME}.yaml").write_text(f"# {EVIL}\nactivation: relu\n")
    return [*ids[:2], f"{ids[2]}{NAME}"]


COMMANDS = [
    "runs list",
    "runs list --where EVIL",
    "runs show 1",
    "runs diff 0 1",
    "runs tag 0 EVIL",
    "runs rename 2 EVIL",
    "runs rm 2",
    "compare",
    "compare picked --format markdown",
    "compare --format csv",
    "eval 0",
    "configs list",
    "configs check NAME",
    "configs check relu --set EVIL=1",
    "gradcheck --config faulty",
    "train --config faulty",
    "train --config small --epochs 1 --name EVIL",
    "train --config small --epochs 1 --runs NAME",
    "train --resume 1",
    "sweep --config small --vary activation=EVIL",
    "sweep --config faulty --seeds 1",
    "data status --data NAME",
    "activations EVIL",
    "EVIL",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_only_escaped(evil: list[str], nnbasic: Command, command: str) -> None:
    words = [
        evil[int(word)] if word in {"0", "1", "2"} else word.replace("NAME", NAME)
        for word in command.split()
    ]
    said = nnbasic(*(word.replace("EVIL", EVIL) for word in words))
    assert said.out + said.err
    assert ("Error in a plugin" in said.err) == command.endswith("--config faulty")
    for line in (said.out + said.err).split("\n"):
        assert line.isprintable(), line


def test_json_keeps_the_text_as_it_is(evil: list[str], nnbasic: Command) -> None:
    shown = nnbasic("runs", "show", evil[0], "--json")
    assert shown.out.isascii()
    assert shown.json()["name"] == f"0{EVIL}"
    assert shown.json()["reason"] == EVIL


def test_the_files_for_others_are_escaped_too(evil: list[str], nnbasic: Command) -> None:
    assert nnbasic("runs", "export", *evil, "--csv", "all.csv").code == 0
    said = nnbasic("compare", "--report", f"{NAME}.html")
    assert (said.code, said.err.rstrip("\n").isprintable()) == (0, True)
    for file in "all.csv", f"{NAME}.html":
        text = Path(file).read_text(encoding="utf-8")
        assert "evil" in text
        assert not set(text) & set("\x1b\x07\x9b\u202e\u2066\r\x7f\u2028")
