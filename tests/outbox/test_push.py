"""Push notifications: who is asked rings, nobody else, and only that browser can read it."""

from __future__ import annotations

import base64
import json
import os

import http_ece
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from pytest_django import Settings

from rollback_console.outbox.actions.push_devices import add_push_device, remove_push_device
from rollback_console.outbox.models import Delivery, PushDevice, PushKey
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.events import record
from tests import make
from tests.make import Stage
from tests.receivers import Web

from .conftest import send_all, told

pytestmark = pytest.mark.django_db(transaction=True)


class BrowserKeys:
    """The keys that a browser makes for one subscription."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.secret = os.urandom(16)

    @property
    def public_key(self) -> str:
        point = self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    @property
    def auth(self) -> str:
        return base64.urlsafe_b64encode(self.secret).rstrip(b"=").decode()

    def read(self, body: bytes) -> dict[str, str]:
        text = http_ece.decrypt(body, private_key=self.private, auth_secret=self.secret)
        answer: dict[str, str] = json.loads(text)
        return answer


def device(user: User, keys: BrowserKeys, receiver: Web | None = None) -> PushDevice:
    made = add_push_device(
        by=user,
        endpoint=f"https://push.example/{os.urandom(4).hex()}",
        public_key=keys.public_key,
        auth=keys.auth,
        name="Chrome on Android",
    )
    if receiver:  # its push service is a server on loopback
        made.endpoint = receiver.url
        made.save()
    return made


def test_who_is_asked_to_decide_rings_and_the_page_opens(stage: Stage, receiver: Web) -> None:
    keys = BrowserKeys()
    device(stage.cast.lee, keys, receiver)
    device(stage.cast.vic, BrowserKeys(), receiver)
    rollback = make.requested(stage)
    (row,) = told()
    assert row.target_name == "Lee Example, Chrome on Android"
    send_all()
    row.refresh_from_db()
    assert (row.state, row.problem) == ("sent", "")
    (post,) = receiver.posts
    note = keys.read(post.body)
    assert note["url"] == f"http://testserver/rollbacks/{rollback.pk}/"
    assert note["title"] == f"[STAGING] Approval needed: {rollback.title}"
    assert post.headers["urgency"] == "high"


def test_a_push_is_signed_with_the_key_of_the_console(stage: Stage, receiver: Web) -> None:
    device(stage.cast.lee, BrowserKeys(), receiver)
    make.requested(stage)
    told()
    send_all()
    scheme, _, parts = receiver.posts[0].headers["authorization"].partition(" ")
    token = dict(part.strip().split("=", 1) for part in parts.split(","))
    assert scheme == "vapid"
    assert token["k"] == PushKey.objects.get().public_key
    private = PushKey.objects.get().private_key.encode()
    key = serialization.load_pem_private_key(private, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    claims = jwt.decode(token["t"], key.public_key(), algorithms=["ES256"], audience=receiver.url)
    assert claims["sub"] == "mailto:root@localhost"


def test_operators_ring_when_a_step_asks_and_lookers_do_not(stage: Stage) -> None:
    for user in (stage.cast.dana, stage.cast.vic):
        device(user, BrowserKeys())
    rollback = make.approved(stage)
    with transaction.atomic():
        record(rollback, "question.asked", question="failed", position=1)
        record(rollback, "rollback.finished", state="failed")
    assert [(row.kind, row.device.user) for row in told() if row.device] == [
        ("question.asked", stage.cast.dana)
    ]


def test_a_device_that_its_push_service_forgot_is_forgotten(stage: Stage, receiver: Web) -> None:
    receiver.status = 410
    device(stage.cast.lee, BrowserKeys(), receiver)
    make.requested(stage)
    told()
    send_all()
    assert not PushDevice.objects.exists()
    assert Delivery.objects.get().state == "failed"


def test_a_browser_belongs_to_who_signed_in_last_and_only_they_remove_it(stage: Stage) -> None:
    keys = BrowserKeys()
    given = {"public_key": keys.public_key, "auth": keys.auth, "name": "Firefox on Linux"}
    for user in (stage.cast.lee, stage.cast.lee, stage.cast.sam):
        add_push_device(by=user, endpoint="https://push.example/1", **given)
    kept = PushDevice.objects.get()
    assert kept.user == stage.cast.sam
    with pytest.raises(PermissionDenied):
        remove_push_device(kept, by=stage.cast.lee)
    remove_push_device(kept, by=stage.cast.sam)
    assert not PushDevice.objects.exists()


@pytest.mark.parametrize(
    ("endpoint", "public_key"),
    [
        ("http://push.example/1", None),
        ("https://user@push.example/1", None),
        ("file:///etc/passwd", None),
        ("https://push.example/1", "AAAA"),
        ("https://push.example/1", "§"),
    ],
)
def test_what_no_browser_sends_is_refused(
    stage: Stage, endpoint: str, public_key: str | None
) -> None:
    keys = BrowserKeys()
    with pytest.raises(Refused):
        add_push_device(
            by=stage.cast.lee,
            endpoint=endpoint,
            public_key=public_key or keys.public_key,
            auth=keys.auth,
            name="",
        )


def test_a_push_service_inside_the_network_is_not_reached(
    stage: Stage, receiver: Web, settings: Settings
) -> None:
    settings.MESSAGES_ALLOW = []
    device(stage.cast.lee, BrowserKeys(), receiver)
    make.requested(stage)
    told()
    send_all()
    assert receiver.posts == []
    assert "not a public address" in Delivery.objects.get().problem
