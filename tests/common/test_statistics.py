"""One percentile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rollback_console.common.statistics import percentile
from rollback_console.postmortems.trends import estimates
from rollback_console.web.templatetags.sentences import expected


@pytest.mark.parametrize(
    ("values", "part", "result"),
    [
        ([10.0, 20.0], 0.5, 10.0),
        ([40.0, 10.0, 30.0, 20.0], 0.5, 20.0),
        ([30.0, 10.0, 20.0], 0.5, 20.0),
        (list(map(float, range(1, 11))), 0.9, 9.0),
        ([7.0], 0.9, 7.0),
        ([7.0, 8.0], 0.0, 7.0),
    ],
)
def test_a_percentile_is_the_nearest_rank(values: list[float], part: float, result: float) -> None:
    assert percentile(values, part) == result


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        percentile([], 0.5)


def test_the_page_and_the_estimate_name_the_same_median_of_an_even_count() -> None:
    durations = [60.0, 120.0, 180.0, 240.0]
    assert expected(durations) == "2 min (p90 4 min)"
    assert estimates.measured(durations).low == timedelta(minutes=2)
