"""What a new installation still needs before its first rollback, in order."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from rollback_console.plans.models import DecisionMaker, Environment, Host, HostKey, Plan


@dataclass(frozen=True, slots=True)
class Beginning:
    """One thing to do first: `done` once it is, `href` is where."""

    title: str
    why: str
    href: str
    done: bool


def beginnings() -> list[Beginning]:
    """The five things, each with whether it is done; five queries."""
    return [
        Beginning(
            "Describe an environment",
            "Where the service runs, and how many people must agree to a rollback there.",
            reverse("environments"),
            Environment.objects.exists(),
        ),
        Beginning(
            "Add the hosts and how to sign in to them",
            "The console reaches hosts over SSH with a credential that is never shown again.",
            reverse("hosts"),
            Host.objects.exists(),
        ),
        Beginning(
            "Confirm each host's key",
            "Compare the fingerprint with one read on the host itself; nothing runs before.",
            reverse("hosts"),
            HostKey.objects.exclude(confirmed_at=None).exists(),
        ),
        Beginning(
            "Name the decision makers",
            "Nobody approves their own request, so at least two people are needed.",
            reverse("environments"),
            DecisionMaker.objects.exists(),
        ),
        Beginning(
            "Import a rollback plan",
            "The Markdown your team writes already; the console shows what it understood.",
            reverse("plan-import"),
            Plan.objects.exists(),
        ),
    ]
