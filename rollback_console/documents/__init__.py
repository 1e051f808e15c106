"""Plan documents: Markdown a person wrote, read into values and written back unchanged.

Floor: ground. Knows Markdown, YAML and what a shell line looks like. Must never know
Django, hosts, users, or whether anything ran.
"""

from rollback_console.documents.choices import choices, choices_of, resolve
from rollback_console.documents.report import report

from .edit.writer import write
from .parse.reader import read

__all__ = ["choices", "choices_of", "read", "report", "resolve", "write"]
