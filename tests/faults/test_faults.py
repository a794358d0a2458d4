"""The program meets faults: it says a sentence, and leaves nothing half-written. `make faults` does each of these thirty times."""

from __future__ import annotations

import sys

import pytest
from faults import cases

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and signals of Linux")


FEW = (cases.full_disk, cases.strange_names, cases.folder_disappears)
"""The cases that have found faults, so that the suite stays quick; `make faults` does them all."""


@pytest.mark.slow
def test_that_a_kill_leaves_nothing_half_written_and_loses_nothing(tmp_path):
    assert cases.killed_export(tmp_path, 3).faults == ()


@pytest.mark.slow
@pytest.mark.parametrize("case", FEW, ids=lambda case: case.__name__)
def test_that_a_fault_of_the_machine_is_a_sentence(case, tmp_path):
    assert case(tmp_path).faults == ()
