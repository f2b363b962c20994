"""A run that commands are tried on."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnbasic.training import newest
from operations import Workshop
from support import content, invoke


@pytest.fixture
def workshop(workplace: Path) -> Workshop:
    """The working directory, with a finished run of `small.yaml`."""
    finished = workplace / "finished"
    ended = invoke("train", "--config", "small", "--name", "run", "--quiet", "--runs", finished)
    assert ended.code == 0, ended.err
    return Workshop(finished, content(newest(finished)))
