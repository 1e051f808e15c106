"""Forgets the old values of secrets and logins once no run can print them any more."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef

from rollback_console.engine.states import LIVE
from rollback_console.plans.models import FormerSecret

from .. import db_clock
from ..models import Rollback

AT_LEAST = timedelta(minutes=10)  # a host that is being asked may still answer with it


def forget_former_values() -> int:
    """Remove those that nobody works with any more; how many.

    A rollback that was asked for after the change never had the old value, and one that starts
    after it is refused: its approval was for the old value.
    """
    live = Rollback.objects.filter(state__in=LIVE, requested_at__lte=OuterRef("replaced_at"))
    here = live.filter(environment=OuterRef("environment"))
    old = FormerSecret.objects.filter(replaced_at__lt=db_clock.later(-AT_LEAST))
    of_environments = old.filter(~Exists(here), environment__isnull=False)
    of_logins = old.filter(~Exists(live), environment=None)
    rows = [*of_environments.values_list("pk", flat=True), *of_logins.values_list("pk", flat=True)]
    FormerSecret.objects.filter(pk__in=rows).delete()
    return len(rows)
