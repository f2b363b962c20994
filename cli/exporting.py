"""What `nnbasic export` does: the network of a run becomes a file."""

from __future__ import annotations

from pathlib import Path

from nnbasic.cli.finding import find_one
from nnbasic.cli.terminal import out
from nnbasic.inference import formats


def export(run: str, file: Path, runs_dir: Path, trust_plugins: bool) -> None:
    """Write the network of ``run`` to ``file``."""
    chosen = find_one(run, runs_dir)
    formats.export(chosen, file, trust_plugins=trust_plugins)
    out(f"{file}: the network of {chosen.id} ({file.stat().st_size / 1e6:.1f} MB)")
