"""Push notifications to the browsers of those who are asked; the page decides nothing by itself."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models.functions import Now

from rollback_console import notify
from rollback_console.common.people import display_name
from rollback_console.common.permission import may_do
from rollback_console.notify.web_push import GONE
from rollback_console.rollbacks.models import Event, Rollback
from rollback_console.rollbacks.questions import ANSWERERS

from .models import Delivery, PushDevice, PushKey

TOPICS = frozenset({"decide", "asked"})
"""What a person is asked; of nothing else a phone rings."""


def push_key() -> PushKey:
    """The console's key pair, made the first time somebody wants it."""
    return PushKey.objects.order_by("id").first() or _make_key()


def people_to_push(rollback: Rollback, event: Event, topic: str) -> tuple[int, ...]:
    """The numbers of those whom a message of a topic asks something and who have a device."""
    if topic not in TOPICS:
        return ()
    users = User.objects.filter(push_devices__isnull=False, is_active=True).distinct()
    named = event.facts.get("to")
    if isinstance(named, list) and named:
        people = [each.get("person") for each in named if isinstance(each, dict)]
        numbers = [number for number in people if isinstance(number, int)]
        return tuple(users.filter(pk__in=numbers).values_list("pk", flat=True))
    if topic == "decide":
        return ()
    return tuple(user.pk for user in users if may_do(user, ANSWERERS, rollback))


def device_name(device: PushDevice) -> str:
    """What pages call it: whose it is, and which."""
    return f"{display_name(device.user)}, {device.name}"[:100]


def push_delivery(delivery: Delivery, rules: notify.Rules) -> str:
    """Send it to its device; a device that is gone is forgotten. Returns what went wrong."""
    device = delivery.device
    if device is None or not device.user.is_active:
        return GONE
    key = push_key()
    problem = notify.push(
        notify.Push(
            url=device.endpoint,
            public_key=device.public_key,
            auth=device.auth,
            secret=key.private_key,
            subject=_subject(),
            payload={
                "title": delivery.title,
                "body": delivery.text.splitlines()[0][:300] if delivery.text else "",
                "url": delivery.link,
                "tag": f"rollback-{delivery.rollback_id}",
            },
        ),
        rules,
    ).problem
    if problem == GONE:
        PushDevice.objects.filter(pk=device.pk).delete()
    return problem


def _subject() -> str:
    """Whom a push service may write to; it takes only these two forms."""
    address = str(settings.BASE_URL)
    return address if address.startswith("https://") else "mailto:root@localhost"


def _make_key() -> PushKey:
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    point = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    public = base64.urlsafe_b64encode(point).rstrip(b"=").decode()
    made, _ = PushKey.objects.get_or_create(
        pk=1, defaults={"private_key": private, "public_key": public, "made_at": Now()}
    )
    made.refresh_from_db()
    return made
