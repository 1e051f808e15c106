"""What a new installation still needs before its first rollback, each part checked.

Nothing is remembered here: every part looks at what is true now, so that the page can be left
and taken up by anybody at any time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from rollback_console.access.invitations import open_invitations
from rollback_console.common.people import display_name
from rollback_console.engine import authority
from rollback_console.engine.authority import Maker
from rollback_console.outbox.models import Delivery, Target
from rollback_console.plans.approval import policy
from rollback_console.plans.approval.decision_makers import own_right, owners_of
from rollback_console.plans.models import Credential, Environment, Host, Plan, Revision
from rollback_console.plans.readiness import sign_in_trials
from rollback_console.plans.snapshot.request_form import draw_request_form
from rollback_console.remote.keys import open_private_key
from rollback_console.rollbacks.queries import health, rehearsals

DONE, MISSING, LATER = "done", "missing", "later"

MOST_NAMED = 5
"""Of hosts, people or plans that lack the same thing so many are named."""

_PLANS = 100
"""So many plans are read; a console with more has been set up long ago."""


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that is not so yet, and the page where it is put right."""

    sentence: str
    href: str


@dataclass(frozen=True, slots=True)
class SetUpPart:
    """One part: `why` it matters, what it `lacks`, and `hints` that stop nothing.

    `state` is done, missing, or later where it cannot be known before another part is done.
    """

    title: str
    why: str
    href: str
    state: str
    lacks: tuple[Lack, ...] = ()
    hints: tuple[Lack, ...] = ()


def set_up_parts() -> list[SetUpPart]:
    """Every part, in the order in which one does them."""
    plans = list(Plan.objects.select_related("environment", "service")[:_PLANS])
    revisions = [revision for plan in plans if (revision := _newest(plan)) is not None]
    return [
        _owner(),
        _people(),
        _environments(),
        _credentials(),
        _hosts(),
        _secrets(revisions),
        _messages(),
        _plans(revisions),
        _rehearsal(),
    ]


def _owner() -> SetUpPart:
    admins = _holders("plans.change_environment")
    people = reverse("people")
    lacks = [] if _signed_in(admins) else [Lack(gettext("No Admin has signed in yet."), people)]
    hints = []
    if len(_signed_in(admins)) == 1:
        sentence = gettext("There is one Admin: nobody could help them, or confirm what takes two.")
        hints = [Lack(sentence, reverse("invitations"))]
    return _part(
        gettext("Owner"),
        gettext("An Admin sets everything up and answers for who may do what."),
        people,
        lacks,
        hints,
    )


def _people() -> SetUpPart:
    page, invite = reverse("people"), reverse("invitations")
    lacks = []
    if not _signed_in(_holders(policy.ASKS)):
        lacks.append(Lack(gettext("Nobody who has signed in may request a rollback."), invite))
    if User.objects.filter(is_active=True, last_login__isnull=False).count() < 2:
        lacks.append(
            Lack(
                gettext("Only one person has signed in: nobody approves their own request."), invite
            )
        )
    waiting = [
        Lack(
            gettext("{person} has not accepted the invitation yet.").format(
                person=display_name(each.person)
            ),
            _of(each.person),
        )
        for each in open_invitations()[:MOST_NAMED]
    ]
    groupless = User.objects.filter(is_active=True, groups=None, is_superuser=False)
    waiting += [
        Lack(
            gettext("{person} is in no group and sees nothing.").format(person=display_name(each)),
            _of(each),
        )
        for each in groupless[:MOST_NAMED]
    ]
    return _part(
        gettext("People"),
        gettext(
            "Everybody has an account of their own: approvals and the record are worth no more "
            "than that."
        ),
        page,
        lacks,
        waiting,
    )


def _environments() -> SetUpPart:
    lacks, hints = [], []
    environments = list(Environment.objects.all())
    if not environments:
        lacks.append(Lack(gettext("There is no environment."), reverse("environment-new")))
    askers = [person.pk for person in _signed_in(_holders(policy.ASKS))]
    for environment in environments:
        makers = owners_of(environment)
        here = reverse("deciders", args=[environment.slug])
        able = [own_right(row) for row in makers if row.user.last_login]
        if why := _why_nobody(environment, able, askers):
            lacks.append(Lack(f"{environment}: {why}", here))
        absent = [display_name(row.user) for row in makers if not row.user.last_login]
        if absent:
            sentence = ngettext(
                "{environment}: {names} decides but has never signed in.",
                "{environment}: {names} decide but have never signed in.",
                len(absent),
            ).format(environment=environment, names=_names(absent))
            hints.append(Lack(sentence, here))
        elif len({row.rung for row in makers}) == 1:
            sentence = gettext(
                "{environment}: there is one level, so nobody is asked next."
            ).format(environment=environment)
            hints.append(Lack(sentence, here))
    return _part(
        gettext("Environments and who decides"),
        gettext(
            "Where services run, how many must agree, and whom to ask next when nobody answers."
        ),
        reverse("environments"),
        lacks,
        hints,
    )


def _why_nobody(environment: Environment, able: list[Maker], askers: list[int]) -> str:
    """Why people who can sign in could not approve anything there; "" when they could."""
    for risky in (False, True):
        rules = policy.spec(environment, risky=risky)
        if why := authority.why_never_satisfiable(rules, able, askers):
            return why
    return ""


def _credentials() -> SetUpPart:
    rows = list(Credential.objects.all())
    lacks = [] if rows else [Lack(gettext("There is no credential."), reverse("credential-new"))]
    lacks += [
        Lack(
            f"{row.name}: {why}.",
            reverse("credential", args=[row.pk]),
        )
        for row in rows
        if (why := _why_useless(row))
    ]
    return _part(
        gettext("Credentials"),
        gettext("The console signs in to hosts as an account of its own, never as a person."),
        reverse("credentials"),
        lacks,
    )


def _why_useless(row: Credential) -> str:
    if not (row.private_key or row.password):
        return gettext("it has neither a private key nor a password")
    try:
        if row.private_key:
            open_private_key(row.private_key, row.passphrase)
    except ValueError as error:
        return str(error)
    return ""


def _hosts() -> SetUpPart:
    page, keys = reverse("hosts"), reverse("host-key-table")
    hosts = Host.objects.select_related("credential", "environment", "jump", "trial")
    rows = list(hosts.prefetch_related("keys", "jump__keys", "jump__credential"))
    lacks = [] if rows else [Lack(gettext("There is no host."), reverse("host-imports"))]
    states: dict[str, list[Host]] = {}
    for row in rows:
        confirmed = any(key.confirmed_at for key in row.keys.all())
        state = sign_in_trials.state_of(row) if confirmed else "unconfirmed"
        states.setdefault(state, []).append(row)
    if unconfirmed := states.get("unconfirmed"):
        lacks.append(
            Lack(gettext("No key is confirmed of {hosts}.").format(hosts=_named(unconfirmed)), keys)
        )
    for state, sentence in (
        (sign_in_trials.NEVER, gettext("Nobody tried to sign in to {}.")),
        (sign_in_trials.OUTDATED, gettext("These changed since signing in was tried: {}.")),
        (sign_in_trials.WAITING, gettext("Signing in is being tried: {}.")),
    ):
        if hosts_so := states.get(state):
            lacks.append(Lack(sentence.format(_named(hosts_so)), page))
    failed = states.get(sign_in_trials.FAILED, [])
    lacks += [
        Lack(row.trial.problem, reverse("host", args=[row.pk])) for row in failed[:MOST_NAMED]
    ]
    if len(failed) > MOST_NAMED:
        lacks.append(Lack(gettext("{} more hosts refused.").format(len(failed) - MOST_NAMED), page))
    absent = [role for role, alive in health.seen().items() if not alive]
    if rows and absent:
        lacks.append(Lack(gettext("Not running: {}.").format(", ".join(absent)), page))
    return _part(
        gettext("Hosts"),
        gettext(
            "Nothing runs on a host without a confirmed key. Signing in is tried here, not at "
            "one in the morning."
        ),
        page,
        lacks,
    )


def _secrets(revisions: Iterable[Revision]) -> SetUpPart:
    lacks, read = [], False
    for revision in revisions:
        read = True
        here = reverse("environment", args=[revision.plan.environment.slug])
        lacks += [
            Lack(
                gettext("{plan} needs the secret {name}.").format(
                    plan=revision.plan, name=each.name
                ),
                here,
            )
            for each in draw_request_form(revision).secrets
        ]
    why = gettext(
        "Passwords that commands need are stored here, masked in every log, and never shown."
    )
    page = reverse("environments")
    if not read:
        return SetUpPart(
            gettext("Secrets"), why, page, LATER, (), (Lack(gettext("Plans say which."), page),)
        )
    return _part(gettext("Secrets"), why, page, lacks)


def _messages() -> SetUpPart:
    page = reverse("targets")
    targets = list(Target.objects.filter(is_active=True).defer("url", "secret"))
    sent = [each for each in targets if _last_state(each) == Delivery.SENT]
    lacks: list[Lack] = []
    hints: list[Lack] = []
    for target in targets:
        here, state = reverse("target", args=[target.pk]), _last_state(target)
        if state != Delivery.SENT:
            sentence = (
                gettext("{}: the last message did not arrive.")
                if state
                else gettext("{}: nothing was sent to it yet. Send it a test.")
            )
            (hints if sent else lacks).append(Lack(sentence.format(target), here))
    if not targets:
        lacks.append(Lack(gettext("There is no notification channel."), reverse("target-new")))
    if targets and not any("decide" in each.topics for each in targets):
        lacks.append(Lack(gettext("No channel hears that a decision is needed."), page))
    return _part(
        gettext("Notifications"),
        gettext("Decision makers are notified by mail or chat. A test shows that it arrives."),
        page,
        lacks,
        hints,
    )


def _last_state(target: Target) -> str:
    last = target.deliveries.order_by("-id").values_list("state", flat=True).first()
    return last or ""


def _plans(revisions: list[Revision]) -> SetUpPart:
    page, lacks = reverse("plans"), []
    for revision in revisions:
        missing = draw_request_form(revision).missing
        if missing:
            name = "plan" if revision.confirmed_at else "arrange"
            href = reverse(name, args=[revision.plan.slug])
            lacks.append(Lack(f"{revision.plan}: {missing[0]}", href))
    if not revisions:
        lacks.append(Lack(gettext("There is no plan."), reverse("plan-import")))
    usable = len(revisions) > len(lacks)
    return _part(
        gettext("First plan"),
        gettext(
            "The Markdown your team writes already. A person confirms its steps; nothing else runs."
        ),
        page,
        [] if usable else lacks,
        lacks if usable else [],
    )


def _rehearsal() -> SetUpPart:
    lacks = []
    if not Environment.objects.filter(rehearses__isnull=False).exists():
        sentence = gettext(
            "No environment rehearses another: say so on the page of one. Without a host to "
            "spare, practise in the demo (make run)."
        )
        lacks.append(Lack(sentence, reverse("environments")))
    elif not rehearsals.all_rehearsals().exists():
        sentence = gettext(
            "No plan has been rehearsed: the same title and service, done where its environment "
            "is rehearsed, with success."
        )
        lacks.append(Lack(sentence, reverse("plans")))
    return _part(
        gettext("Rehearsal"),
        gettext("A plan that was never carried out is a guess. Do it once where nothing is lost."),
        reverse("rollbacks"),
        lacks,
    )


def _part(
    title: str, why: str, href: str, lacks: Iterable[Lack], hints: Iterable[Lack] = ()
) -> SetUpPart:
    lacking = tuple(lacks)
    return SetUpPart(title, why, href, MISSING if lacking else DONE, lacking, tuple(hints))


def _newest(plan: Plan) -> Revision | None:
    return plan.revisions.select_related("plan__environment").order_by("-number").first()


def _holders(permission: str) -> list[User]:
    backend = "django.contrib.auth.backends.ModelBackend"
    return list(User.objects.with_perm(permission, backend=backend))


def _signed_in(people: Iterable[User]) -> list[User]:
    return [person for person in people if person.last_login]


def _of(person: User) -> str:
    return reverse("person", args=[person.pk])


def _named(hosts: list[Host]) -> str:
    return _names([host.name for host in hosts])


def _names(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (
        " " + gettext("and {} more").format(more) if more > 0 else ""
    )
