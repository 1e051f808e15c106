"""Plan documents: Markdown a person wrote, read into values and written back unchanged.

Layer: lowest, beside engine, remote and notify. Knows Markdown, YAML and what a shell line
looks like. Must never know Django, hosts, users, or whether anything ran.

Public: the functions below; the values of `model`; `plan_config.read_plan_config`; `errors`.
The folders are stages: `markdown` makes an outline, `vocabulary` tells what its words
announce, `parse` makes steps of it, `shell` and `placeholders` read commands, `lint` says
what is wrong, `edit` changes the source.
"""

from rollback_console.documents.choices import choices, choices_of, resolve
from rollback_console.documents.report import report

from .edit.writer import write
from .parse.reader import read

__all__ = ["choices", "choices_of", "read", "report", "resolve", "write"]
