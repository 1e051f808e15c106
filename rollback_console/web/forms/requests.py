"""What a request asks a person: why, which way, with which values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from rollback_console.documents.model import Alternative, Procedure, Step
from rollback_console.plans.document_cache import document
from rollback_console.plans.models import Revision
from rollback_console.plans.snapshot.request_form import Parameter, RequestForm
from rollback_console.rollbacks.models import Rollback

from .base import ConsoleForm

OTHER = _("Other (describe below)")


@dataclass(frozen=True, slots=True)
class StepChoice:
    """One step's choices: whether to run it, and each way with its radio button."""

    step: Step
    condition: BoundField | None
    ways: list[tuple[Alternative, Any]]


class OpeningForm(ConsoleForm):
    """Fields for one procedure of a plan. What is left open, freezing names."""

    trigger = forms.ChoiceField(label=_("Trigger"), required=False)
    reason = forms.CharField(
        label=_("Reason for the rollback"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Decision makers see this first – they may have just been paged."),
    )

    def __init__(
        self,
        revision: Revision,
        asking: RequestForm,
        procedure: Procedure,
        data: Any = None,
        proposed: str = "",
        earlier: Rollback | None = None,
    ) -> None:
        initial = _filled_in(earlier) if earlier else {}
        super().__init__(data, initial=initial | ({"trigger": proposed} if proposed else {}))
        self.procedure = procedure
        self.conditional = [step for step in procedure.steps if step.condition]
        ways = {step.key for step in asking.alternatives}
        self.choosing = [step for step in procedure.steps if step.key in ways]
        titles = {step.title for step in procedure.steps}
        self.parameters = [each for each in asking.parameters if titles & set(each.steps)]
        self.secrets = [each for each in asking.secrets if titles & set(each.steps)]
        self._add_fields([*([proposed] if proposed else []), *_triggers(revision)])

    def choices(self) -> dict[str, Any]:
        """What `freeze_snapshot` takes, from a valid form."""
        values = self.cleaned_data
        return {
            "procedure": self.procedure.key,
            "conditions": self._conditions(values),
            "alternatives": {
                key: int(index) for key, index in _given(values, "way", self.choosing).items()
            },
            "parameters": {
                each.name: values[f"parameter_{each.name}"].strip()
                for each in self.parameters
                if values[f"parameter_{each.name}"].strip()
            },
        }

    def _conditions(self, values: dict[str, Any]) -> dict[str, str]:
        """Whoever chooses how a step runs, and not whether, wants it run."""
        given = _given(values, "condition", self.conditional)
        ways = _given(values, "way", self.choosing)
        implied = {step.key: "run" for step in self.conditional if step.key in ways}
        return {**implied, **given}

    def by_step(self) -> list[StepChoice]:
        """What is to be chosen, step by step."""
        return [
            StepChoice(
                step,
                self[f"condition_{step.key}"] if step in self.conditional else None,
                self._ways(step) if step in self.choosing else [],
            )
            for step in self.procedure.steps
            if step in self.conditional or step in self.choosing
        ]

    def by_parameter(self) -> list[tuple[Parameter, BoundField]]:
        """Values to fill in with their fields."""
        return [(each, self[f"parameter_{each.name}"]) for each in self.parameters]

    def _ways(self, step: Step) -> list[tuple[Alternative, Any]]:
        return list(zip(step.alternatives, self[f"way_{step.key}"], strict=True))

    def _add_fields(self, triggers: list[str]) -> None:
        trigger = self.fields["trigger"]
        if isinstance(trigger, forms.ChoiceField):
            trigger.choices = [("", OTHER), *((each, each) for each in triggers)]
        for step in self.conditional:
            self.fields[f"condition_{step.key}"] = _radio(
                [("run", _("Run this step")), ("skip", _("Skip this step"))]
            )
        for step in self.choosing:
            ways = [(str(i), way.label) for i, way in enumerate(step.alternatives)]
            self.fields[f"way_{step.key}"] = _radio(ways)
        for each in self.parameters:
            self.fields[f"parameter_{each.name}"] = forms.CharField(
                label=each.name, required=False, max_length=4096, initial=each.value
            )


def _filled_in(earlier: Rollback) -> dict[str, Any]:
    """What was typed and chosen for an earlier request, to be read and changed."""
    choices = earlier.choices
    groups = {"condition": "conditions", "way": "alternatives", "parameter": "parameters"}
    chosen = {
        f"{prefix}_{name}": str(value)
        for prefix, group in groups.items()
        for name, value in choices.get(group, {}).items()
    }
    return {"reason": earlier.reason, "trigger": earlier.trigger, **chosen}


def _radio(choices: Sequence[tuple[str, Any]]) -> forms.ChoiceField:
    return forms.ChoiceField(choices=choices, required=False, widget=forms.RadioSelect)


def _triggers(revision: Revision) -> list[str]:
    return [each.text[:300] for each in document(revision).triggers]


def _given(values: dict[str, Any], prefix: str, steps: list[Step]) -> dict[str, str]:
    return {step.key: given for step in steps if (given := values[f"{prefix}_{step.key}"])}
