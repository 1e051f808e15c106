"""One way to sum up how long things took."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], part: float) -> float:
    """The nearest-rank percentile: the smallest value that `part` of all do not exceed.

    `part` is between 0 and 1; values need not be sorted. Raises ValueError without any.
    """
    if not values:
        raise ValueError("A percentile needs at least one value.")
    return sorted(values)[max(math.ceil(len(values) * part), 1) - 1]
