"""What is watched after a deployment, what fires, and what recovers."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from rollback_console.audit.integrity.row_comparison import configuration_row_flaws
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.deployments.actions import deployments
from rollback_console.plans.snapshot.deployment_facts import DeploymentFacts
from rollback_console.proposals.actions import proposals
from rollback_console.proposals.models import Proposal
from rollback_console.rollbacks.errors import Refused
from rollback_console.watch import loop, shift
from rollback_console.watch.actions import firings, triggers, watches
from rollback_console.watch.actions.observations import store_observations
from rollback_console.watch.checking import FAILED, Observation
from rollback_console.watch.models import Firing, Sample, Trigger, TriggerWatch, ZoneShift
from rollback_console.watch.queries import triggers_of, unbound_words
from tests import make
from tests.make import Stage

from .conftest import bind, deploy, look, pass_time
from .servers import Service


def test_a_page_that_answers_well_passes_and_is_looked_at_again(watched: Trigger) -> None:
    row = look()
    assert (row.verdict, row.failures, row.passes) == ("passed", 0, 1)
    assert row.evidence.startswith("It answered 200 in ")
    assert row.due_at and row.checked_at
    assert row.due_at - row.checked_at == timedelta(seconds=10)
    assert Sample.objects.get().value == row.value


def test_one_failure_is_no_alarm(watched: Trigger, service: Service) -> None:
    service.status = 500
    assert look().fired_at is None
    service.status = 200
    assert look().failures == 0
    service.status = 500
    assert look().fired_at is None
    assert not Proposal.objects.exists()


def test_failures_in_a_row_propose_one_rollback_with_their_evidence(
    watched: Trigger, service: Service
) -> None:
    service.status = 500
    row = look(4)
    assert row.fired_at is not None
    proposal = Proposal.objects.get()
    assert proposal.title == "Checkout v2: Health check fails"
    assert proposal.plan == row.deployment.plan
    assert "Health check fails: It answered 500 instead of 200." in proposal.detail
    assert "2 times in a row" in proposal.detail
    assert "Deployment of v2 over v1" in proposal.detail
    assert proposal.link == f"http://testserver/deployments/{row.deployment_id}/"
    assert Firing.objects.get().proposal == proposal
    fired = ConfigurationEvent.objects.get(kind="trigger.fired")
    assert fired.facts["evidence"] == "It answered 500 instead of 200."


def test_two_triggers_of_one_deployment_open_one_proposal(
    watched: Trigger, stage: Stage, service: Service
) -> None:
    bind(stage, "Login fails", probe={"url": service.url, "text": "Welcome"})
    service.status = 500
    look(2)
    proposal = Proposal.objects.get()
    assert "Health check fails" in proposal.detail
    assert "Login fails" in proposal.detail
    assert proposal.firings.count() == 2


@pytest.mark.parametrize(("name", "value"), [("automatic", False), ("severity", "warning")])
def test_what_a_person_decides_fires_without_proposing(
    stage: Stage, service: Service, name: str, value: str | bool
) -> None:
    given: dict[str, Any] = {"probe": {"url": service.url}, name: value}
    bind(stage, **given)
    deploy(stage)
    service.status = 500
    assert look(2).fired_at is not None
    assert Firing.objects.get().proposal is None
    assert not Proposal.objects.exists()


def test_what_recovers_closes_its_proposal_with_a_note(watched: Trigger, service: Service) -> None:
    service.status = 500
    look(2)
    service.status = 200
    assert look().fired_at is not None
    row = look()
    assert row.fired_at is None
    proposal = Proposal.objects.get()
    assert (proposal.state, bool(proposal.resolved_at)) == ("recovered", True)
    assert "Health check fails: recovered. It answered 200" in proposal.reason
    assert Firing.objects.get().ended_at is not None
    assert ConfigurationEvent.objects.filter(kind="trigger.recovered").count() == 1


def test_a_proposal_that_a_person_dismissed_stays_dismissed(
    watched: Trigger, stage: Stage, service: Service
) -> None:
    service.status = 500
    look(2)
    proposals.dismiss(Proposal.objects.get(), by=stage.cast.dana, reason="Known")
    look(3)
    service.status = 200
    look(2)
    proposal = Proposal.objects.get()
    assert (proposal.state, proposal.reason) == ("dismissed", "Known")


def test_what_cannot_be_known_never_fires(
    watched: Trigger, service: Service, settings: Settings
) -> None:
    settings.MESSAGES_SECONDS = 0.2
    service.silent = threading.Event()
    row = look(3)
    assert (row.verdict, row.failures, row.fired_at) == ("unknown", 0, None)
    assert row.evidence == "No answer within 0.2 seconds."
    assert row.unknown_since is not None
    service.silent.set()
    service.silent = None
    assert look().unknown_since is None


def test_silence_breaks_a_row_of_failures_only_after_a_while(
    watched: Trigger, service: Service, settings: Settings
) -> None:
    service.status = 500
    look()
    settings.MESSAGES_SECONDS = 0.2
    service.silent = threading.Event()
    assert look().failures == 1
    TriggerWatch.objects.update(unknown_since=timezone.now() - timedelta(minutes=6))
    assert look().failures == 0


def test_a_refused_connection_is_a_failure(stage: Stage, service: Service) -> None:
    bind(stage, probe={"url": "http://127.0.0.1:1/health"})
    deploy(stage)
    row = look()
    assert (row.verdict, row.evidence) == (
        "failed",
        "The connection is refused: nothing listens there.",
    )


def test_only_the_newest_deployment_is_watched(watched: Trigger, stage: Stage) -> None:
    assert look().deployment.version == "v2"
    deploy(stage, "v3")
    watches.end_watches()
    row = look()
    assert row.deployment.version == "v3"
    assert list(TriggerWatch.objects.filter(due_at=None)) == [
        TriggerWatch.objects.get(deployment__version="v2")
    ]


def test_a_deployment_that_is_taken_back_is_watched_no_more(
    watched: Trigger, stage: Stage, service: Service
) -> None:
    service.status = 500
    row = look(2)
    deployments.request_rollback(
        row.deployment,
        by=stage.cast.dana,
        revision=row.deployment.plan.revisions.first(),  # type: ignore[union-attr]
        reason="Health page answers 500",
        choices={},
    )
    watches.end_watches()
    row.refresh_from_db()
    assert (row.due_at, row.fired_at) == (None, None)
    assert Proposal.objects.get().state == "recovered"


def test_the_watch_thins_out_and_ends_after_a_week(watched: Trigger) -> None:
    pauses = []
    for passed in (0, 40, 3 * 60, 30 * 60, 8 * 24 * 60):
        pass_time(timedelta(minutes=passed))
        row = look()
        assert row.checked_at
        pauses.append(row.due_at and (row.due_at - row.checked_at))
    expected = [timedelta(seconds=10), timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)]
    assert pauses == [*expected, None]


def test_while_it_fails_it_is_looked_at_each_minute(watched: Trigger, service: Service) -> None:
    pass_time(timedelta(hours=5))
    service.status = 500
    row = look()
    assert row.due_at and row.checked_at
    assert row.due_at - row.checked_at == timedelta(minutes=1)


def test_what_a_dead_worker_claimed_is_due_again(watched: Trigger) -> None:
    watches.begin_watches()
    (claimed,) = shift.claim_due("default", uuid.uuid4(), 10)
    claimed.refresh_from_db()
    assert claimed.due_at
    assert timedelta() < claimed.due_at - timezone.now() <= shift.LEFT
    assert shift.claim_due("default", uuid.uuid4(), 10) == []


def test_what_a_stale_worker_saw_is_dropped(watched: Trigger) -> None:
    watches.begin_watches()
    late = uuid.uuid4()
    (row,) = shift.claim_due("default", late, 10)
    look()
    assert store_observations(late, {row.pk: Observation(FAILED, "It answered 500.")}) == 0
    assert Sample.objects.count() == 1


def test_one_worker_at_a_time_holds_a_zone(watched: Trigger) -> None:
    row = ZoneShift.objects.create(
        zone="default", holder=uuid.uuid4(), lease_until=timezone.now() + timedelta(seconds=10)
    )
    watches.begin_watches()
    assert shift.take_turn(row.pk, seconds=0) is False
    assert not Sample.objects.exists()
    ZoneShift.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    shift.take_turn(row.pk, seconds=0)
    assert Sample.objects.count() == 1
    row.refresh_from_db()
    assert row.holder is None


def test_the_record_of_triggers_matches_their_rows(watched: Trigger, stage: Stage) -> None:
    changed = {name: getattr(watched, name) for name in triggers.FIELDS} | {"failures": 5}
    triggers.change_trigger(watched, by=stage.cast.dana, fields=changed)
    assert flaws_of_triggers() == []
    triggers.remove_trigger(watched, by=stage.cast.dana)
    assert flaws_of_triggers() == []
    made = bind(stage, probe={"url": "http://127.0.0.1:9"})
    Trigger.objects.filter(pk=made.pk).update(every=99)
    (flaw,) = flaws_of_triggers()
    assert "every" in flaw


def flaws_of_triggers() -> list[str]:
    return [each.what for each in configuration_row_flaws() if "trigger" in each.what]


def test_samples_are_forgotten_by_age(watched: Trigger) -> None:
    look(2)
    Sample.objects.filter(pk=Sample.objects.earliest("pk").pk).update(
        at=timezone.now() - timedelta(days=31)
    )
    assert watches.forget_samples() == 1


def test_the_clock_of_the_console_moves_no_look(watched: Trigger) -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=3), tick=True):
        row = look()
    assert row.due_at and row.checked_at
    assert row.due_at - row.checked_at == timedelta(seconds=10)
    assert abs(row.checked_at - timezone.now()) < timedelta(minutes=10)


def test_the_sweeper_looks_itself_while_the_broker_is_away(watched: Trigger) -> None:
    loop.tend(threading.Event())
    assert Sample.objects.count() == 1


def test_a_false_alarm_is_counted_once_with_its_trigger(
    watched: Trigger, stage: Stage, service: Service
) -> None:
    service.status = 500
    look(2)
    firing = Firing.objects.get()
    with pytest.raises(Refused, match="Ask an operator"):
        firings.mark_false_alarm(firing, by=stage.cast.vic)
    firings.mark_false_alarm(firing, by=stage.cast.dana)
    with pytest.raises(Refused, match="already"):
        firings.mark_false_alarm(firing, by=stage.cast.lee)
    (row,) = triggers_of(stage.service, stage.environment)
    assert (row.alarms, row.false_alarms) == (1, 1)  # type: ignore[attr-defined]
    assert ConfigurationEvent.objects.filter(kind="false_alarm.marked").count() == 1


def test_who_may_not_change_plans_binds_nothing(stage: Stage, service: Service) -> None:
    with pytest.raises(Refused, match="You may not change when Checkout in STAGING"):
        triggers.bind_trigger(
            by=stage.cast.vic,
            service=stage.service,
            environment=stage.environment,
            fields={"text": "Slow"},
        )


def test_words_are_bound_once_however_they_are_spelled(watched: Trigger, stage: Stage) -> None:
    with pytest.raises(Refused, match="bound already"):
        bind(stage, "**health  check** fails.", probe=watched.probe)


def test_bound_words_stay_bound_in_the_next_revision(stage: Stage, service: Service) -> None:
    revision = make.plan(stage)
    (words,) = unbound_words(stage.service, stage.environment)
    assert words.text == "Health checks failing after deployment"
    bind(stage, words.text, probe={"url": service.url})
    make.revised(revision.plan, make.PLAN.replace("echo starting", "echo begin"), stage.cast.ada)
    assert unbound_words(stage.service, stage.environment) == []
    text = make.PLAN.replace("- Health checks", "- Error rate > 5%\n- Health checks")
    make.revised(revision.plan, text, stage.cast.ada)
    (words,) = unbound_words(stage.service, stage.environment)
    assert words.text == "Error rate > 5%"


def test_no_answer_of_a_server_stops_what_else_is_watched(
    watched: Trigger, stage: Stage, service: Service
) -> None:
    probe = {"server": service.url, "query": "errors", "limit": 5.0}
    bind(stage, "Errors", kind="prometheus", probe=probe)
    service.answer = {"status": "error", "error": "odd \ud800 \x00 \u202e end"}
    look(2)
    rows = {row.trigger.text: row for row in TriggerWatch.objects.select_related("trigger")[:4]}
    assert rows["Health check fails"].verdict == "passed"
    assert rows["Errors"].verdict == "unknown"
    assert rows["Errors"].evidence.startswith("Prometheus refused the query: odd")
    assert rows["Errors"].evidence.isprintable()


def test_a_mean_that_no_number_holds_is_unknown(
    watched: Trigger, stage: Stage, service: Service
) -> None:
    probe = {"server": service.url, "query": "errors", "limit": 5.0, "against": "before"}
    trigger = bind(stage, "Errors", kind="prometheus", probe=probe)
    service.before = ["1e308", "1e308"]
    look()
    row = trigger.watches.get()
    assert (row.verdict, row.baseline) == ("unknown", None)


def test_what_was_seen_by_an_older_probe_is_dropped(watched: Trigger, service: Service) -> None:
    service.status = 500
    look()
    claim = uuid.uuid4()
    TriggerWatch.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    (claimed,) = shift.claim_due("default", claim, 1)
    fields = {name: getattr(watched, name) for name in triggers.FIELDS}
    fields["probe"] = {"url": f"{service.url}/other"}
    by = watched.bound_by
    triggers.change_trigger(watched, by=by, fields=fields)
    seen = Observation(FAILED, "It answered 500 instead of 200.", baseline=7.0)
    assert store_observations(claim, {claimed.pk: seen}) == 0
    row = TriggerWatch.objects.get(pk=claimed.pk)
    assert (row.failures, row.baseline, row.fired_at) == (0, None, None)


def test_a_deployment_that_only_begins_ends_no_watch(
    watched: Trigger, stage: Stage, service: Service
) -> None:
    service.status = 500
    fired = look(2)
    deployments.record_deployment(
        by=stage.cast.dana,
        service=stage.service,
        environment=stage.environment,
        version="v3",
        facts=DeploymentFacts(),
    )
    assert watches.end_watches() == 0
    assert Proposal.objects.get().state == "open"
    assert look().pk == fired.pk


def test_no_trigger_is_bound_to_words_that_hide_characters(stage: Stage, service: Service) -> None:
    with pytest.raises(Refused, match="nobody sees"):
        bind(stage, "Error\u202e rate > 5%", probe={"url": service.url})
