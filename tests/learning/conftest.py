import dataclasses

import pytest

from engine.datasets.basis import default_basis
from engine.datasets.instrument import InstrumentRanges
from engine.learning.config import Budget, NetworkConfig, TrainConfig


@pytest.fixture
def tiny():
    """A training of a second: one instrument, a small network, 24 steps."""
    grid = tuple(0.05 + 0.01 * i for i in range(150))
    return TrainConfig(
        name="tiny",
        seed=4,
        instrument=InstrumentRanges(grid=grid, gaps=0.0, resolution=0.0, calibration=0.0),
        network=NetworkConfig(width=32, blocks=1, gaussians=2),
        budget=Budget(curves=1536, batch=64),
    )


@pytest.fixture(autouse=True)
def small_training(monkeypatch):
    """Keep apart fewer curves than a real training does, and validate more often."""
    from engine.learning import training

    for name, value in {"SCALER_BATCHES": 2, "VALIDATION_CURVES": 256, "CALIBRATION_CURVES": 512, "CHUNK": 128, "FEWEST_STEPS": 6}.items():
        monkeypatch.setattr(training, name, value)


@pytest.fixture(scope="session")
def basis():
    return default_basis()


@pytest.fixture
def longer(tiny):
    return dataclasses.replace(tiny, budget=Budget(curves=6400, batch=64))
