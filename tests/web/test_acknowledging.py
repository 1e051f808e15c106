"""Acknowledging findings with plain forms, and what whoever approves reads of it."""

from __future__ import annotations

from typing import Any

from django.test import Client

from rollback_console.plans.acknowledgement import list_findings
from rollback_console.plans.actions import plans
from rollback_console.plans.models import Revision
from tests import make
from tests.make import Stage

from .conftest import SignIn, words

CODE = "no-working-directory"
TEXT = make.PLAN.replace("echo restoring", "python manage.py migrate")
REASON = "The account's home is the application's folder."


def key_of(revision: Revision) -> str:
    return next(one.key for one in list_findings(revision) if one.finding.code == CODE)


def post(client: Client, revision: Revision, **fields: str) -> Any:
    address = f"/plans/{revision.plan.slug}/revisions/{revision.number}/acknowledgements/"
    return client.post(address, {"finding": key_of(revision), **fields}, follow=True)


def test_a_finding_is_acknowledged_and_that_is_taken_back_on_the_plan_s_page(
    signed_in: SignIn, stage: Stage
) -> None:
    revision, client = make.plan(stage, TEXT), signed_in(stage.cast.dana)
    shown = words(post(client, revision, reason=REASON))
    assert "Acknowledged by Dana Example" in shown
    assert REASON in shown
    shown = words(post(client, revision, withdraw="1"))
    assert "Acknowledgement withdrawn." in shown
    assert REASON not in shown
    assert "Say why this may stay as it is." in words(post(client, revision, reason=" "))


def test_a_finding_is_acknowledged_before_the_steps_are_confirmed(
    signed_in: SignIn, stage: Stage
) -> None:
    revision = plans.import_document(
        TEXT.encode(), by=stage.cast.dana, service=stage.service, environment=stage.environment
    )
    response = post(signed_in(stage.cast.dana), revision, reason=REASON, page="arrange")
    assert "Confirm these steps" in words(response)
    assert REASON in words(response)


def test_who_may_not_change_plans_reads_it_and_has_no_form(signed_in: SignIn, stage: Stage) -> None:
    revision = make.plan(stage, TEXT)
    assert post(signed_in(stage.cast.vic), revision, reason=REASON).status_code == 403
    plans.acknowledge_finding(revision, by=stage.cast.dana, finding=key_of(revision), reason=REASON)
    response = signed_in(stage.cast.vic).get(f"/plans/{revision.plan.slug}/")
    assert REASON in words(response)
    assert "acknowledgements/" not in response.content.decode()


def test_who_approves_reads_the_findings_and_who_acknowledged_which(
    signed_in: SignIn, stage: Stage
) -> None:
    rollback = make.requested(stage, TEXT)
    plans.acknowledge_finding(
        rollback.revision, by=stage.cast.dana, finding=key_of(rollback.revision), reason=REASON
    )
    response = signed_in(stage.cast.lee).get(f"/rollbacks/{rollback.pk}/")
    shown = words(response)
    assert "This depends on the directory it is run in" in shown
    assert "Acknowledged by Dana Example" in shown
    assert REASON in shown
    assert "acknowledgements/" not in response.content.decode()
