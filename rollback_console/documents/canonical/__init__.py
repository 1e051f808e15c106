"""The canonical form of a plan: Markdown that leaves nothing to guess (docs/plans.md).

`writer` writes a document in it, `reader` reads it and refuses everything else with line and
reason. `pieces` tells headings, lines, lists and fences apart, `steps` and `sections` hold the
grammar, `layout` the names that both directions share; `kept_lines` loses nothing of the source.
"""

from .kept_lines import keep_all_lines
from .reader import is_canonical, read_canonical, tidied, tidy_canonical
from .writer import write_canonical

__all__ = [
    "is_canonical",
    "keep_all_lines",
    "read_canonical",
    "tidied",
    "tidy_canonical",
    "write_canonical",
]
