"""A comparison as Markdown, LaTeX and CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

from nnbasic.compare.blocks import Block, Curves, Sentences, Wanted, blocks
from nnbasic.compare.comparison import Comparison
from nnbasic.configs.errors import printable
from nnbasic.training.choices import in_spreadsheet, shown

LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",  # it would begin an option after the end of a row
    "]": "{]}",
    "±": r"$\pm$",
    "–": r"\textendash{}",
    "×": r"$\times$",
} | {each: f"\\{each}" for each in "{}$&#%_"}
"""How a character is written that means something to LaTeX, or that not all of its fonts have."""


def markdown(comparison: Comparison, wanted: Wanted) -> str:
    """The blocks of ``comparison`` as paragraphs, lists and tables of GitHub's Markdown."""
    return "\n\n".join(map(_in_markdown, blocks(comparison, wanted)))


def latex(comparison: Comparison, wanted: Wanted) -> str:
    """The blocks of ``comparison`` as paragraphs and tables that need no package."""
    return "\n\n".join(map(_in_latex, blocks(comparison, wanted)))


def as_csv(comparison: Comparison) -> str:
    """One line per group after a line of headings; shares between 0 and 1, unknown ones empty."""
    rows, keys = list[dict[str, Any]](), dict.fromkeys(comparison.columns)
    for part in filter(None, (comparison, comparison.searched)):
        content = part.to_dict()
        keys |= dict.fromkeys(part.columns)
        for group in content["groups"]:
            flat = {key: shown(value) for key, value in group.pop("key").items()}
            rows.append(flat | {"rate_searched": part.rates_searched} | dict(_flat(group)))
    heads = dict.fromkeys([*keys, *(key for row in rows for key in row)])
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(map(in_spreadsheet, heads))
    writer.writerows([in_spreadsheet(row.get(head)) for head in heads] for row in rows)
    return output.getvalue()


def told(sentence: str) -> tuple[str, str]:
    """A sentence without the command that it ends in, and the command, if there is one."""
    found = re.fullmatch(r"(.*?: )`(.+)`", sentence, re.DOTALL)
    return (found[1].rstrip(), found[2]) if found else (sentence, "")


def _in_markdown(block: Block) -> str:
    if isinstance(block, Sentences):
        sentences = list(map(_with_code, block.lines))
        if not block.title:
            return "  \n".join(sentences)
        return "\n".join([f"**{_plain(block.title)}**", "", *(f"- {each}" for each in sentences)])
    table = block.table() if isinstance(block, Curves) else block
    rows = [
        [_plain(field.head) for field in table.columns],
        ["---"] * len(table.names) + ["---:"] * len(table.figures),
        *([_plain(cell) for cell in row] for row in table.rows),
    ]
    lines = [f"**{_plain(table.title)}**", ""] if table.title else []
    lines += [f"| {' | '.join(row)} |" for row in rows]
    lines += ["", _plain(table.legend)] if table.legend else []
    return "\n".join(lines)


def _with_code(sentence: str) -> str:
    text, command = told(sentence)
    if not command:
        return _plain(text)
    return f"{_plain(text)} {_plain(command) if '`' in command else f'`{printable(command)}`'}"


def _plain(text: str) -> str:
    """``text`` on one line, with no mark of Markdown in it."""
    return re.sub(r"([\\`*\[\]<>|#~])", r"\\\1", " ".join(text.splitlines()))


def _in_latex(block: Block) -> str:
    if isinstance(block, Sentences):
        title = [rf"\textbf{{{_typeset(block.title)}}}", ""] if block.title else []
        return "\n\n".join(filter(None, [*title, *map(_with_typewriter, block.lines)]))
    table = block.table() if isinstance(block, Curves) else block
    lines = [rf"\textbf{{{_typeset(table.title)}}}", ""] if table.title else []
    lines += [
        rf"\begin{{tabular}}{{{'l' * len(table.names)}{'r' * len(table.figures)}}}",
        r"\hline",
        _row([field.head for field in table.columns]),
        r"\hline",
        *map(_row, table.rows),
        r"\hline",
        r"\end{tabular}",
    ]
    lines += ["", _typeset(table.legend)] if table.legend else []
    return "\n".join(lines)


def _with_typewriter(sentence: str) -> str:
    text, command = told(sentence)
    return _typeset(text) + (rf" \texttt{{{_typeset(command)}}}" if command else "")


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(_typeset, cells)) + r" \\"


def _typeset(text: str) -> str:
    """``text`` on one line, written so that LaTeX shows each of its characters."""
    line = "".join(LATEX.get(each, each) for each in printable(" ".join(text.splitlines())))
    minus = re.sub(r"(?<![\w-])-(?=\d)", "$-$", line)
    return re.sub("-(?=-)", "-{}", minus)  # two would become a dash


def _flat(group: dict[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """The cells of a group of `Comparison.to_dict`, nested names joined by an underscore."""
    for name, value in group.items():
        if isinstance(value, dict) and name == "statuses":
            yield name, " ".join(f"{status}:{n}" for status, n in value.items())
        elif isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}_")
        elif name.endswith("ci95"):
            low, high = value if isinstance(value, list) else (None, None)
            yield f"{prefix}{name}_low", low
            yield f"{prefix}{name}_high", high
        elif isinstance(value, list):
            yield f"{prefix}{name}", " ".join(map(str, value))
        else:
            yield f"{prefix}{name}", value
