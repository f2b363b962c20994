"""What `nnbasic draw` does: runs are found, and their page is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnbasic.cli.finding import find_each
from nnbasic.cli.loading import data_at_hand
from nnbasic.cli.terminal import out, warn
from nnbasic.inference import page


def draw(
    names: Sequence[str],
    output: Path,
    runs_dir: Path,
    data_dir: Path | None,
    trust_plugins: bool,
) -> None:
    """Write the page of the runs that ``names`` mean, or of the newest one."""
    chosen = find_each(names, runs_dir)
    dataset = data_at_hand(chosen[0].record(), data_dir)
    if isinstance(dataset, str):
        warn(f"The page has no examples: {dataset}.")
    page.write(chosen, output, dataset=dataset, trust_plugins=trust_plugins)
    size = f"{output.stat().st_size / 1e6:.1f} MB"
    out(f"The page is in {output} ({size}); open it in a browser.")
