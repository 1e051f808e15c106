"""Messages on their way, to servers that are really there."""

from __future__ import annotations

import datetime
import ipaddress
import json
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rollback_console.notify import Letter, Receipt, Rules, send, signing
from tests.receivers import Mail, Web, web

from .conftest import INSIDE

SECRET = "s" * 43


def hook(receiver: Web, rules: Rules = INSIDE) -> Receipt:
    letter = Letter(f"{receiver.url}/hook?a=1", "7", payload={"text": "Größe"}, secret=SECRET)
    return send(letter, rules)


def test_a_webhook_arrives_signed(receiver: Web) -> None:
    assert hook(receiver).taken
    (post,) = receiver.posts
    assert post.path == "/hook?a=1"
    assert post.json == {"text": "Größe"}
    assert post.headers[signing.DELIVERY] == "7"
    stamp, signature = post.headers[signing.TIMESTAMP], post.headers[signing.SIGNATURE]
    assert signing.problem(SECRET, stamp, signature, post.body, time.time()) == ""


def test_a_signature_counts_for_its_body_its_time_and_its_secret_alone() -> None:
    body, now = b'{"a":1}', 1_800_000_000
    good = signing.sign(SECRET, now, body)
    assert signing.problem(SECRET, str(now), good, body, now + 299) == ""
    assert "5 minutes" in signing.problem(SECRET, str(now), good, body, now + 301)
    assert "5 minutes" in signing.problem(SECRET, str(now), good, body, now - 301)
    for secret, stamp, text in [
        ("t" * 43, now, body),
        (SECRET, now + 1, body),
        (SECRET, now, b'{"a":2}'),
    ]:
        assert "does not fit" in signing.problem(secret, str(stamp), good, text, now)
    assert "seconds since 1970" in signing.problem(SECRET, "²", good, body, now)


def test_nothing_goes_inside_unless_a_setting_says_so(receiver: Web) -> None:
    assert "not a public address" in hook(receiver, Rules()).problem
    assert receiver.posts == []


def test_a_redirect_is_not_followed(receiver: Web) -> None:
    receiver.status, receiver.location = 307, f"{receiver.url}/elsewhere"
    assert "Redirects are not followed" in hook(receiver).problem
    assert len(receiver.posts) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 500, 503])
def test_what_the_receiver_refuses_is_a_sentence(receiver: Web, status: int) -> None:
    receiver.status = status
    assert hook(receiver).problem == f"The receiver answered {status}."


def test_a_receiver_that_says_nothing_is_left_in_time(receiver: Web) -> None:
    receiver.silent = threading.Event()
    assert hook(receiver, replace(INSIDE, seconds=1)).problem


def test_a_receiver_that_drips_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        server.settimeout(30)  # a sender that never comes fails the test instead of holding it
        dripping = pool.submit(drip, server)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        receipt = send(Letter(url, "1", secret=SECRET), replace(INSIDE, seconds=1))
        assert receipt.problem == "It took longer than the limit allows."
        assert dripping.result() > 1, "each read came in time"


def drip(server: socket.socket) -> int:
    """A byte of an endless answer every fifth of a second, until the other side is gone."""
    connection, _ = server.accept()
    connection.settimeout(None)
    count = 0
    with connection, suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-")
        while True:
            connection.sendall(b"a")
            count += 1
            time.sleep(0.2)
    return count


def test_a_name_is_judged_by_where_it_leads_when_the_connection_is_made(receiver: Web) -> None:
    url = receiver.url.replace("127.0.0.1", "localhost")
    receipt = send(Letter(url, "1", secret=SECRET), Rules(allowed=("10.0.0.0/8",)))
    assert "is not a public address" in receipt.problem
    assert receiver.posts == []
    assert send(Letter(url, "1", secret=SECRET), INSIDE).taken


def test_a_receiver_that_is_not_there_is_a_sentence() -> None:
    receipt = send(Letter("http://127.0.0.1:1/", "1", secret=SECRET), INSIDE)
    assert "could not be reached" in receipt.problem


def test_a_certificate_of_nobody_is_refused_and_one_of_a_known_authority_taken(
    tmp_path: Path,
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path / "own.pem"))
    with web(context) as receiver:
        assert "certificate is not trusted" in hook(receiver).problem
        assert hook(receiver, replace(INSIDE, ca_file=str(tmp_path / "own.pem"))).taken
        assert len(receiver.posts) == 1


def mailto(office: Mail, arguments: str = "") -> str:
    return (
        f"mailto://127.0.0.1:{office.port}?from=console@example.org&to=ops@example.org{arguments}"
    )


def test_mail_arrives_with_its_title_and_text(post_office: Mail) -> None:
    receipt = send(Letter(mailto(post_office), "1", title="Ended", text="All well."), INSIDE)
    assert receipt.taken, receipt.problem
    (letter,) = post_office.letters
    assert letter["Subject"] == "Ended"
    assert "All well." in letter.as_string()
    assert post_office.recipients == ["ops@example.org"]


def test_mail_goes_to_those_it_concerns_as_well(post_office: Mail) -> None:
    letter = Letter(mailto(post_office), "1", title="T", text="T", to=("lee@example.org",))
    assert send(letter, INSIDE).taken
    assert "lee@example.org" in post_office.recipients


def test_a_mail_server_that_refuses_is_told(post_office: Mail) -> None:
    post_office.refuse = "554 no"
    receipt = send(Letter(mailto(post_office), "1", title="T", text="T"), INSIDE)
    assert "was not taken" in receipt.problem


def test_apprise_connects_to_nothing_that_is_refused(post_office: Mail) -> None:
    receipt = send(Letter(mailto(post_office), "1", title="T", text="T"), Rules())
    assert "127.0.0.1 is not a public address" in receipt.problem
    assert post_office.letters == []


def test_a_chat_of_ones_own_is_told_and_redirects_are_not_followed(receiver: Web) -> None:
    url = f"{receiver.url.replace('http', 'mmost')}/3ccdd113474722377935511fc85d3dd4"
    assert send(Letter(url, "1", title="Ended", text="All well."), INSIDE).taken
    assert "All well." in json.dumps(receiver.posts[0].json)
    assert "not a public address" in send(Letter(url, "1", title="T", text="T"), Rules()).problem
    receiver.status, receiver.location = 307, f"{receiver.url}/elsewhere"
    assert not send(Letter(url, "1", title="T", text="T"), INSIDE).taken
    assert len(receiver.posts) == 2


def certificate(path: Path) -> Path:
    """A certificate for 127.0.0.1 that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path
