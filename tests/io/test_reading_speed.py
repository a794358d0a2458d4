"""A thousand files a minute on one core."""

from __future__ import annotations

import time

import pytest

from engine.io.read import read
from engine.io.write import WRITERS
from tests.io.curves import sphere_curve

FILES_PER_MINUTE = 1000
CURVE = sphere_curve(1000)


@pytest.mark.parametrize("ending", WRITERS)
def test_that_a_thousand_files_a_minute_are_read(tmp_path, ending, capsys):
    paths = [tmp_path / f"{i}{ending}" for i in range(12)]
    for path in paths:
        WRITERS[ending](path, CURVE)
    read(paths[0])  # libraries load once
    start = time.process_time()
    for path in paths:
        read(path)
    per_minute = 60.0 * len(paths) / (time.process_time() - start)
    with capsys.disabled():
        print(f"\n{ending}: {per_minute:.0f} files of {len(CURVE)} points a minute", end="")  # noqa: T201
    assert per_minute > FILES_PER_MINUTE
