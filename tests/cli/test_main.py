"""The group of commands: quick to start, documented, and completed by the shell."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from nnbasic.cli.groups import LazyGroup
from nnbasic.cli.main import main
from support import Command, invoke


def commands(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it."""
    yield path, command
    if isinstance(command, click.Group):
        for name, sub in command.commands.items():
            sub = command.load(name) if isinstance(command, LazyGroup) else sub
            yield from commands(sub, (*path, name))


ALL = dict(commands(main))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
@pytest.mark.usefixtures("workplace")
def test_every_command_and_option_has_help_in_80_columns(path: tuple[str, ...]) -> None:
    command = ALL[path]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
    text = invoke(*path, "--help").out
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text.partition("\nCommands:\n")[2]  # no summary is cut


@pytest.mark.parametrize("name", ["train", "gradcheck", "sweep"])
def test_a_config_named_without_its_option_is_hinted_at(name: str, nnbasic: Command) -> None:
    assert nnbasic(name, "relu").refused("argument 'relu'; did you mean --config relu?")
    said = nnbasic(name, "--config", "relu", "3")
    assert said.refused("argument '3'")
    assert "did you mean" not in said.err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("train --config relu --vary init=he", "No such option --vary; `nnbasic sweep` has it."),
        ("sweep --config relu --epochs 3", "No such option --epochs; use --set epochs=N."),
        ("sweep --config relu --vary init=he lecun", "'lecun'; a value with spaces needs quotes"),
        ("configs show relu --set layers=[784, 10]", "'10]'; a value with spaces needs quotes"),
        ("configs check relu --set epochs 3", "'3'; a value with spaces needs quotes"),
    ],
)
def test_words_out_of_place_are_explained(words: str, hint: str, nnbasic: Command) -> None:
    assert nnbasic(*words.split(" ")).refused(hint)


@pytest.mark.parametrize("words", ["runs list --runs=~/mine", "runs restore x --runs ~/mine"])
def test_the_home_directory_is_meant_after_an_equals_sign_too(
    words: str, nnbasic: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    said = nnbasic(*words.split(" "))
    assert str(tmp_path / "mine") in said.out + said.err


def test_each_summary_is_the_first_sentence_of_the_command() -> None:
    for path, command in ALL.items():
        if isinstance(command, LazyGroup):
            for name, (_, summary) in command.lazy.items():
                assert ALL[*path, name].get_short_help_str(limit=100) == summary


def test_the_help_and_the_names_of_commands_load_only_click() -> None:
    """In a real process; otherwise each would cost half a second."""
    code = (
        "import sys\n"
        "from nnbasic.cli.main import main\n"
        "assert main(['--help'], standalone_mode=False) == 0\n"
        "from click.shell_completion import ShellComplete\n"
        "completion = ShellComplete(main, {}, 'nnbasic', '_NNBASIC_COMPLETE')\n"
        "print([item.value for item in completion.get_completions([], 'e')])\n"
        "print([item.value for item in completion.get_completions(['runs'], 'r')])\n"
        "slow = {'numpy', 'yaml', 'tqdm', 'wcwidth', 'matplotlib'}\n"
        "print(slow & set(sys.modules))\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.endswith("\n['eval', 'export']\n['rename', 'rm', 'restore']\nset()\n")


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--version"], prog_name="nnbasic", standalone_mode=False)
    assert re.fullmatch(r"nnbasic, version \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)
