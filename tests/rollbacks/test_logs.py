"""Log rows give back every byte, and know where lines begin."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from rollback_console.rollbacks import log_store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LONG = b"x" * (log_store.CHUNK + 7)

pieces = st.lists(
    st.one_of(st.binary(max_size=60), st.sampled_from(["line end", "long"])),
    max_size=8,
)


@given(pieces)
def test_rows_hold_exactly_what_was_appended_and_where_its_lines_begin(
    drawn: list[bytes | str],
) -> None:
    named = {"long": LONG, "line end": b"\n"}
    data = [named[piece] if isinstance(piece, str) else piece for piece in drawn]
    end, rows = log_store.Tail(), []
    for piece in data:
        rows += log_store.append(1, end, piece, NOW)
    whole = b"".join(data)
    assert b"".join(log_store.unpack(row) for row in rows) == whole
    assert end.offset == len(whole)
    assert max((row.length for row in rows), default=0) <= log_store.CHUNK
    starts = [row.offset + start for row in rows for start in log_store.line_starts(row)]
    assert starts == [at for at in range(len(whole)) if at == 0 or whole[at - 1 : at] == b"\n"]
    assert end.lines == len(starts)
    counted = 0
    for row in rows:
        assert row.first_line == counted
        counted += len(log_store.line_starts(row))
