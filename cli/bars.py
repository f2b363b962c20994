"""tqdm, for all progress bars, without the thread that it starts to look after them.

A run has processes of its own, and a fork beside a thread may deadlock.
"""

from __future__ import annotations

from tqdm import tqdm

tqdm.monitor_interval = 0

__all__ = ["tqdm"]
