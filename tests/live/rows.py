"""Rows as the driver would leave them, written into the database that the server reads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import redis
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.models.functions import Now

from rollback_console.engine.snapshot import CheckSpec, HostSpec, Snapshot, StepSpec
from rollback_console.plans.models import Environment, Plan, Revision, Service
from rollback_console.rollbacks import db_clock, events, log_store
from rollback_console.rollbacks.change_hints import channel
from rollback_console.rollbacks.models import Approval, LogChunk, Rollback, StepRun


class Rows:
    """Writes in one thread of its own, so that neither an event loop nor pytest is in the way."""

    def __init__(self, file: Path, redis_port: int, blocker: Any) -> None:
        self._file, self._blocker = file, blocker
        self._redis = redis.Redis(port=redis_port)
        self._thread = ThreadPoolExecutor(1, initializer=self._connect)

    def do(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run `work` in a transaction and give what it returns."""

        def committed() -> Any:
            with self._blocker.unblock(), transaction.atomic():
                return work(*args, **kwargs)

        return self._thread.submit(committed).result()

    def close(self) -> None:
        """Give the connection back."""
        self._thread.submit(lambda: connections["default"].close()).result()
        self._thread.shutdown()
        self._redis.close()

    def person(self, *, operates: bool = False, name: str = "") -> User:
        """Somebody who can sign in."""
        made: User = self.do(_person, operates=operates, name=name)
        return made

    def session(self, user: User, **more: Any) -> str:
        """The cookie of somebody signed in, with `more` in their session."""
        return str(self.do(_session, user, **more))

    def rollback(self, **fields: Any) -> Rollback:
        """A running rollback with three steps on two hosts."""
        made: Rollback = self.do(_rollback, **fields)
        return made

    def event(self, rollback: Rollback, kind: str = "note.added", **facts: Any) -> int:
        """Record one fact; its seq."""
        seq: int = self.do(events.record, rollback, kind, **facts).seq
        self.hint(rollback)
        return seq

    def hint(self, rollback: Rollback) -> None:
        """Say through Redis that there is news; a dead Redis is no matter."""
        with suppress(redis.RedisError):
            self._redis.publish(channel(rollback.pk), "{}")

    def run(self, rollback: Rollback, position: int = 1, host: str = "app-1", **fields: Any) -> Any:
        """A step run, running unless told otherwise."""
        fields = {"state": "running", "started_at": Now(), **fields}
        return self.do(
            StepRun.objects.create, rollback=rollback, position=position, host=host, **fields
        )

    def subscribers(self, name: str) -> int:
        """How many listen to a Redis channel."""
        return int(dict(self._redis.pubsub_numsub(name))[name.encode()])

    def append(self, run: StepRun, data: bytes, at: datetime | None = None) -> None:
        """Add to a run's log as the driver does, as if it came at that moment."""
        self.do(_append, run, data, at)
        self.hint(run.rollback)

    def change(self, row: Any, **fields: Any) -> None:
        """Update a row's fields."""
        self.do(type(row).objects.filter(pk=row.pk).update, **fields)

    def _connect(self) -> None:
        options = {**connections.settings["default"], **_SQLITE, "NAME": str(self._file)}
        connections["default"] = DatabaseWrapper(options, "default")


_SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
}

STEPS = (
    StepSpec(1, "Stop the services", script="systemctl stop shop", hosts=("app-1", "app-2")),
    StepSpec(
        2,
        "Restore the database",
        script="mysql shop < dump.sql",
        hosts=("app-1",),
        destructive=True,
        warnings=("Orders placed since the dump are lost.",),
        gate=True,
    ),
    StepSpec(3, "Start the services", script="systemctl start shop", hosts=("app-1", "app-2")),
)


def snapshot(steps: tuple[StepSpec, ...] = STEPS, hosts: tuple[str, ...] = ()) -> Snapshot:
    """What was approved: restore a shop on its hosts, with two checks afterwards."""
    names = hosts or ("app-1", "app-2")
    return Snapshot(
        plan="restore-shop",
        revision=1,
        revision_sha256="0" * 64,
        title="Restore the shop",
        service="shop",
        environment="staging",
        production=False,
        procedure="main",
        steps=steps,
        hosts=tuple(HostSpec(name, "127.0.0.1", 22, "deploy", ()) for name in names),
        checks=(CheckSpec("sign-in", "People can sign in"), CheckSpec("pay", "People can pay")),
    )


def _person(*, operates: bool, name: str) -> User:
    user = User.objects.create_user(name or f"person-{uuid4().hex[:8]}", first_name=name)
    user.user_permissions.add(Permission.objects.get(codename="view_rollback"))
    if operates:
        user.user_permissions.add(Permission.objects.get(codename="operate_rollback"))
    return user


def _session(user: User, **more: Any) -> str:
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.update(more)
    store.create()
    return str(store.session_key)


def _rollback(*, spec: Snapshot | None = None, **fields: Any) -> Rollback:
    spec = spec or snapshot()
    service, _ = Service.objects.get_or_create(slug="shop", name="Shop")
    environment, _ = Environment.objects.get_or_create(slug="staging", name="Staging")
    plan, _ = Plan.objects.get_or_create(
        slug="restore-shop", title="Restore the shop", service=service, environment=environment
    )
    revision, _ = Revision.objects.get_or_create(
        plan=plan, number=1, defaults={"source": b"# Restore", "sha256": "0" * 64}
    )
    fields = {"state": "running", "requested_by": _person(operates=True, name=""), **fields}
    made = Rollback.objects.create(
        revision=revision,
        service=service,
        environment=environment,
        title=spec.title,
        reason="The new version loses orders.",
        snapshot=spec.to_json(),
        snapshot_sha256=spec.sha256,
        requested_at=Now(),
        expires_at=Now(),
        started_at=Now(),
        **fields,
    )
    # As actions leave it: what runs is what was approved, by row and by event.
    frozen = {"snapshot": spec.sha256}
    Approval.objects.create(
        rollback=made,
        by=made.requested_by,
        role="Deploy Lead",
        snapshot_sha256=spec.sha256,
        at=Now(),
    )
    events.record(made, "rollback.requested", by=made.requested_by, reason=made.reason, **frozen)
    events.record(made, "rollback.started", **frozen)
    return Rollback.objects.get(pk=made.pk)


def _append(run: StepRun, data: bytes, at: datetime | None) -> None:
    row = StepRun.objects.get(pk=run.pk)
    end = log_store.tail(row)
    chunks = log_store.append(row.pk, end, data, at or db_clock.now())
    LogChunk.objects.bulk_create(chunks)
    StepRun.objects.filter(pk=row.pk).update(stored=end.offset, lines=end.lines)
