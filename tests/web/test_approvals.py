"""The page where a request is decided."""

from __future__ import annotations

import html
import re
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from rollback_console.plans.actions.environments import change_environment
from rollback_console.plans.models import Environment, Host, HostKey
from rollback_console.rollbacks.models import Approval, Event, Rollback
from tests import make

from .conftest import SignIn, words
from .test_requests import CHOICES, seeded


def decide(client: Client, rollback: Rollback, where: str = "approvals", **fields: str) -> object:
    """Post a decision about the snapshot that the page shows."""
    fields = {"snapshot_sha256": rollback.snapshot_sha256, **fields}
    return client.post(f"/rollbacks/{rollback.pk}/{where}/", fields)


def page(client: Client, rollback: Rollback) -> str:
    return words(client.get(f"/rollbacks/{rollback.pk}/"))


def test_the_page_says_who_asks_why_and_exactly_what_would_run(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    shown = page(signed_in(stage.cast.lee), pending)
    for text in ("Health page answers 500", "Dana Example", "echo restoring", "app-1", "0 of 1"):
        assert text in shown
    assert pending.snapshot_sha256 in shown
    assert "no destructive step" in shown


HEAD = """\
---
checks:
- check: Page
  http: http://127.0.0.1/up
  status: 207
  holds: release 4
  user: webby
  cwd: /srv/looks
- {check: Rows, command: count-rows, at_least: 4711, at_most: 4722, user: root}
- {check: Log, log: /var/log/shop.log, without: 'ERROR|Traceback'}
settle: 17m
---

"""


def test_who_approves_reads_all_that_an_automated_check_does(
    signed_in: SignIn, stage: make.Stage
) -> None:
    text = make.PLAN.replace("```bash\necho starting", "```bash idempotent\necho starting")
    shown = page(signed_in(stage.cast.lee), make.requested(stage, HEAD + text))
    assert (
        "http http://127.0.0.1/up on app-1, as webby, in /srv/looks; status 207; must hold"
        " “release 4”" in shown
    )
    assert (
        "command count-rows on app-1, as root; exit code 0; its first number at least 4711; its"
        " first number at most 4722" in shown
    )
    assert "must not hold “ERROR” or “Traceback”" in shown
    assert "What is checked automatically has to hold for 17 min" in shown
    assert "may be run again without harm" in shown


def test_spaces_of_a_value_are_shown_as_they_are(signed_in: SignIn, stage: make.Stage) -> None:
    text = make.PLAN.replace("echo restoring", "echo <version>")
    rollback = make.requested(stage, text, parameters={"VERSION": "1.0   x"})
    shown = signed_in(stage.cast.lee).get(f"/rollbacks/{rollback.pk}/").content.decode()
    assert '<dd class="mono prewrap">1.0   x</dd>' in shown


def test_a_step_that_was_left_out_by_choice_is_named(signed_in: SignIn, stage: make.Stage) -> None:
    skipped = {**CHOICES, "condition_restore-database": "skip"}
    signed_in(stage.cast.dana).post(seeded(stage), skipped)
    shown = page(signed_in(stage.cast.lee), Rollback.objects.get())
    assert "Excluded in the request: Restore Database (" in shown


def test_a_decision_maker_sees_the_buttons(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    assert "Approve Reject" in page(signed_in(stage.cast.lee), pending)


def test_who_may_not_approve_sees_why_and_who_can(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    shown = page(signed_in(stage.cast.vic), pending)
    assert "You are not a decision maker here." in shown
    assert "Lee Example (Deploy Lead)" in shown
    assert "Approve Reject" not in shown


def test_who_asked_has_no_approve_button_but_may_withdraw(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.dana)
    shown = page(client, pending)
    assert "someone else must approve it" in shown
    assert "Approve Reject" not in shown
    assert client.post(f"/rollbacks/{pending.pk}/withdrawals/").status_code == 303
    assert "withdrawn" in page(client, pending)


def test_an_approval_is_counted_and_the_page_says_so(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.lee)
    response = decide(client, pending, note="Saw the graphs")
    assert getattr(response, "status_code", 0) == 303
    pending.refresh_from_db()
    assert pending.state == "approved"
    shown = page(client, pending)
    assert "1 of 1" in shown
    assert "Saw the graphs" in shown


def test_a_double_click_approves_once(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.lee)
    decide(client, pending)
    decide(client, pending)
    assert Approval.objects.count() == 1


def test_a_rejection_needs_a_reason(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.lee)
    decide(client, pending, "rejections")
    assert "Say why: the requester needs to know what to change." in page(client, pending)
    decide(client, pending, "rejections", note="Roll forward instead")
    assert "Roll forward instead" in page(client, pending)
    pending.refresh_from_db()
    assert pending.state == "rejected"


def test_an_approval_by_somebody_else_is_refused_and_on_record(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.dana)
    decide(client, pending)
    assert Approval.objects.count() == 0
    assert Event.objects.filter(kind="approval.refused", by=stage.cast.dana).exists()
    assert "was refused" in page(client, pending)


def test_a_stale_snapshot_is_answered_with_409_and_the_difference(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    response = decide(signed_in(stage.cast.lee), pending, snapshot_sha256="0" * 64)
    assert getattr(response, "status_code", 0) == 409
    assert "What would run has changed" in words(response)
    assert Approval.objects.count() == 0


def test_when_a_host_changes_the_buttons_die_and_the_change_shows(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    Host.objects.filter(name="app-1").update(address="192.0.2.77")
    client = signed_in(stage.cast.lee)
    shown = page(client, pending)
    assert "Changed since it was requested" in shown
    assert "192.0.2.77" in shown
    assert "Approve Reject" not in shown
    response = decide(client, pending)
    assert getattr(response, "status_code", 0) == 409
    assert "192.0.2.77" in words(response)


def test_a_changed_request_is_frozen_anew_and_can_then_be_approved(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    Host.objects.filter(name="app-1").update(address="192.0.2.77")
    signed_in(stage.cast.dana).post(f"/rollbacks/{pending.pk}/renewals/")
    pending.refresh_from_db()
    decide(signed_in(stage.cast.lee), pending)
    pending.refresh_from_db()
    assert pending.state == "approved"


def test_rules_that_were_eased_before_a_refresh_are_shown_with_who_eased_them(
    signed_in: SignIn, stage: make.Stage
) -> None:
    change_environment(stage.environment, by=None, approvals_code=2, approvals_data=2)
    pending = make.requested(stage)
    change_environment(stage.environment, by=stage.cast.ada, approvals_code=1, escalate_after=9)
    lee = signed_in(stage.cast.lee)
    assert "Policy relaxed since the request" in page(lee, pending)
    signed_in(stage.cast.dana).post(f"/rollbacks/{pending.pk}/renewals/")
    shown = page(signed_in(stage.cast.lee), pending)
    assert "Policy relaxed before the request was refreshed" in shown
    assert "Ada Example: approvals_code 2 → 1" in shown


def test_what_keeps_a_request_from_being_frozen_anew_is_said(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    HostKey.objects.all().delete()
    client = signed_in(stage.cast.dana)
    client.post(f"/rollbacks/{pending.pk}/renewals/")
    assert "Nobody has confirmed a host key of app-1" in page(client, pending)


def test_an_expired_request_shows_no_buttons(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    Rollback.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    shown = page(signed_in(stage.cast.lee), pending)
    assert "This request has expired. Open a new one." in shown
    assert "Approve Reject" not in shown


def production(stage: make.Stage) -> None:
    Environment.objects.update(is_production=True, name="PRODUCTION")
    stage.environment.refresh_from_db()


def test_in_production_the_environments_name_is_typed(signed_in: SignIn, stage: make.Stage) -> None:
    production(stage)
    rollback = make.requested(stage)
    client = signed_in(stage.cast.lee)
    response = decide(client, rollback, note="Go", place="staging")
    assert getattr(response, "status_code", 0) == 422
    assert "Type PRODUCTION, the environment this changes." in words(response)
    assert 'value="Go"' in getattr(response, "content", b"").decode()
    assert Approval.objects.count() == 0
    decide(client, rollback, place="production")
    assert Approval.objects.count() == 1


def test_rejecting_in_production_needs_no_name(signed_in: SignIn, stage: make.Stage) -> None:
    production(stage)
    rollback = make.requested(stage)
    decide(signed_in(stage.cast.lee), rollback, "rejections", note="No")
    rollback.refresh_from_db()
    assert rollback.state == "rejected"


def test_the_point_of_no_return_stands_before_the_first_destructive_step(
    signed_in: SignIn, stage: make.Stage
) -> None:
    signed_in(stage.cast.dana).post(seeded(stage), CHOICES)
    shown = page(signed_in(stage.cast.lee), Rollback.objects.get())
    assert "data at risk from step 3" in shown
    before, after = shown.split("Point of no return", 1)
    assert "git fetch origin" in before
    assert "mysql" in after


def test_a_poll_of_a_page_whose_state_moved_on_asks_for_a_reload(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.lee)
    decide(client, pending)
    address = f"/rollbacks/{pending.pk}/?seen=requested"
    response = client.get(address, headers={"HX-Request": "true"})
    assert response.headers["HX-Refresh"] == "true"


def test_an_open_page_is_loaded_anew_once_what_would_run_changed(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client, news = signed_in(stage.cast.lee), {"HX-Request": "true"}
    shown = client.get(f"/rollbacks/{pending.pk}/").content.decode()
    (asks,) = re.findall(r'id="side" hx-get="([^"]+)"', shown)
    assert "HX-Refresh" not in client.get(html.unescape(asks), headers=news).headers
    Host.objects.update(address="203.0.113.9")
    assert client.get(html.unescape(asks), headers=news).headers["HX-Refresh"] == "true"
    (asks,) = re.findall(
        r'id="side" hx-get="([^"]+)"', client.get(f"/rollbacks/{pending.pk}/").content.decode()
    )
    assert "HX-Refresh" not in client.get(html.unescape(asks), headers=news).headers


def test_a_refused_start_can_be_asked_for_again(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    decide(signed_in(stage.cast.lee), pending)
    Rollback.objects.update(start_asked=False)
    client = signed_in(stage.cast.dana)
    assert "Start rollback" in page(client, pending)
    client.post(f"/rollbacks/{pending.pk}/starts/")
    pending.refresh_from_db()
    assert pending.start_asked


def test_the_last_approved_rollback_is_compared_with(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    decide(signed_in(stage.cast.lee), pending)
    client = signed_in(stage.cast.dana)
    fields = {"reason": "Again"}
    client.post(f"/plans/{pending.revision.plan.slug}/request/", fields)
    again = Rollback.objects.order_by("-id")[0]
    assert f"Same as the last approved rollback, {pending.pk}" in page(client, again)


def test_deciding_takes_a_post(signed_in: SignIn, stage: make.Stage, pending: Rollback) -> None:
    client = signed_in(stage.cast.lee)
    for where in ("approvals", "rejections", "withdrawals", "starts", "renewals"):
        assert client.get(f"/rollbacks/{pending.pk}/{where}/").status_code == 405


def test_an_approval_without_the_forms_token_is_turned_away(
    stage: make.Stage, pending: Rollback
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(stage.cast.lee)
    response = decide(client, pending)
    assert getattr(response, "status_code", 0) == 403
    assert "That form could not be trusted" in words(response)
    assert Approval.objects.count() == 0


def test_the_hosts_are_asked_whether_it_would_work_and_what_they_said_shows(
    signed_in: SignIn, stage: make.Stage
) -> None:
    Host.objects.update(address="127.0.0.1", port=1)
    rollback = make.requested(stage)
    client = signed_in(stage.cast.dana)
    assert "No preflight checks have run yet" in page(client, rollback)
    client.post(f"/rollbacks/{rollback.pk}/readiness/")
    assert "Preflight checks started" in page(client, rollback)
    make.hosts_answer()
    shown = page(client, rollback)
    assert "not ready" in shown
    assert "1 result from the hosts, 1 failed" in shown
    assert "not ready" in words(client.get("/plans/"))
    assert signed_in(stage.cast.vic).post(f"/rollbacks/{rollback.pk}/readiness/").status_code == 403
