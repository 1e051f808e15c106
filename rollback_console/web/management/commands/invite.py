"""`manage.py invite NAME --group Operator`: a link behind which a person chooses a password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from rollback_console.access.actions.invitations import (
    LIFE_DAYS,
    invite_again,
    invite_person,
    revoke_invitations,
)
from rollback_console.access.errors import AccessError
from rollback_console.access.models import Invitation
from rollback_console.outbox.private_mail import invitation_link, mail_invitation


class Command(BaseCommand):
    """Prints the link on standard output, once; everything else on standard error."""

    help = "Invites a person, or makes a new link for one who never had a password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--group", action="append", default=[], help="once for each group")
        parser.add_argument("--email", default="")
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")
        parser.add_argument("--days", type=int, default=LIFE_DAYS)
        parser.add_argument("--mail", action="store_true", help="send the link to the address")
        parser.add_argument("--revoke", action="store_true", help="end the open link instead")

    def handle(self, *_: Any, **options: Any) -> None:
        person = User.objects.filter(username=options["username"]).first()
        try:
            if options["revoke"]:
                self._revoke(person, options["username"])
                return
            invitation, secret = self._invite(person, options)
        except AccessError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(invitation_link(secret))
        self.stderr.write(
            f"{invitation.person} can choose a password behind this link, once, until "
            f"{invitation.expires_at:%Y-%m-%d %H:%M} UTC. It cannot be shown again."
        )
        if options["mail"]:
            self._mail(invitation, secret)

    def _invite(self, person: User | None, options: dict[str, Any]) -> tuple[Invitation, str]:
        if person is not None:
            return invite_again(person, by=None, days=options["days"])
        names = ("username", "first_name", "last_name", "email", "days")
        chosen = {name: options[name] for name in names}
        return invite_person(by=None, groups=_groups(options["group"]), **chosen)

    def _revoke(self, person: User | None, username: str) -> None:
        if person is None or not revoke_invitations(person, by=None):
            raise CommandError(f"No link of {username} is open.")
        self.stderr.write(f"The link of {username} opens nothing any more.")

    def _mail(self, invitation: Invitation, secret: str) -> None:
        problem = mail_invitation(
            invitation.person.email,
            secret=secret,
            inviter="The Admin of this console",
            expires_at=invitation.expires_at,
        )
        if problem:
            raise CommandError(f"The mail did not go. {problem}")
        self.stderr.write(f"It was sent to {invitation.person.email}.")


def _groups(names: list[str]) -> list[Group]:
    rows = {group.name: group for group in Group.objects.filter(name__in=names)}
    if missing := sorted(set(names) - rows.keys()):
        known = ", ".join(Group.objects.order_by("name").values_list("name", flat=True))
        raise CommandError(f"There is no group {', '.join(missing)}. Groups here are: {known}.")
    return list(rows.values())
