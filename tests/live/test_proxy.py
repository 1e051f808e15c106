"""A real nginx with the published configuration in front of a real web process, over TLS."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from websockets.sync.client import connect
from websockets.typing import Origin

from rollback_console.processes import commands
from tests.servers import Server
from tests.toolbox.waiting import until

from .rows import Rows
from .servers import ROOT, Console, Process, free_port

NAME = "rollback.example.org"


class Nginx(Server):
    """docs/ops/nginx.conf with other ports, and files of its own instead of the containers'."""

    program = "nginx"

    def __init__(self, web_port: int) -> None:
        super().__init__()
        self.plain_port = free_port()
        self.certificate = self.folder / "certificate"
        _sign(self.certificate, self.folder / "key")
        text = (ROOT / "docs/ops/nginx.conf").read_text()
        for was, becomes in {
            "/tmp/nginx": f"{self.folder}/nginx",
            "/run/secrets/tls_certificate": str(self.certificate),
            "/run/secrets/tls_key": str(self.folder / "key"),
            "/dev/stdout": str(self.folder / "access"),
            "listen 8080": f"listen 127.0.0.1:{self.plain_port}",
            "listen 8443": f"listen 127.0.0.1:{self.port}",
            "http://web:8000": f"http://127.0.0.1:{web_port}",
        }.items():
            assert was in text, was
            text = text.replace(was, becomes)
        self.configuration.write_text(text)

    @property
    def configuration(self) -> Path:
        return self.folder / "nginx.conf"

    @property
    def access(self) -> str:
        return (self.folder / "access").read_text()

    def command(self) -> list[str]:
        return ["nginx", "-c", str(self.configuration), "-e", "stderr", "-g", self._foreground]

    @property
    def _foreground(self) -> str:
        # The folder is closed to others, and nginx as root would work as nobody.
        return "daemon off;" + (" user root;" if os.geteuid() == 0 else "")


def _sign(certificate: Path, key: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-addext", f"subjectAltName=DNS:{NAME}"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )


@dataclass
class Front:
    nginx: Nginx
    trust: ssl.SSLContext

    @classmethod
    def of(cls, nginx: Nginx) -> Self:
        """With trust in its certificate alone, which is for another name."""
        trust = ssl.create_default_context(cafile=str(nginx.certificate))
        trust.check_hostname = False
        return cls(nginx, trust)

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        """Status, headers in lower case, body; over TLS that proves who answers."""
        named = {"Host": NAME} | {each.replace("_", "-"): value for each, value in headers.items()}
        caller = http.client.HTTPSConnection(
            "127.0.0.1", self.nginx.port, context=self.trust, timeout=30
        )
        try:
            caller.request(method, path, body, named)
            answer = caller.getresponse()
            lowered = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, lowered, answer.read().decode(errors="replace")
        finally:
            caller.close()


@pytest.fixture(scope="module")
def front(web: Console) -> Iterator[Front]:
    """On the database of the room's other tests."""
    with in_front(web, f"https://{NAME}") as opened:
        yield opened


@pytest.fixture(scope="module")
def below(web: Console) -> Iterator[Front]:
    """A console that shares its name with others."""
    with in_front(web, f"https://{NAME}/ops/rollback") as opened:
        yield opened


@contextmanager
def in_front(web: Console, base_url: str) -> Iterator[Front]:
    port = free_port()
    environment = {
        **web.process.environment,
        "BASE_URL": base_url,
        "ALLOWED_HOSTS": f"{NAME},127.0.0.1",
        "BEHIND_TLS_PROXY": "true",
    }
    behind = Process(commands.web("127.0.0.1", port, 1), port, environment)
    behind.start()
    with Nginx(port) as nginx:
        yield Front.of(nginx)
    assert behind.child
    behind.child.terminate()
    behind.child.wait(30)


def test_nginx_itself_accepts_the_file(front: Front) -> None:
    done = subprocess.run(
        ["nginx", "-t", "-q", "-e", "stderr", "-c", str(front.nginx.configuration)],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_without_tls_one_is_sent_to_it(front: Front) -> None:
    caller = http.client.HTTPConnection("127.0.0.1", front.nginx.plain_port, timeout=30)
    caller.request("GET", "/plans/?q=1", headers={"Host": NAME})
    answer = caller.getresponse()
    assert (answer.status, answer.getheader("Location")) == (301, f"https://{NAME}/plans/?q=1")
    caller.close()


@pytest.mark.parametrize("path", ["/", "/sign-in/?next=/", "/metrics", "/readyz"])
def test_without_tls_nobody_is_sent_to_a_name_of_their_own_choice(front: Front, path: str) -> None:
    caller = http.client.HTTPConnection("127.0.0.1", front.nginx.plain_port, timeout=30)
    caller.request("GET", path, headers={"Host": "evil.example"})
    answer = caller.getresponse()
    assert answer.status in {400, 404}
    assert answer.getheader("Location") is None
    caller.close()


def test_a_page_arrives_with_its_protections_and_a_cookie_for_tls_alone(front: Front) -> None:
    status, headers, body = front.ask("GET", "/sign-in/")
    assert (status, "Sign in" in body) == (200, True)
    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert "Secure" in headers["set-cookie"]
    assert headers["server"] == "nginx"


def test_old_protocols_are_refused(front: Front) -> None:
    old = ssl.create_default_context(cafile=str(front.nginx.certificate))
    old.check_hostname = False
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert Front(front.nginx, old).ask("GET", "/healthz")[0] == 200
    with pytest.warns(DeprecationWarning):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        Front(front.nginx, old).ask("GET", "/healthz")


def test_a_client_cannot_say_that_it_came_another_way(front: Front) -> None:
    lies: Any = {"X_Forwarded_Proto": "http", "X_Forwarded_Host": "evil.example"}
    status, headers, _ = front.ask("GET", "/", **lies)
    assert (status, headers["location"]) == (302, "/sign-in/?next=/")


def test_a_host_that_is_not_ours_is_refused(front: Front) -> None:
    assert front.ask("GET", "/sign-in/", Host="evil.example")[0] == 400


def test_what_is_too_large_is_refused_and_an_incident_is_not(front: Front) -> None:
    status, _, _ = front.ask("POST", "/incidents/", b"x" * (9 * 1024 * 1024 + 1))
    assert status == 413
    largest = b"x" * (8 * 1024 * 1024)
    assert front.ask("POST", "/incidents/", largest)[0] == 413
    cookie = "__Host-sessionid=somebody"
    assert front.ask("POST", "/incidents/", largest, Cookie=cookie)[0] in {302, 403}


def test_a_socket_opens_through_it_and_hears_what_happens(front: Front, rows: Rows) -> None:
    rollback = rows.rollback()
    run = rows.run(rollback)
    session = rows.session(rows.person())
    with connect(
        f"wss://{NAME}:{front.nginx.port}/ws/rollbacks/{rollback.pk}/",
        sock=socket.create_connection(("127.0.0.1", front.nginx.port)),
        ssl=front.trust,
        origin=Origin(f"https://{NAME}"),
        additional_headers={"Cookie": f"__Host-sessionid={session}"},
    ) as opened:
        assert json.loads(opened.recv(timeout=20))["type"] == "hello"
        rows.append(run, b"through the proxy\n")
        frame = {"type": ""}
        while frame["type"] != "log":
            frame = json.loads(opened.recv(timeout=20))
        assert frame["text"] == "through the proxy\n"


def test_below_a_path_every_address_of_a_page_stays_below_it(below: Front, rows: Rows) -> None:
    rollback = rows.rollback()
    cookie = f"__Secure-sessionid={rows.session(rows.person())}"
    for page in ("", "plans/", "rollbacks/", f"rollbacks/{rollback.pk}/", "account/", "no-page/"):
        status, headers, body = below.ask("GET", f"/ops/rollback/{page}", Cookie=cookie)
        assert status == (404 if page == "no-page/" else 200), page
        addresses = re.findall(r'(?:href|src|action|data-(?!keys)[a-z]+)="(/[^"]*)"', body)
        assert len(addresses) > 3, page
        assert [each for each in addresses if not each.startswith("/ops/rollback/")] == [], page
        for each in re.findall(r"Path=([^;]*)", headers.get("set-cookie", "")):
            assert each == "/ops/rollback/"
    for what in ("manifest.webmanifest", "worker.js", "api/v1/openapi.json"):
        assert below.ask("GET", f"/ops/rollback/{what}", Cookie=cookie)[0] == 200, what
    style = next(each for each in addresses if each.endswith(".css"))
    assert below.ask("GET", style)[0] == 200


def test_below_a_path_one_signs_in_and_comes_to_the_page_that_was_asked_for(
    below: Front, rows: Rows
) -> None:
    status, headers, _ = below.ask("GET", "/ops/rollback/plans/")
    assert (status, headers["location"]) == (
        302,
        "/ops/rollback/sign-in/?next=/ops/rollback/plans/",
    )
    status, answered, body = below.ask("GET", headers["location"])
    assert (status, "Sign in" in body) == (200, True)
    person = rows.person()
    person.password = PBKDF2PasswordHasher().encode("a way back", "salt")
    rows.do(person.save)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', body)
    assert token
    typed = {
        "csrfmiddlewaretoken": token[1],
        "username": person.username,
        "password": "a way back",
        "next": "/ops/rollback/plans/",
    }
    status, headers, body = below.ask(
        "POST",
        "/ops/rollback/sign-in/",
        urlencode(typed).encode(),
        Cookie=answered["set-cookie"].partition(";")[0],
        Referer=f"https://{NAME}/ops/rollback/sign-in/",
        Content_Type="application/x-www-form-urlencoded",
    )
    assert (status, headers.get("location")) == (302, "/ops/rollback/plans/")


@pytest.mark.parametrize("path", ["/healthz", "/ops/rollback/healthz"])
def test_below_a_path_health_is_answered_with_and_without_it(below: Front, path: str) -> None:
    assert below.ask("GET", path)[0] == 200


def test_below_a_path_a_socket_opens(below: Front, rows: Rows) -> None:
    rollback = rows.rollback()
    session = rows.session(rows.person())
    with connect(
        f"wss://{NAME}:{below.nginx.port}/ops/rollback/ws/rollbacks/{rollback.pk}/",
        sock=socket.create_connection(("127.0.0.1", below.nginx.port)),
        ssl=below.trust,
        origin=Origin(f"https://{NAME}"),
        additional_headers={"Cookie": f"__Secure-sessionid={session}"},
    ) as opened:
        assert json.loads(opened.recv(timeout=20))["type"] == "hello"


@pytest.fixture(scope="module")
def broken_front() -> Iterator[Front]:
    """The same file in front of a web process that is away."""
    with Nginx(free_port()) as nginx:
        yield Front.of(nginx)


ADDRESSES = [
    ("/status/a-very-secret-link/?x=hidden", "/status/..."),
    ("/%73tatus/a-very-secret-link", "/status/..."),
    ("/x/../status//a-very-secret-link/", "/status/..."),
    ("/invitations/a-very-secret-link/", "/invitations/..."),
    ("/api/v1/hooks/a-very-secret-link", "/hooks/..."),
    ("/api/v1/Hooks/a-very-secret-link?y=hidden", "/hooks/..."),
    ("/sign-in/with/corp/callback/?code=a-very-secret-link", "/sign-in/with/corp/callback/"),
]


@pytest.mark.parametrize(("address", "written"), ADDRESSES)
@pytest.mark.parametrize("which", ["front", "broken_front"])
def test_no_secret_of_an_address_is_written_down(
    request: pytest.FixtureRequest, which: str, address: str, written: str
) -> None:
    front: Front = request.getfixturevalue(which)
    before = len(front.nginx.access)
    front.ask("POST", address, b"{}", Referer=f"https://{NAME}/status/a-very-secret-link/")
    entry = until(lambda: front.nginx.access[before:], "nginx wrote the request down")
    assert f'"POST {written}"' in entry
    for log in (entry, front.nginx.log.read_text()):
        assert "secret" not in log
        assert "hidden" not in log


def test_the_log_says_which_web_process_did_not_answer(broken_front: Front) -> None:
    assert broken_front.ask("GET", "/plans/")[0] == 502
    until(lambda: "/plans/" in broken_front.nginx.access, "nginx wrote the request down")
    assert re.search(r'"GET /plans/" 502 .*"127\.0\.0\.1:\d+" "502"', broken_front.nginx.access)


def test_what_nginx_says_of_itself_is_still_logged(broken_front: Front) -> None:
    """docs/production.md puts a file in place of stderr there."""
    text = broken_front.nginx.configuration.read_text()
    assert re.findall(r"^\s*error_log (\S+)", text, re.MULTILINE) == ["stderr", "/dev/null"]
