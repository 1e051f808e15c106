"""What was measured is kept by section."""

from __future__ import annotations

import runpy
from pathlib import Path

# The package itself starts servers.
keep = runpy.run_path("benchmarks/results.py")["keep"]


def test_a_section_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    keep("Soak", ["- wrong: 1"], file=file)
    keep("Rows", ["| a |", "|---|"], file=file)
    keep("Soak", ["- wrong: 0"], file=file)
    lines = file.read_text().splitlines()
    assert [line for line in lines if line.startswith("#")] == ["# Results", "## Rows", "## Soak"]
    assert "- wrong: 0" in lines
    assert "- wrong: 1" not in lines
    assert lines.index("| a |") < lines.index("## Soak")
