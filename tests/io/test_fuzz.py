"""Files broken at random: every one is read or refused with a sentence, quickly and without filling the machine.

A few hundred in every run; ``LNPSCOPE_FUZZ=10000`` breaks as many as it says.
"""

from __future__ import annotations

import os
import sys
import time
from random import Random

import pytest

from engine.errors import DataFileError
from engine.io.read import read
from tests.io.fuzz_originals import hostile, sound
from tests.io.mutations import mutate

COUNT = int(os.environ.get("LNPSCOPE_FUZZ", "400"))
SLOWEST = 2.0  # seconds
LARGEST = 1.0e9  # bytes more than before


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> dict[str, bytes]:
    """One sound file of every kind."""
    return sound(tmp_path_factory.mktemp("originals"))


def memory() -> float:
    """Largest memory this process ever used [bytes]; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0.0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1.0 if sys.platform == "darwin" else 1024.0)


def test_that_the_originals_are_read(originals, tmp_path):
    for name, data in originals.items():
        path = tmp_path / "curve"
        path.write_bytes(data)
        assert len(read(path)[0].curve) == 80, name


def test_that_every_broken_file_is_read_or_refused_with_a_sentence(originals, tmp_path):
    names, path, before = sorted(originals), tmp_path / "curve", memory()
    read_well = 0
    for seed in range(COUNT):
        random = Random(seed)
        name = random.choice(names)
        path.write_bytes(mutate(originals[name], random))
        start = time.process_time()  # the time of this process alone: other work on the machine is no hang
        try:
            read_well += bool(read(path))
        except DataFileError as error:
            assert error.reason.endswith("."), (seed, error)  # noqa: PT017
        assert time.process_time() - start < SLOWEST, (seed, name)
    assert 0.1 * COUNT < read_well < 0.95 * COUNT  # else the faults are too coarse or too fine to test anything
    assert memory() - before < LARGEST


def test_that_files_made_to_do_harm_are_refused_quickly(tmp_path):
    """Bombs and files that point outside; that nothing outside is opened is watched by ``make fuzz``."""
    before = memory()
    for name, data in hostile().items():
        path = tmp_path / "curve"
        path.write_bytes(data)
        start = time.process_time()
        with pytest.raises(DataFileError, match=r"\.$"):
            read(path)
        assert time.process_time() - start < SLOWEST, name
    assert memory() - before < LARGEST
