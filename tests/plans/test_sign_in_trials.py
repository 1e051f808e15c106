"""Trying to sign in to a host, on a real sshd: what is known, and until when."""

from __future__ import annotations

import pytest

from rollback_console.plans.models import Host, HostKey, SignInTrial
from rollback_console.plans.readiness.sign_in_trials import (
    FAILED,
    NEVER,
    OUTDATED,
    SIGNED_IN,
    WAITING,
    answer_trial,
    enqueue_trials,
    state_of,
)
from tests.make import Stage

pytestmark = pytest.mark.django_db


def tried(host: Host) -> Host:
    (trial,) = enqueue_trials([host])
    assert answer_trial(trial.pk)
    return fresh(host)


def fresh(host: Host) -> Host:
    return Host.objects.select_related("trial", "credential").get(pk=host.pk)


def test_a_host_that_lets_the_console_in_says_so_until_its_way_changes(here: Stage) -> None:
    host = fresh(here.host)
    assert state_of(host) == NEVER
    enqueue_trials([host])
    assert state_of(fresh(host)) == WAITING
    assert state_of(tried(host)) == SIGNED_IN
    for change in ({"port": host.port + 1}, {"address": "localhost"}):
        Host.objects.filter(pk=host.pk).update(**change)
        assert state_of(fresh(host)) == OUTDATED
        Host.objects.filter(pk=host.pk).update(address=host.address, port=host.port)
    assert state_of(fresh(host)) == SIGNED_IN
    credential = host.credential
    credential.username = "somebody-else"
    credential.save()
    assert state_of(fresh(host)) == OUTDATED
    assert state_of(tried(host)) == FAILED
    assert "refused the login of somebody-else" in SignInTrial.objects.get().problem


def test_what_kept_it_out_is_a_sentence(here: Stage) -> None:
    HostKey.objects.update(confirmed_at=None)
    assert "confirm its fingerprint first" in tried(here.host).trial.problem
    HostKey.objects.update(confirmed_at="2026-01-01T00:00Z")
    Host.objects.update(port=1)
    assert "cannot be reached" in tried(here.host).trial.problem


def test_a_trial_is_done_once(here: Stage) -> None:
    (trial,) = enqueue_trials([here.host])
    assert answer_trial(trial.pk)
    assert not answer_trial(trial.pk)
