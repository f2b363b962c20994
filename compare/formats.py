"""A comparison as Markdown, LaTeX and CSV."""

import csv
import io
import re

from nnbasic.compare.comparison import Comparisons
from nnbasic.compare.tables import Block, Wanted, blocks
from nnbasic.configs.errors import printable
from nnbasic.training.choices import in_spreadsheet

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


def markdown(comparisons: Comparisons, wanted: Wanted) -> str:
    """The blocks of ``comparisons`` as paragraphs, lists and tables of GitHub's Markdown."""
    return "\n\n".join(map(_in_markdown, blocks(comparisons, wanted)))


def latex(comparisons: Comparisons, wanted: Wanted) -> str:
    """The blocks of ``comparisons`` as paragraphs and tables that need no package."""
    return "\n\n".join(map(_in_latex, blocks(comparisons, wanted)))


def as_csv(comparisons: Comparisons) -> str:
    """One line per row after a line of headings; shares between 0 and 1, unknown ones empty."""
    rows = [
        {**row, "rate_searched": each.rates_searched}
        for each in comparisons.parts
        for row in each.to_rows()
    ]
    heads = dict.fromkeys(key for row in rows for key in row)
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
    title = f"**{_plain(block.title)}**" if block.title else ""
    if block.lines:
        lines = list(map(_with_code, block.lines))
        return "\n- ".join([f"{title}\n", *lines]) if title else "  \n".join(lines)
    marks = ["---"] * block.names + ["---:"] * (len(block.head) - block.names)
    rows = [map(_plain, block.head), marks, *(map(_plain, row) for row in block.rows)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n\n".join(filter(None, [title, "\n".join(lines), _plain(block.legend)]))


def _with_code(sentence: str) -> str:
    text, command = told(sentence)
    if not command:
        return _plain(text)
    return f"{_plain(text)} {_plain(command) if '`' in command else f'`{printable(command)}`'}"


def _plain(text: str) -> str:
    """``text`` on one line, with no mark of Markdown in it."""
    return re.sub(r"([\\`*\[\]<>|#~])", r"\\\1", " ".join(text.splitlines()))


def _in_latex(block: Block) -> str:
    title = rf"\textbf{{{_typeset(block.title)}}}" if block.title else ""
    if block.lines:
        return "\n\n".join(filter(None, [title, *map(_with_typewriter, block.lines)]))
    columns = "l" * block.names + "r" * (len(block.head) - block.names)
    head, *rows = (" & ".join(map(_typeset, row)) + r" \\" for row in (block.head, *block.rows))
    rule = r"\hline"
    lines = [rf"\begin{{tabular}}{{{columns}}}", rule, head, rule, *rows, rule, r"\end{tabular}"]
    return "\n\n".join(filter(None, [title, "\n".join(lines), _typeset(block.legend)]))


def _with_typewriter(sentence: str) -> str:
    text, command = told(sentence)
    return _typeset(text) + (rf" \texttt{{{_typeset(command)}}}" if command else "")


def _typeset(text: str) -> str:
    """``text`` on one line, written so that LaTeX shows each of its characters."""
    line = "".join(LATEX.get(each, each) for each in printable(" ".join(text.splitlines())))
    minus = re.sub(r"(?<![\w-])-(?=\d)", "$-$", line)
    return re.sub("-(?=-)", "-{}", minus)  # two would become a dash
