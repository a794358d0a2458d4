"""The program meets faults: it says a sentence, and leaves nothing half-written. `make faults` does each of these thirty times."""

from __future__ import annotations

import sys

import pytest
from faults import cases

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and signals of Linux")


@pytest.mark.slow
@pytest.mark.parametrize("case", [cases.killed_library, cases.killed_export], ids=lambda case: case.__name__)
def test_that_a_kill_leaves_nothing_half_written_and_loses_nothing(case, tmp_path):
    assert case(tmp_path, 3).faults == ()


@pytest.mark.slow
@pytest.mark.parametrize("case", cases.MET, ids=lambda case: case.__name__)
def test_that_a_fault_of_the_machine_is_a_sentence(case, tmp_path):
    assert case(tmp_path).faults == ()
