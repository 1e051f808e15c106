"""People: inviting them."""

from __future__ import annotations

from typing import Annotated

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja import Router, Status
from pydantic import BaseModel, Field

from rollback_console.access.actions import invitations
from rollback_console.access.models import Invitation
from rollback_console.common.people import display_name
from rollback_console.outbox.private_mail import invitation_link, mail_invitation

from .. import lookup
from ..authentication import ADMIN, person
from ..bodies.requests import Body, Name
from ..errors.problems import Problem
from ..responses.base import Time

router = Router(tags=["people"])

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


class RevokedOut(BaseModel):
    """How many links were open."""

    revoked: int


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
