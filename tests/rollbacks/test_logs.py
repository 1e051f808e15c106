"""Log rows give back every byte, and know where lines begin."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from rollback_console.rollbacks import logs

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LONG = b"x" * (logs.CHUNK + 7)

pieces = st.lists(
    st.one_of(st.binary(max_size=60), st.sampled_from(["line end", "long"])),
    max_size=8,
)


@given(pieces)
def test_rows_hold_exactly_what_was_appended_and_where_its_lines_begin(
    drawn: list[bytes | str],
) -> None:
    data = [LONG if piece == "long" else b"\n" if piece == "line end" else piece for piece in drawn]
    end, rows = logs.Tail(), []
    for piece in data:
        rows += logs.append(1, end, piece, NOW)
    whole = b"".join(data)
    assert b"".join(logs.unpack(row) for row in rows) == whole
    assert end.offset == len(whole)
    assert max((row.length for row in rows), default=0) <= logs.CHUNK
    starts = [row.offset + start for row in rows for start in logs.line_starts(row)]
    assert starts == [at for at in range(len(whole)) if at == 0 or whole[at - 1 : at] == b"\n"]
    assert end.lines == len(starts)
    counted = 0
    for row in rows:
        assert row.first_line == counted
        counted += len(logs.line_starts(row))
