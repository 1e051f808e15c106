"""People: who there is, inviting them, and ending or renewing their access."""

from __future__ import annotations

from typing import Annotated

from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from rollback_console.access.actions import invitations, people
from rollback_console.access.models import Invitation
from rollback_console.common.people import display_name
from rollback_console.outbox.private_mail import invitation_link, mail_invitation

from ... import lookup, pagination
from ...authentication import ADMIN, person
from ...bodies.requests import Body, Name
from ...errors.problems import Problem
from ...pagination import Cursor, Limit, Next
from ...responses.base import Time

router = Router(tags=["people"])

Text = Annotated[str, Query(max_length=150)]
Days = Annotated[int, Field(ge=1, le=invitations.LONGEST_DAYS)]


class NewInvitationLink(Body):
    """For how many days the link is open, and whether it goes to its person by mail."""

    days: Days = invitations.LIFE_DAYS
    mail: bool = False


class NewInvitation(NewInvitationLink):
    """Somebody new; `groups` are names."""

    username: Annotated[str, Field(min_length=1, max_length=150)]
    first_name: Annotated[str, Field(max_length=150)] = ""
    last_name: Annotated[str, Field(max_length=150)] = ""
    email: Annotated[str, Field(max_length=254)] = ""
    groups: Annotated[list[Name], Field(max_length=100)] = Field(default_factory=list)


class InvitationOut(BaseModel):
    """`link` is shown this once. `mail_problem` says why a mail did not go."""

    username: str
    link: str
    expires_at: Time
    mailed: bool
    mail_problem: str


class AccountOut(BaseModel):
    """A person; `groups` give permissions, `decides` are environments where they approve."""

    username: str
    name: str
    email: str
    is_active: bool
    last_login: Time | None
    groups: list[str]
    decides: list[str]


class AccountPage(BaseModel):
    """By user name."""

    items: list[AccountOut]
    next: Next


class RevokedOut(BaseModel):
    """How many links were open."""

    revoked: int


@router.get("/people", auth=ADMIN, response=AccountPage)
def list_people(
    request: HttpRequest, text: Text = "", limit: Limit = 50, cursor: Cursor = ""
) -> AccountPage:
    """Everybody with an account, by user name; for Admins."""
    _require_reader(request)
    rows = User.objects.prefetch_related("groups", "decides__environment")
    if text:
        rows = rows.filter(username__contains=text)
    if last := pagination.after(cursor):
        rows = rows.filter(username__gt=last)
    page, following = pagination.cut(
        rows.order_by("username")[: limit + 1], limit, lambda row: row.username
    )
    return AccountPage(items=[account_out(row) for row in page], next=following)


@router.post("/people/{str:username}/deactivations", auth=ADMIN, response={201: AccountOut})
def deactivate(request: HttpRequest, username: str) -> Status[AccountOut]:
    """They are out at once, with every session and token."""
    _require_reader(request)
    people.deactivate_person(lookup.person(username), by=person(request))
    return Status(201, account_out(lookup.person(username)))


@router.post("/people/{str:username}/activations", auth=ADMIN, response={201: AccountOut})
def activate(request: HttpRequest, username: str) -> Status[AccountOut]:
    """They can sign in again; what ended stays ended."""
    _require_reader(request)
    people.activate_person(lookup.person(username), by=person(request))
    return Status(201, account_out(lookup.person(username)))


@router.post("/invitations", auth=ADMIN, response={201: InvitationOut})
def invite(request: HttpRequest, body: NewInvitation) -> Status[InvitationOut]:
    """A new person, and the link behind which they choose their password. For Admins."""
    _require_admin(request)
    invitation, secret = invitations.invite_person(
        by=person(request),
        groups=_groups(body.groups),
        **body.model_dump(exclude={"groups", "mail"}),
    )
    return Status(201, _answer(request, invitation, secret, mail=body.mail))


@router.post("/people/{str:username}/invitations", auth=ADMIN, response={201: InvitationOut})
def invite_again(
    request: HttpRequest, username: str, body: NewInvitationLink
) -> Status[InvitationOut]:
    """A new link for somebody who never had a password; the one before opens nothing any more."""
    _require_admin(request)
    invitation, secret = invitations.invite_again(
        lookup.person(username), by=person(request), days=body.days
    )
    return Status(201, _answer(request, invitation, secret, mail=body.mail))


@router.post(
    "/people/{str:username}/invitations/revocations", auth=ADMIN, response={201: RevokedOut}
)
def revoke_invitations(request: HttpRequest, username: str) -> Status[RevokedOut]:
    """No link of that person opens anything any more."""
    _require_admin(request)
    count = invitations.revoke_invitations(lookup.person(username), by=person(request))
    return Status(201, RevokedOut(revoked=count))


def account_out(row: User) -> AccountOut:
    """A person as the API answers it."""
    return AccountOut(
        username=row.username,
        name=display_name(row),
        email=row.email,
        is_active=row.is_active,
        last_login=row.last_login,
        groups=sorted(group.name for group in row.groups.all()),
        decides=sorted(maker.environment.slug for maker in row.decides.all()),
    )


def _require_reader(request: HttpRequest) -> None:
    lookup.require_unlimited()
    if not person(request).has_perm("plans.change_environment"):
        raise PermissionDenied("You may not see or change people. Ask an Admin.")


def _require_admin(request: HttpRequest) -> None:
    """Raises Problem for what would keep the link, and PermissionDenied."""
    lookup.require_unlimited()
    if "Idempotency-Key" in request.headers:
        raise Problem(
            "malformed",
            "Send this without an Idempotency-Key: the answer holds a link, which is kept "
            "nowhere. A second link of a person ends the first.",
        )
    if not person(request).has_perm("plans.change_environment"):
        raise PermissionDenied("You may not invite people. Ask an Admin.")


def _groups(names: list[str]) -> list[Group]:
    rows = list(Group.objects.filter(name__in=names))
    if missing := sorted(set(names) - {group.name for group in rows}):
        raise Problem("refused", f"There is no group {', '.join(missing)}.")
    return rows


def _answer(
    request: HttpRequest, invitation: Invitation, secret: str, *, mail: bool
) -> InvitationOut:
    invited, problem = invitation.person, ""
    if mail:
        problem = mail_invitation(
            invited.email,
            secret=secret,
            inviter=display_name(person(request)),
            expires_at=invitation.expires_at,
        )
    return InvitationOut(
        username=invited.username,
        link=invitation_link(secret),
        expires_at=invitation.expires_at,
        mailed=mail and not problem,
        mail_problem=problem,
    )
