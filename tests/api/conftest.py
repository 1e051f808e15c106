"""The door as a program sees it: tokens of the cast, and nothing but HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from tests.make import Stage

from .caller import Caller


@pytest.fixture(scope="session", autouse=True)
def static_root() -> None:
    """The folder that whitenoise looks for when a client is made."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def call(stage: Stage) -> Caller:
    """Calls as anybody of the cast."""
    return Caller(stage.cast)
