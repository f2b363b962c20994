"""The README and the pages of docs/: their links lead somewhere, and their commands exist."""

import re
import shlex
from pathlib import Path

import click
import pytest

from nnbasic.cli.main import main

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "benchmarks" / "README.md", *sorted(ROOT.glob("docs/*.md"))]


def anchors(page: Path) -> set[str]:
    """What a link may name after #: the page's headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" not in link:
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


def commands(page: Path) -> list[str]:
    """The `nnbasic …` of code blocks and of code in sentences, each on one line."""
    text = page.read_text("utf-8").replace("\\\n", " ")
    fenced = "".join(re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    return [
        *re.findall(r"^(?:\$ )?(nnbasic .*)", fenced, re.MULTILINE),
        *re.findall(r"^ {4}(nnbasic .*)", text, re.MULTILINE),
        *re.findall(r"`(nnbasic [^`\n]+)`", text),
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_and_their_options_exist(page: Path) -> None:
    for line in commands(page):
        words = shlex.split(line, comments=True)[1:]
        command: click.Command | None = main
        context = click.Context(main)
        while isinstance(command, click.Group) and words and re.fullmatch("[a-z]+", words[0]):
            _, command, words = command.resolve_command(context, words)
        assert command
        known = {name for option in command.get_params(context) for name in option.opts}
        assert {word for word in words if word.startswith("--")} <= known | {"--help"}, line
