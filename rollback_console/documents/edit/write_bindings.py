"""What people bound a plan to, written into its text as attributes of fences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, replace

from rollback_console.documents.errors import UnknownEdit, Unwritable
from rollback_console.documents.model import PlanDocument, Step, StepSettings

from ..canonical import is_canonical, write_canonical
from ..canonical.layout import spell_settings
from ..reading import read
from .fence_attributes import settings_of
from .writer import set_attribute

Attributes = Mapping[str, str]


def inscribe(
    document: PlanDocument, attributes_by_key: Mapping[str, Attributes]
) -> tuple[str, list[str]]:
    """The text with these attributes by step key on their fences, and the keys written.

    All but the openers of those fences stays byte for byte. Left out, whole: steps without a
    fence of their own, and those with a value that cannot stand on such a line. In a canonical
    text every step has a line for them.
    """
    if is_canonical(document.source):
        return _respelled(document, attributes_by_key)
    written: list[str] = []
    for key in _alone(document):
        if attributes := attributes_by_key.get(key):
            changed = _with(document, key, attributes)
            if changed is not None:
                document = changed
                written.append(key)
    return document.source, written


def _respelled(
    document: PlanDocument, attributes_by_key: Mapping[str, Attributes]
) -> tuple[str, list[str]]:
    settings = {key: settings_of(each) for key, each in attributes_by_key.items() if each}
    changes = {key: each for key, each in settings.items() if _is_writable(each)}
    procedures = tuple(
        replace(one, steps=tuple(_with_settings(step, changes.get(step.key)) for step in one.steps))
        for one in document.procedures
    )
    return write_canonical(replace(document, procedures=procedures)), list(changes)


def _is_writable(settings: StepSettings) -> bool:
    try:
        spell_settings(settings, destructive=False)
    except Unwritable:
        return False
    return True


def _with_settings(step: Step, settings: StepSettings | None) -> Step:
    if settings is None:
        return step
    values = {each.name: getattr(settings, each.name) for each in fields(settings)}
    known = {name: value for name, value in values.items() if value}
    return replace(step, settings=replace(step.settings, **known))


def _alone(document: PlanDocument) -> list[str]:
    """Keys of the steps that share their first fence with no other step."""
    steps: dict[str, Step] = {s.key: s for one in document.procedures for s in one.steps}
    shared = Counter(step.fence for step in steps.values())
    return [key for key, step in steps.items() if step.fence and shared[step.fence] == 1]


def _with(document: PlanDocument, key: str, attributes: Attributes) -> PlanDocument | None:
    """The document read anew with these set; None when its steps would not be the same."""
    changed = document
    for name, value in attributes.items():
        try:
            changed = read(set_attribute(changed, key, name, value))
        except UnknownEdit:
            return None
    same = _commands(changed) == _commands(document)
    return changed if same else None


def _commands(document: PlanDocument) -> list[tuple[object, ...]]:
    return [
        (step.key, step.kind, step.commands, step.alternatives)
        for one in document.procedures
        for step in one.steps
    ]
