"""Rows are looked up by numbers that a database can hold; any other number names no row.

Django says so of one number (`pk=...`) and not of several (`pk__in=...`), which SQLite then
refuses with an error. A form that chooses several rows asks in that way.
"""

from __future__ import annotations

from typing import Any

from django.db.models import IntegerField
from django.db.models.lookups import In

_LEAST, _MOST = -(2**63), 2**63 - 1


@IntegerField.register_lookup
class OneOfNumbers(In):
    """`column__in=numbers`, where a number that no database holds is passed over."""

    def get_prep_lookup(self) -> Any:
        """The values to compare with."""
        values = super().get_prep_lookup()
        if not self.rhs_is_direct_value():
            return values
        return [one for one in values if not isinstance(one, int) or _LEAST <= one <= _MOST]
