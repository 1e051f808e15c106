"""The connection: whom it believes, whom it refuses, and what it does when it dies."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rollback_console.remote.base import (
    Chunk,
    HostAddress,
    HostKeyPin,
    Login,
    Outcome,
    Remote,
    RunRef,
)
from rollback_console.remote.errors import (
    AnswerLate,
    HostKeyChanged,
    HostKeyUnknown,
    HostUnreachable,
    LoginRefused,
    ProtocolError,
    RunnerRefused,
)
from rollback_console.remote.ssh import Liveness, connect, scan_host_keys

from .attempts import Folder, read_until, ref, request, until, watch
from .conftest import connected
from .guest import GuestHost, possible
from .proxy import Proxy
from .sshd import Sshd, make_key

needs_guest = pytest.mark.skipif(not possible(), reason="needs root, sudo and unshare")
IMPATIENT = Liveness(ask_after=0.2, cut_after=0.5)


@pytest.fixture
def server() -> Iterator[Sshd]:
    server = Sshd().start()
    yield server
    server.remove()


@pytest.fixture
def proxy(sshd: Sshd) -> Iterator[Proxy]:
    proxy = Proxy(sshd.port)
    yield proxy
    proxy.close()


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
    with pytest.raises(HostKeyChanged, match=server.pin.fingerprint) as caught:
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
        with pytest.raises(HostUnreachable, match="cipher"):
            connect(server.address())
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
    asked = request("echo up; sleep 300")
    events = remote.run(asked)
    read_until(events, b"up\n")
    server.stop()
    with pytest.raises(HostUnreachable):
        watch(events, 3)
    remote.close()
    with connected(sshd) as direct:
        direct.stop(ref(asked), grace=1)


# When it dies


@pytest.mark.parametrize("address", ["127.0.0.1", "no-such-host.invalid"])
def test_a_host_that_is_down_is_unreachable(sshd: Sshd, address: str) -> None:
    with pytest.raises(HostUnreachable, match="web-1"):
        connect(sshd.address(address=address, port=1))


def test_a_port_that_says_nothing_is_given_up_in_time(sshd: Sshd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(HostUnreachable):
        connect(sshd.address(port=mute.getsockname()[1]), connect_timeout=1)


def test_a_log_cut_anywhere_is_followed_on_from_its_offset(sshd: Sshd, proxy: Proxy) -> None:
    whole = b"".join(b"%d\n" % number for number in range(1, 300_001))
    asked = request("seq 300000")
    log, tries, limit = b"", 0, 150_000
    outcome = None
    while outcome is None:
        tries += 1
        proxy.heal(limit)
        try:
            remote = connect(sshd.address(port=proxy.port))
            for event in remote.run(asked, len(log)):
                if isinstance(event, Chunk):
                    assert event.offset == len(log)
                    log += event.data
                elif isinstance(event, Outcome):
                    outcome = event
        except HostUnreachable:
            limit += 40_000
        remote.close()
    assert tries > 3
    assert log == whole
    assert outcome.bytes == len(whole)


def test_a_silent_peer_is_noticed_and_the_command_goes_on(sshd: Sshd, proxy: Proxy) -> None:
    remote = connect(sshd.address(port=proxy.port), liveness=IMPATIENT)
    asked = request("echo before; sleep 1; echo after")
    events = remote.run(asked)
    read_until(events, b"before\n")
    proxy.silence()
    with pytest.raises(HostUnreachable, match="goes on"):
        watch(events, 7)
    with pytest.raises(HostUnreachable):
        remote.status(ref(asked))
    remote.close()
    proxy.heal()
    second = connect(sshd.address(port=proxy.port))
    assert watch(second.follow(ref(asked), 7), 7).log == b"after\n"
    second.close()


def test_a_hung_server_is_noticed(server: Sshd) -> None:
    remote = connect(server.address(), liveness=IMPATIENT)
    events = remote.run(request("echo before; sleep 1"))
    read_until(events, b"before\n")
    pids = server.session_pids()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    with pytest.raises(HostUnreachable):
        watch(events, 7)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    remote.close()


@pytest.mark.slow
def test_a_silent_peer_is_noticed_within_20_seconds_by_default(sshd: Sshd, proxy: Proxy) -> None:
    remote = connect(sshd.address(port=proxy.port))
    events = remote.run(request("echo before; sleep 30"))
    read_until(events, b"before\n")
    proxy.silence()
    noticed = threading.Event()

    def follow() -> None:
        with pytest.raises(HostUnreachable):
            watch(events, 7)
        noticed.set()

    follower = threading.Thread(target=follow)
    follower.start()
    assert noticed.wait(20)
    follower.join()
    remote.close()


def test_a_quiet_connection_that_is_well_is_kept(sshd: Sshd) -> None:
    remote = connect(sshd.address(), liveness=Liveness(ask_after=0.05, cut_after=5))
    assert watch(remote.run(request("sleep 1; echo still here"))).log == b"still here\n"
    remote.close()


def test_closing_from_another_thread_wakes_a_follow_and_ends_nothing(sshd: Sshd) -> None:
    remote = connect(sshd.address())
    asked = request("echo before; sleep 1; echo after")
    events = remote.run(asked)
    read_until(events, b"before\n")
    closer = threading.Thread(target=remote.close)
    closer.start()
    with pytest.raises(HostUnreachable):
        watch(events, 7)
    closer.join()
    with connected(sshd) as second:
        assert watch(second.follow(ref(asked))).log == b"before\nafter\n"


def test_followers_whose_connection_went_away_leave_no_process(
    sshd: Sshd, plain_host: Remote
) -> None:
    asked = request("echo up; sleep 300")
    plain_host.launch(asked)
    for _ in range(3):
        with connected(sshd) as follower:
            read_until(follower.follow(ref(asked)), b"up\n")
    until(lambda: not _readers(Folder(sshd, asked.token)))
    plain_host.stop(ref(asked), grace=1)


def _readers(folder: Folder) -> list[str]:
    found = []
    for link in Path("/proc").glob("[0-9]*/fd/3"):
        try:
            if link.readlink() == folder.path / "log":
                found.append(link.parts[2])
        except OSError:
            continue
    return found


def test_an_abort_lands_although_no_further_session_is_allowed(tmp_path: Path) -> None:
    server = Sshd(options=("MaxSessions 1",)).start()
    try:
        with connected(server) as remote:
            asked = request("echo up; sleep 300")
            events = remote.run(asked)
            read_until(events, b"up\n")
            aborted = remote.stop(ref(asked), grace=1)
            assert watch(events, 3).outcome == aborted
    finally:
        server.remove()


def test_a_revoked_login_is_named_when_connecting_again(server: Sshd) -> None:
    with connected(server) as remote:
        (server.folder / "authorized_keys").write_text("")
        assert watch(remote.run(request("echo still in"))).log == b"still in\n"
        with pytest.raises(LoginRefused, match="web-1"):
            connect(server.address())


# What stands in the way on the host


def test_a_login_shell_s_chatter_is_not_taken_for_output(tmp_path: Path) -> None:
    chatty = tmp_path / "chatty"
    chatty.write_text(
        '#!/bin/sh\necho "Welcome!"; echo "Motd" >&2\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n'
    )
    chatty.chmod(0o755)
    server = Sshd(options=(f"ForceCommand {chatty}",)).start()
    try:
        with connected(server) as remote:
            assert watch(remote.run(request("echo ours"))).log == b"ours\n"
    finally:
        server.remove()


def test_an_account_that_runs_no_commands_is_named(tmp_path: Path) -> None:
    server = Sshd(options=("ForceCommand echo This account is not available.",)).start()
    try:
        with connected(server) as remote, pytest.raises(ProtocolError, match="not available"):
            remote.status(RunRef("00000000-0000-4000-8000-000000000000"))
    finally:
        server.remove()


@pytest.mark.parametrize(
    ("tool", "text", "code"),
    [
        ("stat", "echo nfs", "filesystem"),
        ("stat", "exit 1", "filesystem"),
        ("mkfifo", None, "tool"),
        ("setsid perl python3", None, "setsid"),
    ],
)
def test_a_host_that_cannot_run_durably_is_refused(
    tmp_path: Path, tool: str, text: str | None, code: str
) -> None:
    server = Sshd(environment={"PATH": str(_tools(tmp_path, tool.split(), text))}).start()
    try:
        with connected(server) as remote, pytest.raises(RunnerRefused, match="web-1") as caught:
            remote.launch(request("true"))
        assert caught.value.code == code
    finally:
        server.remove()


@pytest.mark.parametrize("missing", ["setsid", "setsid perl"])
def test_without_setsid_another_program_detaches(tmp_path: Path, missing: str, shell: str) -> None:
    if not Path("/usr/bin/python3").exists():
        pytest.skip("needs python3 in /usr/bin")
    server = Sshd(environment={"PATH": str(_tools(tmp_path, missing.split(), None))}).start()
    try:
        with connected(server, shell) as remote:
            asked = request("echo up; sleep 300")
            events = remote.run(asked)
            read_until(events, b"up\n")
            session = Folder(server, asked.token).pid("run")
            assert os.getsid(session) == session
            remote.stop(ref(asked), grace=1)
    finally:
        server.remove()


def _tools(tmp_path: Path, changed: list[str], text: str | None) -> Path:
    """A PATH with every program of this machine but `changed`, which are `text` or missing."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for folder in (Path("/bin"), Path("/usr/bin")):
        for tool in folder.iterdir():
            if tool.name not in changed and not (tools / tool.name).is_symlink():
                (tools / tool.name).symlink_to(tool)
    for name in changed if text else []:
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    return tools


@needs_guest
def test_a_home_that_cannot_be_written_any_more_is_not_taken_for_a_new_account(
    tmp_path: Path,
) -> None:
    server = GuestHost(tmp_path / "guest").start()
    try:
        with connected(server) as remote:
            watch(remote.run(request("true")))
        (server.home / ".local").rename(server.home / "elsewhere")
        (server.home / ".local").write_text("in the way")
        with connected(server) as remote, pytest.raises(RunnerRefused, match="bring that"):
            remote.launch(request("true"))
    finally:
        server.remove()


@needs_guest
def test_an_account_that_never_had_a_home_keeps_its_attempts_elsewhere(
    tmp_path: Path, shell: str
) -> None:
    server = GuestHost(tmp_path / "guest").start()
    try:
        (server.home / ".local").write_text("in the way")
        with connected(server, shell) as remote:
            asked = request("echo $HOME")
            assert watch(remote.run(asked)).log.decode() == f"{server.home}\n"
            remote.acknowledge(ref(asked))
    finally:
        server.remove()


def test_a_question_that_takes_too_long_is_given_up(plain_host: Remote) -> None:
    with pytest.raises(AnswerLate, match="sleep"):
        plain_host.ask(["sleep", "30"], timeout=0.2)
    assert plain_host.ask(["echo", "fine"]).output == b"fine\n"
