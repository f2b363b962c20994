"""A comparison in other formats: what LaTeX, Markdown and a table of figures take."""

import csv
import io
import re
from collections.abc import Callable

import pytest

from nnbasic.compare import Comparisons, formats
from nnbasic.compare.tables import Wanted
from support import Compare, Make, scored

ALL = Wanted(p_values=True, details=True, explain=True)
HOSTILE = r"a\b{c}$d&e#f%g_h~i^j<k>|l[m]`n'o" + "\n\\\\\\input{x}"


@pytest.fixture
def comparison(make: Make, compare_runs: Compare) -> Comparisons:
    """Two rows, one with a name of all that means something elsewhere, and one that diverged."""
    for seed in range(3):
        make({"best": scored(0.90 + 0.01 * seed)}, activation="relu", seed=seed)
        config = {"config": {"activation": {"name": HOSTILE}}}
        make({"best": scored(0.80), **config}, activation="tanh", seed=seed)
    make({"status": "diverged"}, activation="elu")
    return compare_runs()


def test_latex_has_nothing_but_its_own_commands(comparison: Comparisons) -> None:
    text = formats.latex(comparison, ALL)
    words = set(re.findall(r"\\(?:[a-z]+|.)", text))
    own = {r"\begin", r"\end", r"\hline", r"\textbf", r"\texttt", r"\pm", r"\times"}
    signs = {"backslash", "asciitilde", "asciicircum", "less", "greater", "bar", "quotesingle"}
    named = {rf"\text{sign}" for sign in (*signs, "asciigrave", "endash")}
    assert words - own - named == {r"\{", r"\}", r"\$", r"\&", r"\#", r"\%", r"\_", r"\\"}
    bare = re.sub(r"\\(?:[a-z]+|.)|\$-\$", "", text)
    assert not set(bare) & set("\\#%_~^<>|")
    assert bare.count("{") == bare.count("}")


@pytest.mark.parametrize(
    ("form", "line", "separator"),
    [(formats.latex, r".* \\\\$", r"(?<!\\)&"), (formats.markdown, r"^\|.*", r"(?<!\\)\|")],
)
def test_rows_have_as_many_cells_as_the_heading(
    comparison: Comparisons, form: Callable[..., str], line: str, separator: str
) -> None:
    text = form(comparison, ALL)
    tables = re.findall(rf"(?:{line}\n(?:\\hline\n)?)+", text, re.MULTILINE)
    assert len(tables) == 2
    for table in tables:
        rows = [re.findall(separator, row) for row in table.splitlines() if row != r"\hline"]
        assert len(rows) >= 2
        assert len({len(row) for row in rows}) == 1
    assert "\n\\\\" not in text, "a name starts no line"


def test_latex_keeps_hyphens_and_signs() -> None:
    assert formats._typeset("--seeds -0.20 to +0.1, a-1 ±") == (
        r"-{}-seeds $-$0.20 to +0.1, a-1 $\pm$"
    )


def test_csv_has_searched_rows_too(make: Make, compare_runs: Compare) -> None:
    search = {"given": 0.1, "chosen": 0.2, "tried": {"0.2": 0.9}, "seeds": 2}
    fast = {"name": "sgd", "lr": 0.2, "momentum": 0.9}
    for seed in range(2):
        make({"best": scored(0.9)}, activation="relu", seed=seed)
        edited = {"best": scored(0.95), "rate_search": search}
        make(edited, activation="relu", seed=seed, optimizer=fast)
    rows = list(csv.DictReader(io.StringIO(formats.as_csv(compare_runs()))))
    assert [len(row["runs"].split()) for row in rows] == [2, 2]
    found = [(row["rate_searched"], float(row["val_accuracy_mean"])) for row in rows]
    assert found == [("True", pytest.approx(0.95)), ("False", pytest.approx(0.9))]
