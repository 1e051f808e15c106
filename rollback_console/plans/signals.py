"""How rooms above learn what hosts said, without this room knowing them.

Receivers may fail without harm.
"""

from __future__ import annotations

from django.dispatch import Signal

answered = Signal()
"""The answers were kept: `revision`, `snapshot_sha256`, `readiness`, `costing`."""

lost = Signal()
"""A plan that would have worked no longer would: `revision`, and the ProbeResults in `red`."""
