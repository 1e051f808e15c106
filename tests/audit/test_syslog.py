"""What a syslog collector is sent."""

from __future__ import annotations

import json
import logging
import logging.config
import socket
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from rollback_console.audit import kinds
from rollback_console.audit.record import record_change
from rollback_console.config.logs import AUDIT, configuration


@pytest.fixture
def collector() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(20)
        yield listening


@pytest.fixture
def sent_there(collector: socket.socket) -> Iterator[None]:
    host, port = collector.getsockname()
    logging.config.dictConfig(configuration("line", "INFO", audit_syslog=f"{host}:{port}"))
    yield
    for handler in logging.getLogger(AUDIT).handlers[:]:
        logging.getLogger(AUDIT).removeHandler(handler)
        handler.close()
    logging.config.dictConfig(settings.LOGGING)


@pytest.mark.django_db(transaction=True)
def test_each_event_reaches_the_collector_as_json(
    collector: socket.socket, sent_there: None
) -> None:
    event = record_change(kinds.PASSWORD_RESET, subject="mia")
    datagram = collector.recv(65536).decode().rstrip("\x00")
    entry = json.loads(datagram[datagram.index("{") :])
    assert (entry["message"], entry["seal"]) == ("password.reset", event.hash)
    assert entry["subject"] == "mia"


@pytest.mark.parametrize("text", ["collector.example:514", "192.0.2.1", "192.0.2.1:x"])
def test_a_collector_that_is_no_address_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="AUDIT_SYSLOG must be the IP address"):
        configuration("line", "INFO", audit_syslog=text)
