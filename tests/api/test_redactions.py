"""Masking by hand what slipped through, by token."""

from __future__ import annotations

import pytest

from rollback_console.access.actions.tokens import create_token
from rollback_console.access.scope_limits import ScopeLimit
from rollback_console.api.models import IdempotentReply
from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.events import flaws
from rollback_console.rollbacks.execution import driver
from rollback_console.rollbacks.models import Event, Rollback
from tests import make
from tests.fleet import Fleet
from tests.make import Stage

from .caller import Caller, problem

pytestmark = pytest.mark.django_db(transaction=True)

SLIPPED = "tr0ub4dor&3"
BODY = {"text": SLIPPED, "reason": "A step printed it"}


@pytest.fixture
def rollback(stage: Stage, fleet: Fleet) -> Rollback:
    """One whose first log and a note hold the text."""
    fleet.scripts["stopping"] = (f"password={SLIPPED}\n".encode(), 0)
    row = make.approved(stage)
    while driver.advance(row.pk, fleet.connect):
        pass
    steering.note(row, by=stage.cast.vic, text=f"It is {SLIPPED}")
    row.refresh_from_db()
    return row


def test_an_admins_token_masks_a_text_in_logs_and_events(rollback: Rollback, call: Caller) -> None:
    answer = call.post(f"/rollbacks/{rollback.pk}/redactions", BODY, who="ada")
    assert answer.status_code == 201
    event = answer.json()
    assert (event["kind"], event["by"]["username"]) == ("text.redacted", "ada")
    assert SLIPPED not in answer.content.decode()
    run = rollback.runs.get(position=1)
    log = call.client.get(f"/api/v1/step-runs/{run.token}/log", headers=call.headers("vic"))
    assert log.getvalue() == b"password=" + b"*" * len(SLIPPED) + b"\n" == log_store.read_log(run)
    assert not [each for each in Event.objects.all() if SLIPPED in str(each.facts)]
    assert list(flaws()) == []


@pytest.mark.parametrize("who", ["vic", "dana", "lee"])
def test_whoever_may_not_change_secrets_masks_nothing(
    rollback: Rollback, call: Caller, who: str
) -> None:
    answer = call.post(f"/rollbacks/{rollback.pk}/redactions", BODY, who=who)
    assert "change the secrets" in problem(answer, 409, "refused")["detail"]
    assert SLIPPED in log_store.read_log(rollback.runs.get(position=1)).decode()


def test_an_admin_of_another_environment_masks_nothing_here(
    stage: Stage, rollback: Rollback, call: Caller
) -> None:
    _, secret = create_token(
        stage.cast.ada,
        by=stage.cast.ada,
        name="narrow",
        scopes=("admin",),
        days=1,
        limit=ScopeLimit(environments=("elsewhere",)),
    )
    answer = call.client.post(
        f"/api/v1/rollbacks/{rollback.pk}/redactions",
        BODY,
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code in {403, 404}
    assert SLIPPED in log_store.read_log(rollback.runs.get(position=1)).decode()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"text": "tr", "reason": "Why"}, "at least"),
        ({"text": "nowhere to be seen", "reason": "Why"}, "stands nowhere"),
        ({"text": SLIPPED, "reason": f"It was {SLIPPED}"}, "Word it differently"),
        ({"text": SLIPPED, "reason": " "}, "Give a reason"),
    ],
)
def test_what_cannot_be_masked_is_refused_with_a_sentence(
    rollback: Rollback, call: Caller, body: dict[str, str], sentence: str
) -> None:
    answer = call.post(f"/rollbacks/{rollback.pk}/redactions", body, who="ada")
    assert sentence in problem(answer, 409, "refused")["detail"]


def test_a_repeated_request_masks_once_and_the_text_is_kept_nowhere(
    rollback: Rollback, call: Caller
) -> None:
    address = f"/rollbacks/{rollback.pk}/redactions"
    first = call.post(address, BODY, who="ada", Idempotency_Key="one")
    again = call.post(address, BODY, who="ada", Idempotency_Key="one")
    assert (again.status_code, again.json()) == (201, first.json())
    assert rollback.events.filter(kind="text.redacted").count() == 1
    kept = IdempotentReply.objects.get()
    assert SLIPPED not in (kept.body or "")
