"""The YAML head of a document: what a machine needs, where a person reads it first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

from rollback_console.documents.model import FrontMatter

_MOST_LINES = 400
_MOST_LETTERS = 8 * 1024


class _Loader(yaml.SafeLoader):
    """Plain values only: an alias can stand for more than a document may hold.

    A number that would be written in another way, such as 1.10 or 0777, stays the text it is.
    """

    def compose_node(self, parent: yaml.nodes.Node | None, index: Any) -> yaml.nodes.Node | None:
        if self.check_event(yaml.events.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(
                None, None, "aliases are not read here", event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The values by name; of a name that stands there twice only one would count."""
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for at, (key, _) in enumerate(node.value):
            if isinstance(key, yaml.ScalarNode) and key.value in names[:at]:
                raise yaml.constructor.ConstructorError(
                    None, None, f"“{key.value}” stands there twice", key.start_mark
                )
        return super().construct_mapping(node, deep)

    def construct_number(self, node: yaml.ScalarNode) -> int | str:
        """A whole number as it is written, else its text."""
        text = str(node.value)
        return int(text) if re.fullmatch(r"-?(?:0|[1-9][0-9]{0,17})", text) else text


for _tag in ("int", "float"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _Loader.construct_number)


def read_front_matter(lines: Sequence[str]) -> FrontMatter:
    """The head between two `---` lines, or an empty one. A head that is no mapping of names
    to values is kept and reported in `error`."""
    if not lines or lines[0].rstrip() != "---":
        return FrontMatter()
    end = next((at for at, line in enumerate(lines[1:_MOST_LINES], 1) if _closes(line)), 0)
    head = "\n".join(lines[1:end])
    if not end or not _reads_like_head(lines[1:end]):
        return FrontMatter()
    if len(head) > _MOST_LETTERS:
        return FrontMatter({}, (1, end + 1), "it is longer than 8 KiB")
    try:
        values = yaml.load(head, Loader=_Loader)  # noqa: S506 - a SafeLoader, narrowed
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError, TypeError) as error:
        return FrontMatter({}, (1, end + 1), _sentence(error))
    if values is not None and not isinstance(values, dict):
        return FrontMatter({}, (1, end + 1), "the head must be names and values")
    named = {str(name): value for name, value in (values or {}).items()}
    return FrontMatter(named, (1, end + 1))


def _closes(line: str) -> bool:
    return line.rstrip() in {"---", "..."}


def _reads_like_head(lines: Sequence[str]) -> bool:
    """A document may also begin with a rule; a head has a name and a colon first."""
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    name, colon, _ = first.partition(":")
    return bool(colon) and " " not in name.strip() and not first.startswith((" ", "-", "*", "#"))


def _sentence(error: BaseException) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or type(error).__name__
    return f"line {mark.line + 2}: {problem}" if mark else str(problem)
