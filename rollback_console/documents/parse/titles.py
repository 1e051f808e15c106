"""What a document is called: by its first heading, its fields, or its first line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rollback_console.documents.model import Lines

from ..markdown.blocks import BlockKind
from ..markdown.folded_text import plain
from ..markdown.outline import Section
from ..vocabulary.section_names import speaks_of_going_back
from ..vocabulary.step_headings import is_step_heading
from .header_fields import Field, first, is_generic
from .section_roles import holds_only_lines, is_part

_LONGEST = 120


def title_section(root: Section) -> Section:
    """The first heading, where it stands above all others; else the root."""
    tops = root.children
    if not tops or is_step_heading(tops[0].title):
        return root
    above = tops[0].level == 1 and not is_part(tops[0])
    label = not root.blocks and holds_only_lines(tops[0])
    return tops[0] if len(tops) == 1 or above or label else root


def without_heading(root: Section, title: Section) -> Lines | None:
    """Without a heading, a first line about going back is the title; its lines."""
    block = root.blocks[0] if title is root and root.blocks else None
    if block is None or block.kind is not BlockKind.PARAGRAPH or "\n" in block.text:
        return None
    text = plain(block.text[:_LONGEST])
    if not speaks_of_going_back(text):
        return None
    root.title = text
    return block.lines


def title_of(title: Section, fields: Iterable[Field], head: Mapping[str, Any]) -> str:
    """The heading when it says something of this plan, else the field or the service."""
    fields = list(fields)
    heading = plain(title.title)
    if heading and not is_generic(heading) and "title" not in head:
        return heading
    return first(fields, "title", head) or first(fields, "service", head) or heading
