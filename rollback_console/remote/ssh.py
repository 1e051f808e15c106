"""SSH: the only file that imports paramiko. Connects, proves the host, keeps watch.

Keys are compared with the confirmed ones before anything is said about the account, and only
their types are negotiated; nothing is ever added by itself. No agent, no key files."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from io import StringIO
from typing import cast

import paramiko
from paramiko.packet import Packetizer
from paramiko.ssh_exception import IncompatiblePeer

from rollback_console.remote.channel import ChannelSession
from rollback_console.remote.errors import (
    HostKeyChanged,
    HostKeyUnknown,
    HostUnreachable,
    LoginRefused,
    SessionRefused,
)
from rollback_console.remote.keys import opened
from rollback_console.remote.session import DurableHost
from rollback_console.remote.sockets import Wire, dial

from .protocol import HostAddress, HostKeyPin, Login, Remote
from .public_keys import SIGNATURES

# Every error of the library is raised here as one of ours; its own log only repeats them.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)

CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr")
_SHA2 = ("hmac-sha2-256", "hmac-sha2-512")
MACS = (*(f"{name}-etm@openssh.com" for name in _SHA2), *_SHA2)
BROKEN = (paramiko.SSHException, EOFError, OSError)


@dataclass(frozen=True, slots=True)
class Liveness:
    """Seconds: a connection silent for `ask_after` is asked; unanswered for `cut_after`, cut."""

    ask_after: float = 4.0
    cut_after: float = 8.0


def connect(
    address: HostAddress,
    *,
    connect_timeout: float = 10.0,
    shell: str = "sh",
    liveness: Liveness = Liveness(),
) -> Remote:
    """Sign in to a host. `shell` runs the runner: any POSIX sh, one or two words.

    Raises HostKeyUnknown, HostKeyChanged, HostUnreachable, LoginRefused, also for a jump host.
    """
    return DurableHost(address.name, Connection(address, connect_timeout, liveness), shell)


def scan_host_keys(
    address: str, port: int = 22, *, jump: HostAddress | None = None, timeout: float = 10.0
) -> list[HostKeyPin]:
    """The keys a host shows now, strongest type first, for a person to compare and confirm.

    Signs in nowhere but at `jump`. Raises HostUnreachable if none could be had.
    """
    nobody = HostAddress(f"{address}:{port}", address, "", Login(), (), port, jump)
    pins = [pin for kind in SIGNATURES if (pin := _shown_key(nobody, kind, timeout))]
    if not pins:
        raise HostUnreachable(nobody.name, "it shows no key of a kind the console accepts")
    return pins


class Connection:
    """One authenticated connection; a `session.Carrier`."""

    def __init__(
        self, address: HostAddress, timeout: float, liveness: Liveness, *, spare: bool = False
    ) -> None:
        self._address, self._timeout, self._liveness = address, timeout, liveness
        self._is_spare = spare
        self._spare: Connection | None = None
        self._sparing = threading.Lock()
        self._closed = threading.Event()
        self._link = _open_link(address, timeout)
        threading.Thread(target=self._watch, name=f"watch {address.name}", daemon=True).start()

    def open(self, line: str) -> ChannelSession:
        try:
            channel = self._link.transport.open_session(timeout=self._timeout)
            channel.exec_command(line)
        except paramiko.ChannelException as error:
            return self._elsewhere(line, error)
        except BROKEN as error:
            self.close()
            raise HostUnreachable(self._address.name, _reason(error)) from error
        return ChannelSession(self._address.name, channel, BROKEN)

    def alive(self) -> bool:
        return not self._closed.is_set() and self._link.transport.is_active()

    def close(self) -> None:
        self._closed.set()
        if self._spare is not None:
            self._spare.close()
        self._link.close()

    def _elsewhere(self, line: str, refusal: paramiko.ChannelException) -> ChannelSession:
        """MaxSessions must not keep an abort out: a second connection has its own count."""
        if self._is_spare or self._closed.is_set():
            raise SessionRefused(self._address.name, _reason(refusal)) from refusal
        with self._sparing:
            if self._spare is None or not self._spare.alive():
                self._spare = Connection(self._address, self._timeout, self._liveness, spare=True)
        return self._spare.open(line)

    def _watch(self) -> None:
        """A silent peer is asked whether it is there; TCP alone would believe a hung sshd."""
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
    """Notes when the peer was last heard: the same for TCP and for a jump host's channel."""

    last_read = 0.0

    def read_message(self) -> tuple[int, paramiko.Message]:
        message: tuple[int, paramiko.Message] = super().read_message()
        self.last_read = time.monotonic()
        return message


@dataclass(frozen=True, slots=True)
class _Link:
    """A transport, what carries it, and the link of the jump host under it."""

    transport: paramiko.Transport
    carrier: Wire | paramiko.Channel
    under: _Link | None

    @property
    def packets(self) -> _TimedPacketizer:
        return cast(_TimedPacketizer, self.transport.packetizer)

    def close(self) -> None:
        """From any thread; whoever waits on it is woken at once."""
        if isinstance(self.carrier, Wire):
            self.carrier.cut()
        self.transport.close()
        self.carrier.close()
        if self.under is not None:
            self.under.close()


def _open_link(address: HostAddress, timeout: float) -> _Link:
    """Connected, proven and signed in; so is the jump host under it."""
    if not address.host_keys:
        raise HostKeyUnknown(address.name)
    link = _shake_hands(address, [pin.type for pin in address.host_keys], timeout)
    with _closing_on_error(link), _translated(address):
        _prove(address, link.transport.get_remote_server_key())
        _sign_in(address, link.transport)
    return link


def _shake_hands(address: HostAddress, kinds: list[str], timeout: float) -> _Link:
    """Up to and with the key exchange, whose signature proves the key that is shown."""
    under = _open_link(address.jump, timeout) if address.jump else None
    with _closing_on_error(under), _translated(address):
        carrier = _carrier(address, under, timeout)
        link = _Link(paramiko.Transport(carrier, packetizer_class=_TimedPacketizer), carrier, under)
    with _closing_on_error(link), _translated(address):
        _prefer(link.transport, kinds, timeout)
        link.transport.start_client(timeout=timeout)
        link.transport.get_remote_server_key()  # raises if time ran out before there was one
    return link


def _carrier(address: HostAddress, under: _Link | None, timeout: float) -> Wire | paramiko.Channel:
    if under is None:
        return dial(address.address, address.port, timeout)
    target, nowhere = (address.address, address.port), ("127.0.0.1", 0)
    return under.transport.open_channel("direct-tcpip", target, nowhere, timeout=timeout)


def _prefer(transport: paramiko.Transport, kinds: list[str], timeout: float) -> None:
    options = transport.get_security_options()
    options.ciphers, options.digests = CIPHERS, MACS
    options.key_types = tuple(name for kind in kinds for name in SIGNATURES.get(kind, ()))
    transport.banner_timeout = transport.handshake_timeout = timeout
    transport.auth_timeout = transport.channel_timeout = timeout


def _prove(address: HostAddress, shown: paramiko.PKey) -> None:
    """Compare, nothing else: a key no person confirmed is refused whatever the reason."""
    if _pin(shown) not in address.host_keys:
        raise HostKeyChanged(address.name, _pin(shown).fingerprint)


def _sign_in(address: HostAddress, transport: paramiko.Transport) -> None:
    login = address.login
    if login.private_key:
        missing = transport.auth_publickey(address.username, _private_key(address))
    else:
        missing = transport.auth_password(address.username, login.password)
    if missing:
        why = f"it also asks for {' and '.join(missing)}"
        raise LoginRefused(address.name, address.username, why)


def _private_key(address: HostAddress) -> paramiko.PKey:
    try:
        kind, text = opened(address.login.private_key, address.login.passphrase)
        key: paramiko.PKey = _KEYS[kind].from_private_key(StringIO(text))
        if address.login.certificate:
            key.load_certificate(address.login.certificate)
    except ValueError as error:
        raise LoginRefused(address.name, address.username, str(error)) from error
    return key


def _shown_key(address: HostAddress, kind: str, timeout: float) -> HostKeyPin | None:
    try:
        link = _shake_hands(address, [kind], timeout)
    except HostKeyChanged:
        return None  # it has no key of this kind
    with closing(link):
        return _pin(link.transport.get_remote_server_key())


def _pin(key: paramiko.PKey) -> HostKeyPin:
    return HostKeyPin(key.get_name(), key.get_base64())


@contextmanager
def _closing_on_error(link: _Link | None) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if link is not None:
            link.close()
        raise


@contextmanager
def _translated(address: HostAddress) -> Iterator[None]:
    """The library's errors as ours."""
    try:
        yield
    except IncompatiblePeer as error:
        if "host key" in str(error):
            raise HostKeyChanged(address.name) from error
        raise HostUnreachable(address.name, _reason(error)) from error
    except paramiko.AuthenticationException as error:
        if "transport shut down" in str(error):  # it died while we signed in: nobody said no
            raise HostUnreachable(address.name, "the connection was closed") from error
        raise LoginRefused(address.name, address.username, _reason(error)) from error
    except BROKEN as error:
        raise HostUnreachable(address.name, _reason(error)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, paramiko.BadAuthenticationType):
        return f"it only accepts {' or '.join(error.allowed_types)}"
    if isinstance(error, paramiko.AuthenticationException) and "timeout" not in str(error).lower():
        return "it does not accept this credential"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, EOFError) or not str(error):
        return "the connection was closed"
    return (str(error).splitlines()[0].partition("] ")[2] or str(error)).rstrip(".")


_KEYS: dict[str, type[paramiko.PKey]] = {
    "rsa": paramiko.RSAKey,
    "ed25519": paramiko.Ed25519Key,
    "ecdsa": paramiko.ECDSAKey,
}
