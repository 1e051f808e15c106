"""Plan documents: Markdown a person wrote, read into values and written back unchanged.

Layer: lowest, beside engine, remote and notify. Knows Markdown, YAML and what a shell line
looks like. Must never know Django, hosts, users, or whether anything ran.

Public: the functions below; the values of `model`; `plan_config.read_plan_config`; `errors`.
The folders are stages: `markdown` makes an outline, `vocabulary` tells what its words
announce, `parse` makes steps of it, `canonical` reads and writes the form that leaves nothing
to guess (`reading` chooses between the two), `shell` and `placeholders` read commands, `lint` says
what is wrong, `edit` changes the source.
"""

from rollback_console.documents.choices import choices, choices_of, resolve
from rollback_console.documents.report import report

from .canonical import read_canonical, write_canonical
from .edit.writer import write
from .reading import read

__all__ = [
    "choices",
    "choices_of",
    "read",
    "read_canonical",
    "report",
    "resolve",
    "write",
    "write_canonical",
]
