"""The Korean README and claims have the commands and the verdicts of the English ones."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERDICTS = {
    "supported": "뒷받침됨",
    "refuted": "반박됨",
    "undecided": "판단 보류",
    "not run": "실행 전",
}


def blocks(page: str) -> list[str]:
    return re.findall(r"```\w+\n.*?```", (ROOT / page).read_text("utf-8"), re.DOTALL)


def verdicts(page: str) -> list[tuple[str, str]]:
    """Study and verdict of each row of the first table of claims."""
    rows = r"^\| \[.*\]\(.*#([\w-]+)\) \| ([^|]+) \|"
    return re.findall(rows, (ROOT / page).read_text("utf-8"), re.MULTILINE)


def test_the_same_blocks() -> None:
    assert blocks("docs/README.ko.md") == blocks("README.md")


def test_the_same_verdicts() -> None:
    for korean, english in [
        ("docs/README.ko.md", "README.md"),
        ("docs/claims.ko.md", "docs/claims.md"),
    ]:
        told = [(study, VERDICTS[verdict.strip()]) for study, verdict in verdicts(english)]
        assert told
        assert [(study, verdict.strip()) for study, verdict in verdicts(korean)] == told
