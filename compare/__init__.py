"""Comparisons of runs: which choice is better, by how much, and how sure that is.

    from nnbasic import compare
    from nnbasic.training.collection import collect

    runs, problems = collect(Path("runs"))
    comparison = compare.compare(runs)

The `Comparison` has ``verdict`` (sentences), ``rows``, ``differences`` and ``effects``; its
``to_rows()`` is what ``pandas.DataFrame`` takes.
"""

from nnbasic.compare.comparison import Comparison, Comparisons, compare, compare_all

__all__ = ["Comparison", "Comparisons", "compare", "compare_all"]
