"""Clocks that are wrong, for everything that a process starts."""

from __future__ import annotations

from pathlib import Path

import pytest

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)

needs_faketime = pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed")


def off_by(shift: str) -> dict[str, str]:
    """Variables under which the time of day is off, as in "-1h"; time since boot is not."""
    return {"LD_PRELOAD": str(FAKETIME), "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
