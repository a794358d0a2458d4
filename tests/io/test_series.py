"""Frame numbers in names."""

from __future__ import annotations

import pytest

from engine.io.series import frame_number


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("sample_00012.dat", 12),
        ("run3_12_sub.dat", 12),
        ("buffer.dat", None),
        ("run12.h5 [frame 7]", 7),
        ("run12.h5 [2]", 2),
        ("run12.h5 [average]", 12),
        ("20260101120000123.dat", None),
        ("0007", 7),
        ("", None),
    ],
)
def test_that_the_last_number_of_a_name_counts_the_frames(name: str, number: int | None) -> None:
    assert frame_number(name) == number
