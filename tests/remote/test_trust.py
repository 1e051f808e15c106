"""Whom a connection believes and whom it refuses; hosts behind a jump host."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from rollback_console.remote.errors import (
    HostKeyChanged,
    HostKeyUnknown,
    HostUnreachable,
    LoginRefused,
    NoCommonAlgorithm,
)
from rollback_console.remote.protocol import HostAddress, HostKeyPin, Login
from rollback_console.remote.ssh import connect, scan_host_keys
from tests.toolbox.waiting import until

from .attempts import read_until, ref, request, watch
from .conftest import connected
from .sshd import Sshd, make_key

# Whom it believes


def test_a_host_without_a_confirmed_key_is_not_even_called() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
        address = HostAddress("web-9", "127.0.0.1", "deploy", Login(password="x"), (), port)
        with pytest.raises(HostKeyUnknown, match="web-9"):
            connect(address)
        nobody.settimeout(0)
        with pytest.raises(BlockingIOError):
            nobody.accept()


def test_a_key_nobody_confirmed_is_refused_before_anything_is_said(server: Sshd) -> None:
    stranger = HostKeyPin(server.pin.type, server.pin.key[:-4] + "AAA=")
    with pytest.raises(HostKeyChanged, match=re.escape(server.pin.fingerprint)) as caught:
        connect(server.address(host_keys=(stranger,)))
    assert caught.value.offered == server.pin.fingerprint
    assert caught.value.host == "web-1"
    assert f"user {server.username}" not in (server.folder / "sshd.log").read_text()


def test_a_host_that_has_no_key_of_the_confirmed_type_is_refused(sshd: Sshd) -> None:
    pin = HostKeyPin("ecdsa-sha2-nistp256", sshd.pin.key)
    with pytest.raises(HostKeyChanged, match="no key of a type"):
        connect(sshd.address(host_keys=(pin,)))


def test_any_of_several_confirmed_keys_will_do(sshd: Sshd) -> None:
    other = HostKeyPin("ssh-ed25519", sshd.pin.key[:-4] + "AAA=")
    connect(sshd.address(host_keys=(other, sshd.pin))).close()


def test_a_scan_shows_every_key_for_a_person_to_compare(tmp_path: Path) -> None:
    make_key(tmp_path / "rsa", "rsa")
    make_key(tmp_path / "ecdsa", "ecdsa")
    keys = (f"HostKey {tmp_path / 'rsa'}", f"HostKey {tmp_path / 'ecdsa'}")
    server = Sshd(options=keys).start()
    try:
        pins = scan_host_keys("127.0.0.1", server.port)
        assert [pin.type for pin in pins] == ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"]
        for pin in pins:
            connect(server.address(host_keys=(pin,))).close()
        shown = subprocess.run(
            ["ssh-keygen", "-lf", str(tmp_path / "rsa.pub")], check=True, capture_output=True
        )
        assert pins[2].fingerprint in shown.stdout.decode()
    finally:
        server.remove()


def test_old_ciphers_and_signatures_are_not_negotiated(tmp_path: Path) -> None:
    server = Sshd(options=("Ciphers aes128-cbc",)).start()
    try:
        with pytest.raises(NoCommonAlgorithm, match="cipher"):
            connect(server.address())
    finally:
        server.remove()


@pytest.mark.parametrize(
    "option", ["Ciphers aes128-cbc", "Ciphers 3des-cbc", "MACs hmac-sha1", "MACs hmac-md5"]
)
def test_older_algorithms_are_spoken_where_they_are_allowed_for_that_host(option: str) -> None:
    server = Sshd(options=(option,)).start()
    try:
        with pytest.raises(NoCommonAlgorithm, match="an Admin may allow older algorithms"):
            connect(server.address())
        connect(server.address(older_algorithms=True)).close()
        assert scan_host_keys("127.0.0.1", server.port, older_algorithms=True) == [server.pin]
    finally:
        server.remove()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"Security Violation\r\nPlease log out\r\n", "it says “Security Violation”"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it says “HTTP/1.1 400 Bad Request”"),
        (b"\x1b[31mred\r\n", "it says “[31mred”"),
        (b"", "it sends no line"),
    ],
)
@pytest.mark.parametrize("is_silent", [False, True])
def test_what_answers_no_ssh_is_quoted(
    sshd: Sshd, answer: bytes, says: str, is_silent: bool
) -> None:
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            called = listener.accept()[0]
            called.sendall(answer)
            done.wait(20 if is_silent else 0)
            called.close()

        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        with pytest.raises(HostUnreachable) as error:
            connect(sshd.address(port=port), connect_timeout=1)
        done.set()
        thread.join()
    assert f"port {port} takes connections and answers no SSH, {says}" in str(error.value)


@pytest.mark.parametrize(
    ("methods", "says"),
    [
        ("publickey,keyboard-interactive", "it also asks for keyboard-interactive"),
        ("keyboard-interactive", "it only accepts keyboard-interactive"),
    ],
)
def test_what_else_a_sign_in_takes_is_named(methods: str, says: str) -> None:
    options = (f"AuthenticationMethods {methods}", "KbdInteractiveAuthentication yes")
    server = Sshd(options=options).start()
    try:
        with pytest.raises(LoginRefused, match=says):
            connect(server.address())
    finally:
        server.remove()


def test_older_algorithms_are_not_offered_where_allowing_them_would_change_nothing() -> None:
    server = Sshd(options=("Ciphers chacha20-poly1305@openssh.com",)).start()
    try:
        with pytest.raises(NoCommonAlgorithm) as error:
            connect(server.address())
        assert "an Admin may allow" not in str(error.value)
    finally:
        server.remove()


# Whom it refuses


def test_a_key_the_account_does_not_know_is_refused(sshd: Sshd, tmp_path: Path) -> None:
    make_key(tmp_path / "other")
    login = Login(private_key=(tmp_path / "other").read_text())
    with pytest.raises(LoginRefused, match="does not accept this credential"):
        connect(sshd.address(login=login))


def test_a_password_where_none_is_accepted_is_refused_with_what_is(sshd: Sshd) -> None:
    with pytest.raises(LoginRefused, match="only accepts publickey"):
        connect(sshd.address(login=Login(password="guess")))


@pytest.mark.parametrize(
    ("text", "passphrase", "sentence"),
    [
        ("no key at all", "", "wrong"),
        ("encrypted", "", "no passphrase"),
        ("encrypted", "no", "wrong"),
    ],
)
def test_a_key_that_cannot_be_read_is_refused_with_the_reason(
    sshd: Sshd, tmp_path: Path, text: str, passphrase: str, sentence: str
) -> None:
    if text == "encrypted":
        text = _encrypted_key(sshd, tmp_path)
    with pytest.raises(LoginRefused, match=sentence):
        connect(sshd.address(login=Login(private_key=text, passphrase=passphrase)))


def test_an_encrypted_key_opens_with_its_passphrase(sshd: Sshd, tmp_path: Path) -> None:
    login = Login(private_key=_encrypted_key(sshd, tmp_path), passphrase="open sesame")
    connect(sshd.address(login=login)).close()


def _encrypted_key(sshd: Sshd, tmp_path: Path) -> str:
    path = tmp_path / "encrypted"
    path.write_bytes((sshd.folder / "client").read_bytes())
    path.chmod(0o600)
    command = ["ssh-keygen", "-q", "-p", "-N", "open sesame", "-f", str(path)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path.read_text()


@pytest.mark.parametrize(
    ("kind", "form"), [("rsa", "PEM"), ("ecdsa", "PKCS8"), ("rsa", "PKCS8"), ("ecdsa", "RFC4716")]
)
def test_keys_of_every_kind_and_form_sign_in(
    server: Sshd, tmp_path: Path, kind: str, form: str
) -> None:
    path = tmp_path / "key"
    size = {"rsa": "2048", "ecdsa": "256"}[kind]
    command = ["ssh-keygen", "-q", "-t", kind, "-b", size, "-N", "", "-m", form, "-f", str(path)]
    subprocess.run(command, check=True)
    (server.folder / "authorized_keys").write_text(path.with_suffix(".pub").read_text())
    connect(server.address(login=Login(private_key=path.read_text()))).close()


def test_a_certificate_signs_in(tmp_path: Path) -> None:
    make_key(tmp_path / "ca")
    server = Sshd(options=(f"TrustedUserCAKeys {tmp_path / 'ca.pub'}",)).start()
    try:
        (server.folder / "authorized_keys").write_text("")
        sign = ["ssh-keygen", "-q", "-s", str(tmp_path / "ca"), "-I", "x", "-n", server.username]
        subprocess.run([*sign, str(server.folder / "client.pub")], check=True)
        certificate = (server.folder / "client-cert.pub").read_text()
        login = replace(server.address().login, certificate=certificate)
        connect(server.address(login=login)).close()
    finally:
        server.remove()


# Jump hosts


def test_a_host_behind_a_jump_host_is_reached_and_both_are_proven(sshd: Sshd, server: Sshd) -> None:
    jump = server.address(name="jump-1")
    assert scan_host_keys("127.0.0.1", sshd.port, jump=jump) == [sshd.pin]
    remote = connect(sshd.address(jump=jump))
    assert watch(remote.run(request("echo through"))).log == b"through\n"
    remote.close()
    stranger = replace(jump, host_keys=(HostKeyPin("ssh-ed25519", sshd.pin.key),))
    with pytest.raises(HostKeyChanged, match="jump-1"):
        connect(sshd.address(jump=stranger))


def test_a_jump_host_that_cannot_reach_the_host_says_so(server: Sshd) -> None:
    with pytest.raises(HostUnreachable, match="web-1"):
        connect(server.address(port=1, jump=server.address(name="jump-1")))


def test_a_jump_host_that_dies_is_noticed_behind_it(sshd: Sshd, server: Sshd) -> None:
    remote = connect(sshd.address(jump=server.address(name="jump-1")))
    run_request = request("echo up; sleep 300")
    events = remote.run(run_request)
    read_until(events, b"up\n")
    server.stop()
    with pytest.raises(HostUnreachable):
        watch(events, 3)
    remote.close()
    with connected(sshd) as direct:
        direct.stop(ref(run_request), grace=1)


@pytest.mark.parametrize(
    ("option", "what", "offered"),
    [
        ("Ciphers chacha20-poly1305@openssh.com", "cipher", "chacha20-poly1305@openssh.com"),
        ("MACs hmac-sha1", "message authentication", "hmac-sha1"),
        (
            "KexAlgorithms diffie-hellman-group14-sha1",
            "key exchange",
            "diffie-hellman-group14-sha1",
        ),
        ("HostKeyAlgorithms ssh-rsa", "signature of host keys", "ssh-rsa"),
    ],
)
def test_an_old_or_narrow_server_is_said_to_be_one_and_no_intruder(
    tmp_path: Path, option: str, what: str, offered: str
) -> None:
    make_key(tmp_path / "host_key", "rsa")
    server = Sshd(tmp_path, options=(option,)).start()
    try:
        for attempt in (
            lambda: connect(server.address()),
            lambda: scan_host_keys("127.0.0.1", server.port),
        ):
            with pytest.raises(NoCommonAlgorithm, match=f"have no {what} in common") as error:
                attempt()
            assert f"it offers {offered}; the console speaks" in str(error.value)
    finally:
        server.remove()


def test_a_scan_of_keys_says_nothing_of_commands_that_go_on() -> None:
    with pytest.raises(HostUnreachable) as error:
        scan_host_keys("127.0.0.1", 1, timeout=1)
    assert "goes on" not in str(error.value)


def test_many_hosts_are_reached_through_one_bastion_that_takes_few_at_once(
    sshd: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    bastion = Sshd()
    command = bastion.command()
    # Before the file: the first value that sshd reads is the one that holds.
    monkeypatch.setattr(bastion, "command", lambda: [*command, "-o", "MaxStartups=6:100:6"])
    bastion.start()
    try:
        jump = bastion.address(name="bastion")
        with ThreadPoolExecutor(max_workers=24) as pool:
            remotes = list(pool.map(lambda _: connect(sshd.address(jump=jump)), range(24)))
        assert sign_ins(bastion) == 1
        for remote in remotes[1:]:
            remote.close()
        assert remotes[0].ask(["true"]).exit_code == 0
        remotes[0].close()
        until(lambda: not bastion.session_pids(), "the bastion's connection is closed")
    finally:
        bastion.remove()


def test_a_bastion_that_went_away_is_signed_in_to_again(sshd: Sshd) -> None:
    bastion = Sshd().start()
    try:
        jump = bastion.address(name="bastion")
        before = connect(sshd.address(jump=jump))
        bastion.stop()
        with pytest.raises(HostUnreachable):
            before.ask(["true"])
        bastion.start()
        after = connect(sshd.address(jump=jump))
        assert sign_ins(bastion) == 2
        after.close()
        before.close()
    finally:
        bastion.remove()


def test_a_host_that_is_not_there_leaves_the_bastion_to_the_others(sshd: Sshd) -> None:
    bastion = Sshd().start()
    try:
        jump = bastion.address(name="bastion")
        there = connect(sshd.address(jump=jump))
        with pytest.raises(HostUnreachable, match="web-2 cannot be reached"):
            connect(sshd.address(name="web-2", port=1, jump=jump))
        another = connect(sshd.address(name="web-3", jump=jump))
        assert sign_ins(bastion) == 1
        there.close()
        another.close()
    finally:
        bastion.remove()


def test_another_credential_signs_in_to_the_bastion_for_itself(sshd: Sshd) -> None:
    bastion = Sshd().start()
    try:
        jump = bastion.address(name="bastion")
        first = connect(sshd.address(jump=jump))
        with pytest.raises(LoginRefused):
            connect(sshd.address(jump=replace(jump, login=Login(password="wrong"))))
        first.close()
    finally:
        bastion.remove()


def sign_ins(bastion: Sshd) -> int:
    return (bastion.folder / "sshd.log").read_text().count("Accepted publickey")
