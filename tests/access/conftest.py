"""Programs that come in with tokens, as the tests of the API know them."""

from __future__ import annotations

from tests.api.conftest import call, static_root

__all__ = ["call", "static_root"]
