"""The choices of a config are those of the rooms that it configures."""

from __future__ import annotations

from typing import get_args

import pytest

from nnbasic.configs.schema import Data
from nnbasic.data import DATASETS, SCALES


@pytest.mark.parametrize(("key", "choices"), [("dataset", (*DATASETS, "idx")), ("scale", SCALES)])
def test_a_choice_of_the_data_is_one_that_the_data_know(key: str, choices: tuple[str, ...]) -> None:
    assert get_args(Data.model_fields[key].annotation) == choices
