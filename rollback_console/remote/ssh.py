"""Connections over SSH. This is the only module that imports paramiko.

A host must show one of its confirmed keys before the console sends it a user name or a
credential. Only the types of the confirmed keys are negotiated, and a new key is never trusted
without a person. No SSH agent and no key file of the console's own account is used.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from types import MappingProxyType
from typing import cast

import paramiko
from paramiko.packet import Packetizer
from paramiko.ssh_exception import IncompatiblePeer

from rollback_console.remote.agent.host import AgentHost
from rollback_console.remote.channel import ChannelSession
from rollback_console.remote.errors import (
    HostKeyChanged,
    HostKeyUnknown,
    HostUnreachable,
    LoginRefused,
    NoCommonAlgorithm,
    SessionRefused,
)
from rollback_console.remote.keys import SIGNATURES, open_private_key
from rollback_console.remote.session import DurableHost
from rollback_console.remote.sockets import HostSocket, dial

from .jump_links import JumpLinks, Loan
from .protocol import HostAddress, HostKeyPin, Login, Remote

# Every error of paramiko is raised here as one of `remote.errors`; its log would repeat them.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)

CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr")
_SHA2 = ("hmac-sha2-256", "hmac-sha2-512")
MACS = (*(f"{name}-etm@openssh.com" for name in _SHA2), *_SHA2)
# What else paramiko speaks. It signs and exchanges keys by SHA-1 no more, whatever is allowed.
OLDER_CIPHERS = ("aes256-cbc", "aes192-cbc", "aes128-cbc", "3des-cbc")
OLDER_MACS = ("hmac-sha1", "hmac-sha1-96", "hmac-md5", "hmac-md5-96")
_OLDER = {*OLDER_CIPHERS, *OLDER_MACS}
_Stream = HostSocket | paramiko.Channel
_KEYS: dict[str, type[paramiko.PKey]] = {
    "rsa": paramiko.RSAKey,
    "ed25519": paramiko.Ed25519Key,
    "ecdsa": paramiko.ECDSAKey,
}
SIGNING_IN_AT_ONCE = 5  # connections of this process to one host
_slots: dict[tuple[str, int], threading.Semaphore] = {}
_slots_guard = threading.Lock()
BROKEN = (paramiko.SSHException, EOFError, OSError)  # what a connection that died raises


@dataclass(frozen=True, slots=True)
class Liveness:
    """When a silent connection counts as dead.

    After `ask_after` seconds without a message, the console asks the host whether it is there;
    without an answer within `cut_after` seconds, it closes the connection.
    """

    ask_after: float = 4.0
    cut_after: float = 8.0


def connect(
    address: HostAddress,
    *,
    connect_timeout: float = 10.0,
    shell: str = "sh",
    python: str = "python3",
    liveness: Liveness = Liveness(),
) -> Remote:
    """Connect to a host, through its jump hosts if it has any, and sign in.

    Each stage may take `connect_timeout` seconds. `shell` is the POSIX shell that runs the
    runner, in one word or two (`busybox sh`), and `python` what runs the agent. Raises
    HostKeyUnknown, HostKeyChanged, HostUnreachable or LoginRefused, about the host or about a
    jump host.
    """
    connection = Connection(address, connect_timeout, liveness)
    durable = DurableHost(address.name, connection, shell, python=python)
    return AgentHost(address.name, connection, durable, address.runner)


def scan_host_keys(
    address: str,
    port: int = 22,
    *,
    jump: HostAddress | None = None,
    timeout: float = 10.0,
    older_algorithms: bool = False,
) -> list[HostKeyPin]:
    """Return the keys that a host shows now, strongest type first, for a person to compare.

    Signs in to `jump` alone. Each stage may take `timeout` seconds. Raises HostUnreachable, also
    when the host shows no key of an accepted type, and for `jump` whatever `connect` raises.
    """
    stranger = HostAddress(
        f"{address}:{port}",
        address,
        "",
        Login(),
        (),
        port,
        jump,
        older_algorithms=older_algorithms,
    )
    pins = [pin for kind in SIGNATURES if (pin := _fetch_host_key(stranger, kind, timeout))]
    if not pins:
        raise _unreachable(stranger, "it shows no key of a kind the console accepts")
    return pins


class Connection:
    """An authenticated connection to one host: a `session.Carrier`.

    A thread of its own closes it when the host falls silent. Where the host allows no further
    session on it, a second connection to the same host is opened and used for the rest.
    """

    def __init__(
        self, address: HostAddress, timeout: float, liveness: Liveness, *, spare: bool = False
    ) -> None:
        self._address, self._timeout, self._liveness = address, timeout, liveness
        self._is_spare = spare
        self._spare: Connection | None = None
        self._spare_guard = threading.Lock()
        self._closed = threading.Event()
        self._link = _open_link(address, timeout)
        threading.Thread(target=self._watch, name=f"watch {address.name}", daemon=True).start()

    def open(self, line: str) -> ChannelSession:
        """Run one line on the host.

        Raises SessionRefused or HostUnreachable, and whatever `connect` raises where it takes a
        second connection.
        """
        try:
            channel = self._link.transport.open_session(timeout=self._timeout)
            channel.exec_command(line)
        except paramiko.ChannelException as error:
            return self._open_on_spare(line, error)
        except BROKEN as error:
            self.close()
            raise HostUnreachable(self._address.name, _describe(error)) from error
        return ChannelSession(self._address.name, channel, BROKEN)

    def alive(self) -> bool:
        """Whether the connection still stands, as far as is known without asking the host."""
        return not self._closed.is_set() and self._link.transport.is_active()

    def close(self) -> None:
        """Close the connection and its second one. What the host runs goes on."""
        self._closed.set()
        if self._spare is not None:
            self._spare.close()
        self._link.close()

    def _open_on_spare(self, line: str, refusal: paramiko.ChannelException) -> ChannelSession:
        """Run the line on a second connection, so that sshd's MaxSessions holds up no abort."""
        if self._is_spare or self._closed.is_set():
            raise SessionRefused(self._address.name, _describe(refusal)) from refusal
        with self._spare_guard:
            if self._spare is None or not self._spare.alive():
                self._spare = Connection(self._address, self._timeout, self._liveness, spare=True)
        return self._spare.open(line)

    def _watch(self) -> None:
        """Close the connection once a silent host does not answer: TCP misses a hung sshd."""
        transport = self._link.transport
        while transport.is_active() and not self._closed.wait(self._liveness.ask_after):
            if time.monotonic() - self._link.packets.last_read < self._liveness.ask_after:
                continue
            cut = threading.Timer(self._liveness.cut_after, self.close)
            cut.daemon = True
            cut.start()
            with suppress(*BROKEN):
                transport.global_request("keepalive@openssh.com", wait=True)
            cut.cancel()


class _TimedPacketizer(Packetizer):
    """Notes when the last message of the host arrived, over TCP or through a jump host.

    `first_line` is what came first, before any message: the host's version where it speaks SSH.
    """

    last_read = 0.0  # by the monotonic clock, in seconds
    first_line = ""

    def readline(self, timeout: float) -> str:
        line: str = super().readline(timeout)
        self.first_line = self.first_line or line
        return line

    def read_message(self) -> tuple[int, paramiko.Message]:
        message: tuple[int, paramiko.Message] = super().read_message()
        self.last_read = time.monotonic()
        return message


class _Transport(paramiko.Transport):
    """Keeps what the host offers, which paramiko forgets before it says that nothing fits."""

    offered: Mapping[str, list[str]] = MappingProxyType({})

    def _really_parse_kex_init(
        self, m: paramiko.Message, ignore_first_byte: bool = False
    ) -> dict[str, list[str]]:
        # Not in the stubs: it is how paramiko reads a host's list.
        parsed: dict[str, list[str]] = super()._really_parse_kex_init(m, ignore_first_byte)  # type: ignore[misc]
        self.offered = parsed
        return parsed


@dataclass(frozen=True, slots=True)
class _Link:
    """An SSH transport, what it runs over, and its share of a jump host's link, if any."""

    transport: _Transport
    carrier: _Stream
    jump: Loan[_Link] | None

    def stands(self) -> bool:
        """Whether the transport is there, as far as is known without asking the host."""
        return bool(self.transport.is_active())

    @property
    def packets(self) -> _TimedPacketizer:
        return cast(_TimedPacketizer, self.transport.packetizer)

    def close(self) -> None:
        """Close it from any thread, and be done with its jump host; waiting threads wake."""
        if isinstance(self.carrier, HostSocket):
            self.carrier.cut()
        self.transport.close()
        self.carrier.close()
        if self.jump is not None:
            self.jump.give_back()


def _open_link(address: HostAddress, timeout: float) -> _Link:
    """Connect, check the host's key and sign in, first at the jump host if there is one."""
    if not address.host_keys:
        raise HostKeyUnknown(address.name)
    with _slot(address):
        link = _shake_hands(address, [pin.type for pin in address.host_keys], timeout)
        with _closing_on_error(link), _translating_errors(address):
            _check_host_key(address, link.transport.get_remote_server_key())
            _sign_in(address, link.transport)
    return link


_JUMPS: JumpLinks[_Link] = JumpLinks(_open_link)


def _slot(address: HostAddress) -> threading.Semaphore:
    """Taken while a connection has not signed in yet: a bastion before many hosts drops further
    ones (MaxStartups of its sshd, 10 by default)."""
    with _slots_guard:
        place = address.address, address.port
        return _slots.setdefault(place, threading.Semaphore(SIGNING_IN_AT_ONCE))


def _shake_hands(address: HostAddress, kinds: list[str], timeout: float) -> _Link:
    """Connect and exchange keys; `kinds` are the types of host key to negotiate.

    The exchange proves that the host holds the key it shows, not that it is the confirmed one.
    """
    jump = _JUMPS.borrow(address.jump, timeout) if address.jump else None
    with _translating_errors(address), _giving_back_on_error(jump):
        carrier = _open_carrier(address, jump.link if jump else None, timeout)
        link = _Link(_Transport(carrier, packetizer_class=_TimedPacketizer), carrier, jump)
    with _closing_on_error(link), _translating_errors(address):
        _set_options(link.transport, kinds, timeout, older=address.older_algorithms)
        try:
            _exchange_keys(address, link.transport, timeout)
        finally:
            _refuse_other_protocols(address, link)
        link.transport.get_remote_server_key()  # raises when the time ran out before the key came
    return link


def _refuse_other_protocols(address: HostAddress, link: _Link) -> None:
    """Raise HostUnreachable where whatever listens there never began to speak SSH."""
    if link.transport.remote_version:
        return
    first = "".join(filter(str.isprintable, link.packets.first_line))[:80].strip()
    answer = f"it says “{first}”" if first else "it sends no line"
    raise _unreachable(
        address,
        f"port {address.port} takes connections and answers no SSH, {answer}; look which service "
        "listens there, and whether its sshd has reached MaxStartups",
    )


def _exchange_keys(address: HostAddress, transport: _Transport, timeout: float) -> None:
    try:
        transport.start_client(timeout=timeout)
    except IncompatiblePeer as error:
        if mismatch := _find_mismatch(transport):
            older = not address.older_algorithms and set(mismatch[1]) & _OLDER
            raise NoCommonAlgorithm(address.name, *mismatch, older=bool(older)) from error
        raise


def _find_mismatch(transport: _Transport) -> tuple[str, Sequence[str], Sequence[str]] | None:
    """The first kind of algorithm of which the host offers none that the console speaks.

    Host keys count as a kind by all types that the console could confirm, not by those that were.
    """
    options, accepted = transport.get_security_options(), tuple(chain(*SIGNATURES.values()))
    kinds = (
        ("key exchange", "kex_algo_list", options.kex),
        ("signature of host keys", "server_key_algo_list", accepted),
        ("cipher", "client_encrypt_algo_list", options.ciphers),
        ("message authentication", "client_mac_algo_list", options.digests),
    )
    for what, name, spoken in kinds:
        offered = transport.offered.get(name, [])
        if offered and not set(offered) & set(spoken):
            return what, offered, spoken
    return None


def _open_carrier(address: HostAddress, jump: _Link | None, timeout: float) -> _Stream:
    if jump is None:
        return dial(address.address, address.port, timeout)
    target, origin = (address.address, address.port), ("127.0.0.1", 0)
    return jump.transport.open_channel("direct-tcpip", target, origin, timeout=timeout)


def _set_options(
    transport: paramiko.Transport, kinds: list[str], timeout: float, *, older: bool
) -> None:
    options = transport.get_security_options()
    options.ciphers = CIPHERS + OLDER_CIPHERS if older else CIPHERS
    options.digests = MACS + OLDER_MACS if older else MACS
    options.key_types = tuple(name for kind in kinds for name in SIGNATURES.get(kind, ()))
    transport.banner_timeout = transport.handshake_timeout = timeout
    transport.auth_timeout = transport.channel_timeout = timeout


def _check_host_key(address: HostAddress, shown: paramiko.PKey) -> None:
    """Raise HostKeyChanged unless a person has confirmed exactly this key."""
    pin = _make_pin(shown)
    if pin not in address.host_keys:
        raise HostKeyChanged(address.name, pin.fingerprint)


def _sign_in(address: HostAddress, transport: paramiko.Transport) -> None:
    login = address.login
    if login.private_key:
        missing = transport.auth_publickey(address.username, _load_private_key(address))
    else:
        missing = transport.auth_password(address.username, login.password)
    if missing:
        why = f"it also asks for {' and '.join(missing)}"
        raise LoginRefused(address.name, address.username, why)


def _load_private_key(address: HostAddress) -> paramiko.PKey:
    """Return the login's key with its certificate. Raises LoginRefused when one is unusable."""
    try:
        kind, text = open_private_key(address.login.private_key, address.login.passphrase)
        key: paramiko.PKey = _KEYS[kind].from_private_key(StringIO(text))
        if address.login.certificate:
            key.load_certificate(address.login.certificate)
    except ValueError as error:
        raise LoginRefused(address.name, address.username, str(error)) from error
    return key


def _fetch_host_key(address: HostAddress, kind: str, timeout: float) -> HostKeyPin | None:
    """Return the host's key of this type, None when it has none."""
    try:
        link = _shake_hands(address, [kind], timeout)
    except HostKeyChanged:
        return None  # no key of this type could be negotiated
    with closing(link):
        return _make_pin(link.transport.get_remote_server_key())


def _make_pin(key: paramiko.PKey) -> HostKeyPin:
    return HostKeyPin(key.get_name(), key.get_base64())


@contextmanager
def _closing_on_error(link: _Link) -> Iterator[None]:
    """Close the link when the block raises; a link that nobody holds would stay open."""
    try:
        yield
    except BaseException:
        link.close()
        raise


@contextmanager
def _giving_back_on_error(jump: Loan[_Link] | None) -> Iterator[None]:
    """Give the jump host's link back when the block raises.

    Only a refusal by the jump host itself proves that its link works.
    """
    try:
        yield
    except BaseException as error:
        if jump is not None:
            jump.give_back(doubtful=not isinstance(error, paramiko.ChannelException))
        raise


@contextmanager
def _translating_errors(address: HostAddress) -> Iterator[None]:
    """Raise paramiko's errors in the block as those of `remote.errors`, about this host."""
    try:
        yield
    except IncompatiblePeer as error:
        if "host key" in str(error):
            raise HostKeyChanged(address.name) from error
        raise _unreachable(address, _describe(error)) from error
    except paramiko.AuthenticationException as error:
        if "transport shut down" in str(error):  # broken off, not refused
            raise _unreachable(address, "the connection was closed") from error
        raise LoginRefused(address.name, address.username, _describe(error)) from error
    except BROKEN as error:
        raise _unreachable(address, _describe(error)) from error


def _unreachable(address: HostAddress, why: str) -> HostUnreachable:
    """Nothing of ours runs where the console only looks at host keys, without an account."""
    return HostUnreachable(address.name, why, runs=bool(address.username))


def _describe(error: Exception) -> str:
    """Return the cause of an error as the end of a sentence, without its full stop."""
    if isinstance(error, paramiko.BadAuthenticationType):
        return f"it only accepts {' or '.join(error.allowed_types)}"
    if isinstance(error, paramiko.AuthenticationException) and "timeout" not in str(error).lower():
        return "it does not accept this credential"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, EOFError) or not str(error):
        return "the connection was closed"
    # Of "[Errno 111] Connection refused" the words alone.
    return (str(error).splitlines()[0].partition("] ")[2] or str(error)).rstrip(".")
