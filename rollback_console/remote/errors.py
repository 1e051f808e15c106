"""What can go wrong with a host, as sentences an operator can act on.

    RemoteError
    +-- HostUnreachable        no answer, or the connection died; nothing on the host is ended
    +-- HostKeyUnknown         nobody confirmed a key of this host yet
    +-- HostKeyChanged         it is not the host a person confirmed
    +-- NoCommonAlgorithm      it speaks SSH, and nothing of it that the console speaks
    +-- LoginRefused           the host does not accept this account or key
    +-- SessionRefused         connected, but the host opens no further session (MaxSessions)
    +-- RunnerRefused          the host cannot run durably; nothing was started by this call
    +-- RequestRefused         what was asked for cannot be said to any host
    +-- AnswerLate             a short question was not answered in time
    +-- ProtocolError          the host answered something that is not ours

Each carries `host`, the host's name, empty where no host was asked.
"""

from __future__ import annotations

from collections.abc import Sequence


class RemoteError(Exception):
    """Base of all. `str()` is the sentence; `host` the name of the host it is about."""

    def __init__(self, sentence: str, host: str = "") -> None:
        super().__init__(sentence)
        self.host = host


class HostUnreachable(RemoteError):
    """Raised at connecting and, when the connection dies, by whatever was under way.

    Nothing of ours `runs` on a host that is only looked at.
    """

    def __init__(self, host: str, why: str, *, runs: bool = True) -> None:
        goes_on = (
            " What runs there goes on; its output is collected when the host answers again."
            if runs
            else ""
        )
        super().__init__(f"{host} cannot be reached: {why}.{goes_on}", host)


class HostKeyUnknown(RemoteError):
    def __init__(self, host: str) -> None:
        super().__init__(
            f"No host key of {host} has been confirmed. Compare its fingerprint on the "
            "host's page with the one an administrator of the host gives, and confirm it.",
            host,
        )


class HostKeyChanged(RemoteError):
    """`offered` is the fingerprint it showed, empty if it has no key of a confirmed type."""

    def __init__(self, host: str, offered: str = "") -> None:
        shown = f"showed the key {offered}, which" if offered else "has no key of a type that"
        super().__init__(
            f"{host} {shown} nobody confirmed. It was reinstalled, or somebody else answers "
            "in its place. Nothing was sent to it; find out which before confirming a new key.",
            host,
        )
        self.offered = offered


class NoCommonAlgorithm(RemoteError):
    """`what` is the kind of algorithm; `offered` and `spoken` are names of SSH. With `older` the
    console would speak one of those offered if an Admin allowed it for this host."""

    def __init__(
        self,
        host: str,
        what: str,
        offered: Sequence[str],
        spoken: Sequence[str],
        *,
        older: bool = False,
    ) -> None:
        allow = (
            " Where that cannot be, an Admin may allow older algorithms on the host's page."
            if older
            else ""
        )
        super().__init__(
            f"{host} and the console have no {what} in common, so nothing was sent to it: it offers"
            f" {', '.join(offered) or 'none'}; the console speaks {', '.join(spoken)}. Allow one of"
            f" these in its sshd, or update it; OpenSSH since 7.2 speaks them.{allow}",
            host,
        )


class LoginRefused(RemoteError):
    def __init__(self, host: str, username: str, why: str) -> None:
        super().__init__(
            f"{host} refused the login of {username}: {why}. Check the credential of this "
            "host and the account's authorized keys.",
            host,
        )


class SessionRefused(RemoteError):
    def __init__(self, host: str, why: str) -> None:
        super().__init__(
            f"{host} opened no further session: {why}. Raise MaxSessions in its sshd, or try "
            "again when fewer steps run there.",
            host,
        )


class RunnerRefused(RemoteError):
    """`code` is the runner's word for the reason; nothing was started by this call."""

    SENTENCES = {
        "linux": "is not a Linux with /proc mounted, which telling what runs depends on",
        "setsid": "has none of setsid, perl and python3, so a command would die with its "
        "connection; install util-linux",
        "tool": "lacks {detail}; install coreutils",
        "filesystem": "keeps its folder for attempts on a network file system or one it "
        "cannot name ({detail}); give the account a home on a local disk",
        "logind": "ends whatever a login leaves behind (KillUserProcesses in logind.conf); "
        "set it to no",
        "moved": "kept attempts in {detail}, which cannot be written any more; bring that "
        "folder back before anything is started",
        "folder": "has no folder this account owns and can write ({detail})",
        "space": "has no room in {detail}; free disk space or inodes",
        "python": "is to run commands by Python, which cannot be used there: it {detail}. Install "
        "Python 3.6 or newer, or set the host's runner to auto",
        "upload": "received the command incompletely in {detail}; try again",
        "start": "could not start a supervisor in {detail}; look at its limits on processes",
        "account": "lets this login in and runs no commands for it; it answered: {detail}. Give "
        "the account an ordinary login shell, and a password that has not expired",
        "silent": "lets this login in and answers no command. Give the account an ordinary login "
        "shell, and look at the load of the host",
        "running": "still runs what is to be cleared away in {detail}; wait, or abort it",
    }

    def __init__(self, host: str, code: str, detail: str = "") -> None:
        sentence = self.SENTENCES.get(code, "refused ({code}: {detail})")
        super().__init__(f"{host} {sentence.format(code=code, detail=detail)}.", host)
        self.code = code


class RequestRefused(RemoteError):
    """The sentence says which value and why."""


class AnswerLate(RemoteError):
    def __init__(self, host: str, program: str, seconds: float) -> None:
        super().__init__(f"{host} did not finish {program} within {seconds:g} seconds.", host)


class ProtocolError(RemoteError):
    def __init__(self, host: str, output: str) -> None:
        self.output = output[:300].rstrip(".")
        answer = f"said: {self.output}" if output else "closed the session without a word"
        super().__init__(
            f"{host} did not answer as expected; it {answer}. Check that the account has an "
            "ordinary login shell that runs commands.",
            host,
        )
