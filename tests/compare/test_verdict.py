"""The sentences of a comparison."""

from collections.abc import Callable

import numpy as np
import pytest

from nnbasic.compare.findings import Findings
from nnbasic.compare.grouping import ONLY
from nnbasic.compare.standing import LOST, PARTLY, RANKED, UNSTABLE, unstable
from nnbasic.compare.verdict import points, verdict

Judge = Callable[..., Findings]


def around(mean: float, seeds: int = 6, own: int = 1) -> list[float]:
    """Accuracies of a row, with noise of its ``own``, whose mean is exactly ``mean``."""
    noise = np.random.default_rng(own).normal(0, 0.001, seeds)
    return [round(float(each), 6) for each in mean + noise - noise.mean()]


FOUR = {
    "relu/he": around(0.9602),
    "relu/xavier": around(0.96, own=2),
    "tanh/he": around(0.94, own=3),
    "tanh/xavier": around(0.94, own=4),
}


def test_best_worse_and_the_effect_of_each_choice(judged: Judge) -> None:
    found = judged(FOUR)
    best, worse, matters, depends = verdict(found)
    assert best == (
        "Best: relu/he, 96.02 % validation accuracy. relu/xavier shows no significant difference"
        " from it (group a)."
    )
    ends = [row.difference.ci95 for row in found.rows[2:] if row.difference]
    low = min(-high for _, high in filter(None, ends))
    high = max(-low for low, _ in filter(None, ends))
    assert worse == f"Worse: tanh with every init, by {100 * low:.1f} to {100 * high:.1f} points."
    assert matters.startswith("The activation has the largest effect (9")
    assert "of the variance between runs; init 0 %, interaction 0 %, seeds " in matters
    assert depends == "No interaction between activation and init found."


def test_what_shares_a_letter_with_the_first_is_never_worse(judged: Judge) -> None:
    """The second row differs from the third alone: nothing is worse than the first."""
    close = [0.9591, 0.9594, 0.9590]
    found = judged({"relu": [0.969, 0.951, 0.96], "tanh": close, "elu": [x - 0.004 for x in close]})
    assert [row.letters for row in found.rows] == ["ab", "a", "b"]
    first, second, *rest = verdict(found)
    assert first.startswith("No row differs significantly from the one with the best mean, relu")
    assert second.startswith("Detectable with 80 % power: ")
    assert not any("Worse" in sentence for sentence in rest)


@pytest.mark.parametrize(
    ("rows", "sentences"),
    [
        (
            {"relu": around(0.96), "tanh": around(0.94, own=2)},
            ["Best: relu, 96.00 % validation accuracy.", "Worse: tanh, by 1.9"],
        ),
        (
            {"relu": [0.96, 0.95], "tanh": [0.95, 0.951]},
            ["No row differs significantly from the one with the best mean, relu, 95.50 %"],
        ),
        (
            {"relu": around(0.96), "elu": around(0.96)},
            ["elu and relu are identical in every seed (96.00 % validation accuracy)."],
        ),
        (
            {"relu": around(0.96), "elu": around(0.96), "tanh": around(0.94)},
            ["elu and relu are identical in every seed.", "Best: elu, 96.00 % validation"],
        ),
        (
            {"relu": [0.96], "tanh": [0.95], "elu": [0.96]},
            [
                "Best: elu and relu, 96.00 % validation accuracy (equal); but one seed says nothing"
                " about chance, another could reverse the order. More seeds: `nnbasic sweep`"
            ],
        ),
    ],
)
def test_how_rows_compare(
    judged: Judge, rows: dict[str, list[float]], sentences: list[str]
) -> None:
    said = verdict(judged(rows), "nnbasic sweep")
    for sentence, start in zip(said, sentences, strict=False):
        assert sentence.startswith(start)


def test_the_effect_of_one_choice_may_depend_on_the_other(judged: Judge) -> None:
    rows = FOUR | {"tanh/xavier": around(0.97, own=4)}
    assert "The effect of the activation depends on the init." in verdict(judged(rows))


class TestFailures:
    """Collapsed runs are at 10 %."""

    def test_whole_rows_come_first_and_are_ranked_last(self, judged: Judge) -> None:
        rows = FOUR | {"sigmoid/he": [0.1] * 6, "sigmoid/xavier": [0.1] * 6}
        found = judged(rows, sigmoid_he=6, sigmoid_xavier=6)
        assert [row.state for row in found.rows] == [RANKED] * 4 + [LOST] * 2
        said = verdict(found)
        assert said[0] == "sigmoid/he and sigmoid/xavier learned nothing in 6 of 6 runs."
        assert said[1].startswith("Best: relu/he, 96.02 % validation accuracy.")
        assert "The activation decides whether a network trains at all." in said
        assert said[-1].endswith("Without sigmoid, of which rows are left out.")

    @pytest.mark.parametrize(
        ("odd", "failed", "state", "sentence"),
        [
            (
                {"tanh/normal": [0.1, 0.95] * 3},
                3,
                PARTLY,
                "tanh/normal learned nothing in 3 of 6 runs, and is left out of means and tests.",
            ),
            (
                {"tanh/normal": [0.34, 0.8, 0.6, 0.82, 0.5, 0.7]},
                0,
                UNSTABLE,
                "tanh/normal is unstable (its seeds range from 34.0 to 82.0 %), and is left out of"
                " means and tests.",
            ),
        ],
    )
    def test_a_row_at_the_edge_is_in_no_mean_letter_or_plan(
        self, judged: Judge, odd: dict[str, list[float]], failed: int, state: int, sentence: str
    ) -> None:
        found = judged(FOUR | odd, tanh_normal=failed)
        last = found.rows[-1]
        assert (last.state, last.letters, last.difference) == (state, None, None)
        assert found.plan == judged(FOUR).plan
        assert verdict(found)[0] == sentence

    def test_one_level_that_always_fails_with_few_seeds(self, judged: Judge) -> None:
        found = judged({"relu": around(0.96, 2), "tanh": [0.1, 0.1]}, tanh=2)
        assert verdict(found) == (
            "tanh learned nothing in 2 of 2 runs.",
            "Best: relu, 96.00 % validation accuracy, the only row that can be ranked.",
            "All runs with activation tanh failed, and none of the others.",
        )

    def test_all_rows(self, judged: Judge) -> None:
        found = judged({"relu": [0.1, 0.1], "tanh": [0.11, 0.1]}, relu=2, tanh=2)
        assert verdict(found) == ("tanh and relu learned nothing in 2 of 2 runs.",)
        one = judged({ONLY: [0.1, 0.1]}, **{ONLY: 2})
        assert verdict(one) == ("The network learned nothing in 2 of 2 runs.",)

    def test_no_effect_beside_rows_that_failed_or_are_worse(self, judged: Judge) -> None:
        names = ("relu/he", "relu/xavier", "tanh/he", "tanh/xavier")
        rows = {name: around(0.96, 3, own=own) for own, name in enumerate(names)}
        assert any("No choice has" in sentence for sentence in verdict(judged(rows)))
        lost = {"sigmoid/he": [0.1] * 3, "sigmoid/xavier": [0.1] * 3}
        said = verdict(judged(rows | lost, sigmoid_he=3, sigmoid_xavier=3))
        assert not any("No choice has" in sentence or "No inter" in sentence for sentence in said)
        low = {"relu/normal": [0.306, 0.367], "tanh/normal": [0.307, 0.364]}
        said = verdict(judged(low | {"relu/he": [0.744, 0.738], "tanh/he": [0.743, 0.738]}))
        assert said[2].startswith("No single choice is shown to be the reason (of the variance")
        assert verdict(judged(rows | {"elu/he": around(0.9, 3)}))[2].endswith("rows are left out.")


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([[0.97, 0.971, 0.972], [0.96, 0.962, 0.961], [0.4, 0.8, 0.6]], [2]),
        ([[0.97, 0.971], [0.9, 0.94]], []),  # two seeds: may be chance
        ([[0.97, 0.971, 0.972], [0.96, 0.964, 0.961], [0.965, 0.97, 0.96]], []),
        ([[0.97], [0.4]], []),
        ([[0.97, 0.97, 0.97], [0.97, 0.97, 0.97]], []),
    ],
)
def test_which_rows_are_unstable(rows: list[list[float]], found: list[int]) -> None:
    assert unstable(np.array(rows)) == found


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.005, "0.5 points"), (0.01, "1 point"), (0.0067, "0.67 points"), (21.0, "100 points")],
)
def test_points_are_written_plainly(share: float, text: str) -> None:
    assert points(share) == text
