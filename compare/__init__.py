"""Comparisons of runs: which choice is better, by how much, and how sure that is.

    from nnbasic import compare
    from nnbasic.training.collection import collect

    runs, problems = collect(Path("runs"))
    comparison = compare.compare(runs)

The `Comparison` has ``verdict`` (sentences), ``rows``, ``differences`` and ``effects``; its
``to_rows()`` is what ``pandas.DataFrame`` takes.
"""

import lazy_loader

# A name is imported when it is first used: a figure of one run needs no comparison.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
