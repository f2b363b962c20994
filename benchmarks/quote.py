"""Runs what the pages quote, and writes its output into them again.

    python benchmarks/quote.py docs/tutorial.md docs/comparing.md

The commands of a page are the lines that begin with `$ ` in its ```console blocks. They run from
top to bottom in one folder a page. It has `docs/`, as a clone does, and the files that the page
says to save: the code blocks after a paragraph that ends by naming a file, as in "save this as
`mine.py`:". What a command prints on stdout replaces what stands below it. Where `...` stands below
it, that stays.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
"""A command with its continued lines, and what stands below it."""


def saved_as(text: str, start: int) -> str | None:
    """The file as which the block at ``start`` is to be saved."""
    paragraph = text[:start].rstrip().rpartition("\n\n")[2]
    names: list[str] = re.findall(r"`([\w-]+\.(?:py|yaml))`", paragraph)
    return names[-1] if names and paragraph.endswith(":") else None


def run(command: str, folder: Path, columns: int) -> str:
    """What a command prints on stdout.

    Raises SystemExit if it fails.
    """
    scripts = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": str(columns),
    }
    print(f"$ {command}", file=sys.stderr)
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        raise SystemExit(f"exit code {done.returncode}: {command}")
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def quoted(text: str, folder: Path, columns: int) -> str:
    """The page with the present output of its commands, which run in ``folder``."""

    def command(match: re.Match[str]) -> str:
        printed = run(match[1], folder, columns)
        below = match[2] if match[2] == "...\n" else printed
        return f"$ {match[1]}\n{below}"

    def block(match: re.Match[str]) -> str:
        if match[1] == "console":
            return f"```console\n{COMMAND.sub(command, match[2])}```"
        if name := saved_as(text, match.start()):
            (folder / name).write_text(match[2], "utf-8")
        return match[0]

    return BLOCK.sub(block, text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--columns", type=int, default=80)
    arguments = parser.parse_args()
    for page in arguments.pages:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "docs").symlink_to(DOCS)
            page.write_text(
                quoted(page.read_text("utf-8"), Path(folder), arguments.columns), "utf-8"
            )
