"""What answers the console on a host that has Python: one process a connection, many attempts.

This one file is sent to the host and runs there on Python 3.6 or newer with the standard library
alone, so it uses nothing younger. It keeps the folder and the tokens of the shell runner that lies
beside it (../runner/), so that each of the two understands what the other started.

The attempts of a connection share a crew of three processes. The supervisor is elected by `go`,
enforces time limits and writes last words. The pump moves output from FIFOs to logs. The leader
starts commands, each in a session of its own, and writes their exit codes. Whoever of the first two
is killed is replaced by the other; with both gone the leader still empties the FIFOs, so that
commands go on. None of them needs the agent, which only starts them and reads what they leave; they
end when their last attempt has and no agent is left. That a step costs a host no process but its
own is why they are shared: a copied Python costs more than a shell that is started.
"""

import _socket
import errno
import fcntl
import gc
import json
import os
import select
import signal
import stat
import struct
import sys
import time
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = 1
HEAD_CAP = 64 * 1024  # bytes of a frame's head
BODY_CAP = 16 * 1024 * 1024  # bytes of a frame's body, which is a command's text
HEADER = struct.Struct(">II")  # lengths of head and body
CHUNK = 64 * 1024  # bytes of log in one frame
OUTBOX = 256 * 1024  # bytes that wait for the console before no more log is read
TAIL = 64 * 1024  # bytes kept of what no log takes
BLOCK = 4096  # bytes set aside for the last word on a full disk
LEASE = 300.0  # seconds without a word of the console
PACE = 0.005  # seconds between two small pieces of a log
SILENT = 0.1  # seconds between two looks at a log that nobody rings for
TICK = 5.0  # seconds between two looks at the clock that counts suspension
HELD = 2.0  # seconds that a pipe may stay open when its command is over
SETTLE = 20  # looks, SILENT apart, for the last writer of a log
BOOTTIME = 7  # CLOCK_BOOTTIME of Linux, which Python 3.6 has no name for
F_GETPIPE_SZ = 1032  # of Linux, which Python has a name for from 3.10 on
TRIES = 3  # to find a crew that takes a command
RING = 37  # bytes of a ring: a token and a letter
RIGHTS_SIZE = _socket.CMSG_SPACE(8 * 4)  # room for eight files
QUIET = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
RESET = QUIET + (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD)
PARTINGS = (8, 13, 18, 23)  # where a UUID has its dashes

# As the shell runner's `inner` has them: the text arrives on stdin and is read whole first.
WHOLE = (
    'IFS= read -r text <&3 && [ "${#text}" -eq %d ] || '
    "{ echo 'The command did not arrive whole; nothing of it was run.'; exit 126; }; "
)
BASH = ["bash", "--norc", "-eu", "-o", "pipefail"]
BY_BASH = 'printf -v text %b "$text"; eval "unset text; exec 3<&-; $text"'
BY_SH = 'eval "unset text; exec 3<&-; $(printf %b "$text")"'


class RefusedByHost(Exception):
    """Nothing was started; the arguments are the runner's code for the reason and a detail."""


def environment() -> "dict[bytes, bytes]":
    """What the login gave this process, without what Python added for itself."""
    with open("/proc/self/environ", "rb") as lines:
        pairs = [line.partition(b"=") for line in lines.read().split(b"\0") if b"=" in line]
    return {name: value for name, _, value in pairs if name != b"ROLLBACK_CONSOLE_UMASK"}


def find_program(name: str, variables: "dict[bytes, bytes]") -> str:
    """The program's path, empty where there is none."""
    folders = os.fsdecode(variables.get(b"PATH", os.fsencode(os.defpath))).split(":")
    paths = [os.path.join(folder or ".", name) for folder in folders]
    return next(
        (path for path in paths if os.access(path, os.X_OK) and not os.path.isdir(path)), ""
    )


# Processes


def read_file(path: str) -> bytes:
    """The beginning of a small file of the kernel's."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 4096)
    finally:
        os.close(fd)


def boot_id() -> str:
    path = os.environ.get("ROLLBACK_CONSOLE_BOOT_ID_FILE") or "/proc/sys/kernel/random/boot_id"
    return read_file(path).partition(b"\n")[0].strip().decode()


def stat_of(pid: "int | str") -> "list[bytes]":
    """What the kernel says of a process, from its state on (proc(5)); empty if it is gone."""
    try:
        return read_file("/proc/%s/stat" % pid).rpartition(b")")[2].split()
    except OSError:
        return []


def start_of(pid: "int | str") -> str:
    """When the process started, in ticks since boot; empty if it is gone or waits to be buried."""
    fields = stat_of(pid)
    return "" if len(fields) < 20 or fields[0] in (b"Z", b"X", b"x") else fields[19].decode()


def lives(text: "str | None", boot: str) -> bool:
    """Whether the process that a token names still runs: a number alone may be a stranger's."""
    words = (text or "").split()
    return len(words) == 3 and words[2] == boot and start_of(words[0]) == words[1]


def uptime() -> float:
    """Seconds since the host started, suspension included: a clock that nobody sets."""
    return time.clock_gettime(BOOTTIME)


# Evidence


class TokenFolder:
    """An attempt's folder, held open. Tokens in it are symlinks whose text is the content."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def read(self, name: str) -> "str | None":
        try:
            return os.readlink(name, dir_fd=self.fd)
        except OSError:
            return None

    def has(self, name: str) -> bool:
        return self.read(name) is not None

    def make(self, name: str, text: str) -> bool:
        """True for the one that made it."""
        try:
            os.symlink(text, name, dir_fd=self.fd)
        except OSError:
            return False
        return True

    def insist(self, name: str, text: str) -> bool:
        """`make`, giving up what was set aside where the disk is full."""
        if self.make(name, text):
            return True
        if not self.has(name):
            self.remove("spare")
            return self.make(name, text)
        return False

    def remove(self, name: str) -> None:
        try:
            os.unlink(name, dir_fd=self.fd)
        except OSError:
            pass

    def open(self, name: str, flags: int) -> int:
        return os.open(name, flags, 0o600, dir_fd=self.fd)

    def is_fifo(self, name: str) -> bool:
        try:
            return stat.S_ISFIFO(os.stat(name, dir_fd=self.fd, follow_symlinks=False).st_mode)
        except OSError:
            return False

    def logged(self) -> int:
        """Bytes of log so far."""
        try:
            return os.stat("log", dir_fd=self.fd).st_size
        except OSError:
            return 0

    def outcome(self) -> str:
        """What the tokens prove: CODE WHY. A start that never came is made impossible."""
        written = self.read("rc")
        if written is not None:
            return written
        if (not self.has("run") and self.make("run", "veto")) or self.read("run") == "veto":
            return "- never_started"
        if self.has("late"):
            return "- timed_out"
        return "- aborted" if self.has("cancel") else "- killed"

    def flags(self) -> "list[str]":
        pumped = self.read("pumped")
        return ([pumped] if pumped else []) + (["pipe_held"] if self.has("held") else [])

    def rebooted(self, boot: str, known_boot: str) -> bool:
        """Whether the host was started anew since the attempt was."""
        for name in ("run", "go"):
            words = (self.read(name) or "").split()
            if len(words) == 3 and words[2] != boot:
                return True
        return bool(known_boot) and known_boot != boot

    def writer(self) -> int:
        """The process that writes the log, 0 if there is none."""
        try:
            log = os.stat("log", dir_fd=self.fd)
        except OSError:
            return 0
        for name in os.listdir("/proc"):
            try:
                if name.isdigit() and os.path.samestat(os.stat("/proc/%s/fd/1" % name), log):
                    return int(name)
            except OSError:
                continue
        return 0

    def close(self) -> None:
        os.close(self.fd)


class AttemptStore:
    """Where this account keeps its attempts."""

    def __init__(self, path: str) -> None:
        self.path = path

    def folder_of(self, token: str) -> str:
        return os.path.join(self.path, token)

    def open(self, token: str) -> "TokenFolder | None":
        try:
            return TokenFolder(self.folder_of(token))
        except OSError:
            return None

    def spent(self, token: str) -> "str | None":
        """The last word of an attempt that was acknowledged."""
        try:
            return os.readlink(os.path.join(self.path, "spent", token))
        except OSError:
            return None

    def judge(self, token: str, folder: TokenFolder, known_boot: str) -> str:
        """The last word, for when nobody is left who could still change it."""
        # A home that is closed or away for a while says nothing about what ran in it.
        if not os.path.isdir(self.path):
            raise RefusedByHost("folder", self.path)
        if not os.path.isdir(self.folder_of(token)):
            return "- gone -"
        last = folder.read("end")
        if last is not None:
            return last
        if not folder.has("rc") and folder.rebooted(boot_id(), known_boot):
            return "- rebooted %d" % folder.logged()
        words = [folder.outcome(), str(folder.logged()), "orphan"]
        return " ".join(words + folder.flags())

    def prepare(self, token: str) -> "TokenFolder | None":
        """A folder for a new attempt; None if the token was ever used."""
        if self.spent(token) is not None:
            return None
        folder = self.make_folder(token)
        if folder.has("go") or folder.has("run"):
            folder.close()
            return None
        for name in ("out", "alive"):
            try:
                os.mkfifo(name, 0o600, dir_fd=folder.fd)
            except OSError:
                continue  # it is there already, or the supervisor finds that there is no room
        return folder

    def make_folder(self, token: str) -> TokenFolder:
        path = self.folder_of(token)
        try:
            os.mkdir(path, 0o700)
        except OSError:
            if not os.path.isdir(path):
                raise RefusedByHost("space", path)
        try:
            return TokenFolder(path)
        except OSError:
            raise RefusedByHost("folder", path)


# The processes of an attempt


class RunOrder:
    """What was asked for under a token, checked: nothing that arrives is trusted."""

    def __init__(self, head: "dict[str, object]") -> None:
        self.token = token_of(head)
        self.size = number_of(head, "size", BODY_CAP)
        self.limit = number_of(head, "limit")
        self.grace = number_of(head, "grace")
        self.cap = number_of(head, "cap")
        self.boot = boot_id()
        self.user = text_of(head, "user")
        if self.user and (self.user.startswith("-") or not set(self.user) <= USER):
            raise ValueError("user")

    @classmethod
    def read(cls, facts: "dict[str, object]") -> "RunOrder":
        """One that another of our processes has checked."""
        order = cls.__new__(cls)
        order.__dict__.update(facts)
        return order


USER = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@+\\-$")


def token_of(head: "dict[str, object]") -> str:
    return checked_token(head.get("token"))


def checked_token(token: object) -> str:
    if not isinstance(token, str) or len(token) != 36:
        raise ValueError("token")
    dashes = [token[place] for place in PARTINGS]
    digits = "".join(token.split("-"))
    if dashes != ["-"] * 4 or len(digits) != 32 or not set(digits) <= set("0123456789abcdef"):
        raise ValueError("token")
    return token


def number_of(head: "dict[str, object]", name: str, most: int = 10**15) -> int:
    number = head.get(name)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= most:
        raise ValueError(name)
    return number


def text_of(head: "dict[str, object]", name: str) -> str:
    text = head.get(name)
    if not isinstance(text, str) or len(text) > 256 or not text.isprintable():
        raise ValueError(name)
    return text


class HostContext:
    """What every process of ours knows about the host."""

    def __init__(self, runner: str, shell: str) -> None:
        self.base = AttemptStore(os.path.dirname(os.path.dirname(runner)))
        self.runner, self.shell = runner, shell.split()
        self.umask = int(os.environ["ROLLBACK_CONSOLE_UMASK"], 8)  # the account's own
        self.environment = environment()
        self.has_bash = bool(find_program("bash", self.environment))

    def become_runner(self, *arguments: str) -> None:
        """Replace this process by the shell runner. Never returns."""
        become([*self.shell, self.runner, " ".join(self.shell), *arguments], self)


def become(argv: "list[str]", host: HostContext) -> None:
    """Replace this process, with nothing of Python's own left on it. Never returns."""
    for number in RESET:
        signal.signal(number, signal.SIG_DFL)
    path = argv[0] if "/" in argv[0] else find_program(argv[0], host.environment)
    try:
        os.execve(path, argv, host.environment)
    except OSError as error:
        os.write(2, ("%s: %s\n" % (argv[0], error.strerror or "not found")).encode())
        os._exit(127)


def outlive_signals() -> None:
    """As a trap would: an ignored signal is ignored by children too, a handled one is not."""
    for number in QUIET:
        signal.signal(number, lambda number, frame: None)


def keep_only(*kept: int) -> None:
    """Close every other file: what other attempts and the console hold open is not ours."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:
                continue


def ring(bell: int, letter: bytes) -> bool:
    """Tell the agent that there is something to see; False once it does not listen any more."""
    try:
        os.write(bell, letter)
    except OSError as error:
        return error.errno == errno.EAGAIN  # it has not even read the last ring
    return True


def wipe(payload: bytearray) -> None:
    payload[:] = bytes(len(payload))


class RunFiles:
    """The files of an attempt, as its supervisor opens them."""

    def __init__(self, folder: TokenFolder) -> None:
        if not folder.is_fifo("out") or not folder.is_fifo("alive"):
            raise OSError(errno.ENOSPC, "no pipes")
        spare = folder.open("spare", os.O_WRONLY | os.O_CREAT)
        if os.write(spare, b" " * BLOCK) < BLOCK:
            raise OSError(errno.ENOSPC, "no room")
        os.close(spare)
        # Held by all that still have something to say; its end is how a follower knows.
        self.alive = folder.open("alive", os.O_RDWR)
        both = folder.open("out", os.O_RDWR)
        self.output = folder.open("out", os.O_RDONLY)
        self.inlet = folder.open("out", os.O_WRONLY)
        os.close(both)
        # Last: a follower takes it as the sign that all is set up.
        self.log = folder.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)


class EventLoop:
    """An event loop over files and the clock; `handlers` are called when their file has news."""

    def __init__(self) -> None:
        self.poller = select.poll()
        self.handlers = {}  # type: dict[int, Callable[[], None]]

    def watch(self, fd: int, handler: "Callable[[], None]", events: int = 0) -> None:
        """Call `handler` on these events, and when the other end is closed."""
        self.handlers[fd] = handler
        self.poller.register(fd, events)

    def unwatch(self, fd: int) -> None:
        if self.handlers.pop(fd, None) is not None:
            self.poller.unregister(fd)

    def wait(self, seconds: float) -> None:
        for fd, _ in self.poller.poll(max(0, int(seconds * 1000 + 0.999))):
            handler = self.handlers.get(fd)
            if handler is not None:
                handler()


class CrewLink:
    """A socket between two of our processes: messages, with open files beside them."""

    def __init__(self, end: "_socket.socket") -> None:
        self.end, self.fd = end, end.fileno()

    def send(self, message: "dict[str, object]", files: "tuple[int, ...]" = ()) -> None:
        """Say it; whoever is gone does not hear it."""
        rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack("%di" % len(files), *files))
        try:
            self.end.sendmsg([json.dumps(message).encode()], [rights] if files else [])
        except OSError:
            return

    def receive(self) -> "tuple[dict[str, object], list[int]] | None":
        """The next message and its files; None when the other is gone."""
        files = []  # type: list[int]
        try:
            text, rights, _, _ = self.end.recvmsg(8192, RIGHTS_SIZE, _socket.MSG_CMSG_CLOEXEC)
        except OSError:
            return None
        for _, _, packed in rights:
            files += struct.unpack("%di" % (len(packed) // 4), packed[: len(packed) // 4 * 4])
        return (json.loads(text.decode()), files) if text else None

    def has_news(self) -> bool:
        poller = select.poll()
        poller.register(self.fd, select.POLLIN)
        return bool(poller.poll(0))

    def close(self) -> None:
        self.end.close()


def link_pair() -> "tuple[CrewLink, CrewLink]":
    one, other = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    return CrewLink(one), CrewLink(other)


class CrewProcess(EventLoop):
    """One of the three that look after every attempt of a connection.

    `closing` is true once nothing new can come: it ends when what it has is over.
    """

    def __init__(self, host: HostContext) -> None:
        EventLoop.__init__(self)
        self.host = host
        self.closing = False

    def serve(self) -> None:
        while not (self.closing and self.is_idle()):
            self.wait(self.patience())
            self.look_after()

    def hear(self, link: CrewLink, act: "Callable[..., None]", lost: "Callable[[], None]") -> None:
        """Give each message that comes to `act`, and call `lost` when the other is gone."""

        def on_news() -> None:
            news = link.receive()
            if news is not None:
                act(*news)
                return
            self.unwatch(link.fd)
            link.close()
            lost()

        self.watch(link.fd, on_news, select.POLLIN)

    def is_idle(self) -> bool:
        raise NotImplementedError

    def patience(self) -> float:
        return 3600.0

    def look_after(self) -> None:
        return


class AttemptWatch:
    """One attempt, as supervisor and pump both can look after it: each may stand in for the other.

    `in_charge` says whether this process writes the last word, `keeps` what becomes of output:
    log, tail, nothing; empty where another pumps.
    """

    orphan = False

    def __init__(
        self, keeper: "AttemptKeeper", order: RunOrder, folder: TokenFolder, alive: int, output: int
    ) -> None:
        self.keeper, self.order, self.folder = keeper, order, folder
        self.alive, self.output, self.log = alive, output, -1
        self.deadline = uptime() + order.limit
        self.in_charge = self.drained = self.over = self.flowing = False
        self.keeps = self.word = ""
        self.tail = bytearray()
        self.room = order.cap
        self.leader_gone_at = self.proof_until = 0.0
        self.retries = False

    def step(self) -> None:
        """Do what is due."""
        if self.in_charge and not self.over:
            self.look_at_clocks()
        if not self.over and self.drained and (self.leader_gone_at or not self.in_charge):
            self.finish()

    def patience(self) -> float:
        if self.proof_until:
            return 0.02
        if not self.in_charge or self.over:
            return 3600.0
        if self.leader_gone_at:
            return 0.1 if self.late() else self.leader_gone_at + HELD - time.monotonic()
        return min(TICK, max(0.0, self.deadline - uptime()))

    def late(self) -> bool:
        return self.folder.has("late")

    def look_at_clocks(self) -> None:
        if self.leader_gone_at:
            held_on = time.monotonic() - self.leader_gone_at
            if held_on >= HELD and (not self.late() or self.proven(held_on)) and not self.drained:
                self.hold()
        elif uptime() >= self.deadline:
            self.end_late()

    def proven(self, waited: float) -> bool:
        """Whether the end that the time limit asked for is done with."""
        return self.folder.has("proof") or waited > self.order.grace + 10

    def end_late(self) -> None:
        self.deadline = float("inf")
        if not self.folder.insist("late", str(int(uptime()))) and not self.retries:
            return
        try:
            if os.fork() == 0:
                self.keeper.host.become_runner("expire", self.folder.path, str(self.order.grace))
        except OSError:
            self.deadline, self.retries = uptime() + 1, True

    def hold(self) -> None:
        """A daemon kept the pipe open. The log ends here; the pipe is still emptied."""
        self.folder.insist("held", str(os.getpid()))
        self.keeper.let_go(self)

    def let_go_of_log(self) -> None:
        self.keeps, self.drained = "nothing", True
        del self.tail[:]

    def lose_leader(self) -> None:
        """It ended. What it left unsaid is settled now: what is done to the rest is no abort."""
        if self.leader_gone_at:
            return
        self.leader_gone_at = time.monotonic()
        if not self.folder.has("rc"):
            self.word = self.folder.outcome()

    # Pumping

    def take_over_pump(self, keeps: str, log: int) -> None:
        self.keeps, self.log, self.flowing = keeps, log, True
        self.keeper.watch(self.output, self.on_output, select.POLLIN)

    def on_output(self) -> None:
        data = os.read(self.output, CHUNK)
        if not data:
            self.keeper.unwatch(self.output)
            self.flowing, self.drained = False, True
            self.write_tail()
        elif self.keeps == "log":
            self.write_log(data)
        elif self.keeps == "tail":
            self.remember(data)

    def write_log(self, data: bytes) -> None:
        head = data[: self.room]
        try:
            written = 0
            while written < len(head):
                written += os.write(self.log, head[written:])
        except OSError:
            self.stop_logging("disk_full", data[written:])
            return
        finally:
            self.room -= written
            self.keeper.ring(self.order.token, b"l")
        if len(head) < len(data):
            self.stop_logging("truncated", data[len(head) :])

    def stop_logging(self, why: str, rest: bytes) -> None:
        self.folder.insist("pumped", why)
        self.keeps = "tail"
        self.remember(rest)

    def remember(self, data: bytes) -> None:
        self.tail += data
        del self.tail[:-TAIL]

    def write_tail(self) -> None:
        try:
            while self.tail:
                del self.tail[: os.write(self.log, self.tail)]
        except OSError:
            return  # the disk is still full, which the flags say already

    # The end

    def finish(self) -> None:
        if self.in_charge:
            if self.waits_for_proof():
                return
            words = [self.word or self.folder.outcome(), str(self.folder.logged())]
            words += (["orphan"] if self.orphan else []) + self.folder.flags()
            self.folder.insist("end", " ".join(words))
            self.keeper.ring(self.order.token, b"e")
        self.over = True
        self.keeper.part_with(self)
        self.close_files()

    def waits_for_proof(self) -> bool:
        now = time.monotonic()
        if (not self.folder.has("cancel") and not self.late()) or self.folder.has("proof"):
            return False
        self.proof_until = self.proof_until or now + self.order.grace + 10
        return now < self.proof_until

    def close_files(self) -> None:
        """All but a pipe that a daemon still holds: that is emptied for as long as it does."""
        self.proof_until = 0.0
        self.folder.close()
        self.alive, self.log = close_file(self.alive), close_file(self.log)
        if not self.flowing:
            self.output = close_file(self.output)


class AttemptKeeper(CrewProcess):
    """A process that looks after attempts: the supervisor, or the pump."""

    def __init__(self, host: HostContext, bell: int) -> None:
        CrewProcess.__init__(self, host)
        self.bell = bell
        self.attempts = {}  # type: dict[str, AttemptWatch]

    def is_idle(self) -> bool:
        return not self.attempts

    def patience(self) -> float:
        return min([3600.0] + [each.patience() for each in self.attempts.values()])

    def look_after(self) -> None:
        for token, attempt in list(self.attempts.items()):
            attempt.step()
            if attempt.over and not attempt.flowing:
                attempt.output = close_file(attempt.output)
                del self.attempts[token]
        bury()

    def part_with(self, attempt: AttemptWatch) -> None:
        """What is to be said to others when an attempt is over here."""

    def let_go(self, attempt: AttemptWatch) -> None:
        attempt.let_go_of_log()

    def ring(self, token: str, letter: bytes) -> None:
        if self.bell >= 0 and not ring(self.bell, token.encode() + letter):
            self.bell = close_file(self.bell)

    def on_ended(self, message: "dict[str, object]", files: "list[int]") -> None:
        """The leader has written an exit code, or says which commands it has at all."""
        mine = message.get("mine")
        for token, attempt in self.attempts.items():
            if token == message.get("ended") or (isinstance(mine, list) and token not in mine):
                attempt.lose_leader()

    def on_leader_lost(self) -> None:
        for attempt in self.attempts.values():
            attempt.lose_leader()


class AttemptSupervisor(AttemptKeeper):
    """Elected by `go` for each attempt: sets it up, enforces its limit, writes its last word."""

    def __init__(
        self, host: HostContext, bell: int, orders: CrewLink, pump: CrewLink, leader: CrewLink
    ) -> None:
        AttemptKeeper.__init__(self, host, bell)
        self.started = start_of("self")
        self.orders, self.pump, self.leader = orders, pump, leader
        self.hear(orders, self.on_order, self.on_agent_lost)
        self.hear(pump, self.on_drained, self.on_pump_lost)
        self.hear(leader, self.on_ended, self.on_leader_lost)

    def on_order(self, message: "dict[str, object]", files: "list[int]") -> None:
        order = RunOrder.read(message)
        folder = self.host.base.open(order.token)
        if folder is None:
            self.ring(order.token, b"s")
        else:
            self.elect(order, folder, files)
        close_files(files)

    def elect(self, order: RunOrder, folder: TokenFolder, files: "list[int]") -> None:
        """Ring the answer to whoever launched; nothing starts before."""
        letter, opened = b"n", None
        if not folder.make("go", "%d %s %s" % (os.getpid(), self.started, order.boot)):
            letter = b"a" if folder.has("go") else b"s"
        elif self.host.base.spent(order.token) is not None:
            letter = b"a"
        else:
            try:
                opened = RunFiles(folder)
            except OSError:
                letter = b"s"
        self.ring(order.token, letter)
        if opened is None:
            folder.close()
        else:
            self.take(order, folder, opened, files)

    def take(
        self, order: RunOrder, folder: TokenFolder, opened: RunFiles, files: "list[int]"
    ) -> None:
        attempt = AttemptWatch(self, order, folder, opened.alive, opened.output)
        attempt.in_charge = True
        self.attempts[order.token] = attempt
        self.pump.send(vars(order), (opened.alive, opened.output, opened.log))
        self.leader.send(vars(order), (opened.alive, opened.output, opened.inlet) + tuple(files))
        os.close(opened.log)
        os.close(opened.inlet)

    def on_agent_lost(self) -> None:
        self.closing = True

    def on_drained(self, message: "dict[str, object]", files: "list[int]") -> None:
        attempt = self.attempts.get(str(message["drained"]))
        if attempt is not None:
            attempt.drained = True

    def on_pump_lost(self) -> None:
        """The tail of what comes from now on is kept."""
        self.stop_taking()
        for attempt in self.attempts.values():
            if not attempt.drained:
                attempt.folder.insist("pumped", "pump_died")
                attempt.take_over_pump("tail", open_log(attempt.folder))

    def let_go(self, attempt: AttemptWatch) -> None:
        if attempt.keeps:
            attempt.let_go_of_log()
            return
        self.pump.send({"held": attempt.order.token})
        attempt.leader_gone_at = time.monotonic()  # should the pump not let go, once more

    def on_leader_lost(self) -> None:
        self.stop_taking()
        AttemptKeeper.on_leader_lost(self)

    def stop_taking(self) -> None:
        """A crew that is not whole starts nothing more; the agent finds itself another."""
        if self.orders.fd in self.handlers:
            self.unwatch(self.orders.fd)
            self.orders.close()
            self.closing = True


class LogPump(AttemptKeeper):
    """Moves output to logs. Takes the supervisor's place when that is killed."""

    def __init__(
        self, host: HostContext, bell: int, supervisor: CrewLink, leader: CrewLink
    ) -> None:
        AttemptKeeper.__init__(self, host, bell)
        self.supervisor = supervisor
        self.hear(supervisor, self.on_order, self.on_supervisor_lost)
        self.hear(leader, self.on_ended, self.on_leader_lost)

    def on_order(self, message: "dict[str, object]", files: "list[int]") -> None:
        held = message.get("held")
        if held is not None:
            if str(held) in self.attempts:
                self.attempts[str(held)].let_go_of_log()
            return
        order = RunOrder.read(message)
        folder = self.host.base.open(order.token)
        if folder is None:
            close_files(files)
            self.supervisor.send({"drained": order.token})
            return
        attempt = AttemptWatch(self, order, folder, files[0], files[1])
        self.attempts[order.token] = attempt
        attempt.take_over_pump("log", files[2])

    def on_ended(self, message: "dict[str, object]", files: "list[int]") -> None:
        """The supervisor's order came first, wherever it is noticed first."""
        while self.supervisor.fd in self.handlers and self.supervisor.has_news():
            self.handlers[self.supervisor.fd]()
        AttemptKeeper.on_ended(self, message, files)

    def on_supervisor_lost(self) -> None:
        self.closing = True
        for attempt in self.attempts.values():
            attempt.in_charge = attempt.orphan = True

    def part_with(self, attempt: AttemptWatch) -> None:
        if not attempt.in_charge:
            self.supervisor.send({"drained": attempt.order.token})


class LedCommand:
    """A command under way, with what the leader holds of its attempt."""

    def __init__(self, order: RunOrder, folder: TokenFolder, files: "list[int]") -> None:
        self.order, self.folder = order, folder
        self.alive, self.output, self.inlet, self.text, self.gate = files
        self.pid = 0

    def close(self) -> None:
        close_files([self.alive, self.output, self.inlet, self.text, self.gate])
        self.folder.close()


class CommandLeader(CrewProcess):
    """Starts commands, each in a session of its own, and writes their exit codes.

    A command's text waits in a pipe without its last newline, which the shell needs before it acts
    on a word of it. It gets that once `run` names it: so `run` is there before its first byte is.
    """

    def __init__(self, host: HostContext, supervisor: CrewLink, pump: CrewLink) -> None:
        CrewProcess.__init__(self, host)
        os.umask(host.umask)
        self.pump, self.supervisor = pump, supervisor
        self.keepers = {pump, supervisor}
        self.commands = {}  # type: dict[int, LedCommand]
        self.watch_children()
        self.hear(supervisor, self.on_order, self.on_supervisor_lost)
        self.hear(pump, lambda message, files: None, lambda: self.lose(pump))

    def is_idle(self) -> bool:
        return not self.commands

    def watch_children(self) -> None:
        self.woken, waker = os.pipe()
        for fd in (self.woken, waker):
            set_nonblocking(fd)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(waker)
        self.watch(self.woken, self.on_signal, select.POLLIN)

    def on_order(self, message: "dict[str, object]", files: "list[int]") -> None:
        order = RunOrder.read(message)
        folder = self.host.base.open(order.token)
        if folder is None:
            close_files(files)
            self.tell(order)
            return
        self.start(LedCommand(order, folder, files))

    def start(self, command: LedCommand) -> None:
        command.pid = self.spawn(command) or self.fork(command)
        command.text = close_file(command.text)
        if command.pid and self.claim_run(command):
            self.commands[command.pid] = command
            ring(command.gate, b"\n")
            command.gate = close_file(command.gate)
            self.stand_in(command)
            return
        if command.pid:  # whoever made `run` first has vetoed the start
            signal_process(command.pid, signal.SIGKILL)
        command.close()
        self.tell(command.order)

    def claim_run(self, command: LedCommand) -> bool:
        words = (command.pid, stat_of(command.pid)[19].decode(), command.order.boot)
        return command.folder.make("run", "%d %s %s" % words)

    def spawn(self, command: LedCommand) -> int:
        """Without a copy of this process, which costs as much as the shell itself."""
        argv = self.argv(command.order)
        try:
            files = [(os.POSIX_SPAWN_DUP2, source, fd) for fd, source in self.files(command)]
            return os.posix_spawn(
                find_program(argv[0], self.host.environment),
                argv,
                self.host.environment,
                file_actions=files,
                setsid=True,
                setsigdef=RESET,
            )
        except (AttributeError, NotImplementedError, OSError):
            return 0  # before Python 3.8, or no such program, which the other way tells

    def fork(self, command: LedCommand) -> int:
        try:
            pid = os.fork()
        except OSError:
            return 0
        if pid == 0:
            os.setsid()
            signal.set_wakeup_fd(-1)
            for fd, source in self.files(command):
                os.dup2(source, fd)
            become(self.argv(command.order), self.host)
        return pid

    def files(self, command: LedCommand) -> "list[tuple[int, int]]":
        return [(0, command.text), (1, command.inlet), (2, command.inlet)]

    def argv(self, order: RunOrder) -> "list[str]":
        has_bash = self.host.has_bash
        argv = BASH if has_bash else self.host.shell + ["-eu"]
        line = "exec 3<&0 </dev/null; " + WHOLE % order.size
        argv = argv + ["-c", line + (BY_BASH if has_bash else BY_SH)]
        return (["sudo", "-n", "-u", order.user, "--"] if order.user else []) + argv

    def on_signal(self) -> None:
        os.read(self.woken, 512)
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
            while pid:
                if pid in self.commands:
                    self.write_code(self.commands.pop(pid), status)
                pid, status = os.waitpid(-1, os.WNOHANG)
        except OSError:
            return  # no child is left

    def write_code(self, command: LedCommand, status: int) -> None:
        command.inlet = close_file(command.inlet)
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
        why = "aborted" if command.folder.has("cancel") else "finished"
        if command.folder.has("late"):
            why = "timed_out"
        # The KILL that ends a session is no answer of the command's: of it no code is known.
        if why == "finished" or code != 128 + signal.SIGKILL or os.WIFEXITED(status):
            command.folder.insist("rc", "%d %s" % (code, why))
        self.unwatch(command.output)
        command.close()
        self.tell(command.order)

    def tell(self, order: RunOrder) -> None:
        for keeper in self.keepers:
            keeper.send({"ended": order.token})

    def on_supervisor_lost(self) -> None:
        """What it could not hand on any more was never started."""
        self.closing = True
        self.lose(self.supervisor)
        if self.pump in self.keepers:
            self.pump.send({"mine": [each.order.token for each in self.commands.values()]})

    def lose(self, keeper: CrewLink) -> None:
        self.keepers.discard(keeper)
        for command in self.commands.values():
            self.stand_in(command)

    def stand_in(self, command: LedCommand) -> None:
        """With supervisor and pump gone, output goes nowhere, but the command goes on."""
        if not self.keepers:
            command.folder.insist("pumped", "pump_died")
            output = command.output
            self.watch(output, lambda: self.read_away(output), select.POLLIN)

    def read_away(self, output: int) -> None:
        if not os.read(output, CHUNK):
            self.unwatch(output)


def man_crew(host: HostContext, orders: CrewLink, bell: int, pump_bell: int) -> None:
    """Become supervisor, pump and leader, detached from the connection. Never returns."""
    try:
        os.setsid()
        to_pump, from_pump = link_pair()
        to_leader, from_leader = link_pair()
        pump_to_leader, leader_to_pump = link_pair()
        if os.fork() == 0:
            keep_only(pump_bell, from_pump.fd, pump_to_leader.fd)
            LogPump(host, pump_bell, from_pump, pump_to_leader).serve()
        elif os.fork() == 0:
            os.setsid()  # what ends the others' session is not to end what waits for commands
            keep_only(from_leader.fd, leader_to_pump.fd)
            CommandLeader(host, from_leader, leader_to_pump).serve()
        else:
            keep_only(orders.fd, bell, to_pump.fd, to_leader.fd)
            AttemptSupervisor(host, bell, orders, to_pump, to_leader).serve()
    finally:
        os._exit(0)


class Crew:
    """The three processes that look after the attempts of this agent, and outlive it with them."""

    def __init__(self, agent: "HostAgent") -> None:
        self.agent, self.calls = agent, {}  # type: HostAgent, dict[str, RunCall]
        self.orders, theirs = link_pair()
        ours, bells = zip(os.pipe(), os.pipe())
        for fd in ours + bells:
            set_nonblocking(fd)
        if os.fork() == 0:
            agent.wipe_secrets()
            man_crew(agent.host, theirs, *bells)
        theirs.close()
        close_files(list(bells))
        self.is_usable = True
        self.bells = list(ours)
        for bell in ours:
            agent.watch(bell, self.on_bells, select.POLLIN)
        agent.watch(self.orders.fd, self.on_lost)

    def enlist(self, call: "RunCall", order: RunOrder, files: "tuple[int, ...]") -> None:
        self.calls[order.token] = call
        self.orders.send(vars(order), files)

    def dismiss(self, token: str) -> None:
        self.calls.pop(token, None)
        if not self.is_usable and not self.calls:
            self.close_bells(self.bells)

    def on_lost(self) -> None:
        """It takes no more. What it has answered it looks after; the rest it has never read."""
        self.agent.unwatch(self.orders.fd)
        self.orders.close()
        self.is_usable = False
        self.on_bells()
        for call in [each for each in self.calls.values() if not each.answered]:
            del self.calls[call.token]
            call.guard(call.enlist)

    def on_bells(self) -> None:
        """In their order: the supervisor's answer comes before what the pump has to say."""
        silent = [bell for bell in self.bells if not self.hear(bell)]
        if silent:
            self.close_bells(silent)
            for call in list(self.calls.values()):
                call.guard(call.on_bell_lost)

    def hear(self, bell: int) -> bool:
        """Hand each ring to its call; False once nobody is left to ring."""
        try:
            rung = os.read(bell, CHUNK)
        except OSError:
            return True
        for start in range(0, len(rung), RING):
            call = self.calls.get(rung[start : start + RING - 1].decode())
            if call is not None:
                letter = rung[start + RING - 1 : start + RING]
                call.guard(partial(call.on_ring, letter))
        if len(rung) > CHUNK // 2:  # one may have found no room
            for call in list(self.calls.values()):
                call.ready = call.answered
        return bool(rung)

    def close_bells(self, bells: "list[int]") -> None:
        for bell in bells:
            self.agent.unwatch(bell)
            os.close(bell)
        self.bells = [bell for bell in self.bells if bell not in bells]


def pipe_of(payload: bytearray) -> "tuple[int, int]":
    """A pipe with a command's text but for its last newline, and where that is to be written."""
    text, into = os.pipe()
    if len(payload) <= fcntl.fcntl(into, F_GETPIPE_SZ):
        with memoryview(payload) as view:
            os.write(into, view[:-1])
        return text, into
    gate_out, gate = os.pipe()
    if os.fork() == 0:
        write_long(payload, into, gate_out)
    close_files([into, gate_out])
    return text, gate


def write_long(payload: bytearray, into: int, gate: int) -> None:
    """What no pipe has room for is written by a process of its own. Never returns."""
    try:
        os.setsid()
        keep_only(into, gate)
        with memoryview(payload) as view:
            send_all(into, view[:-1])
        os.write(into, os.read(gate, 1))
    finally:
        os._exit(0)


def close_file(fd: int) -> int:
    """Close it if it is open; -1, to be kept in its place."""
    if fd >= 0:
        os.close(fd)
    return -1


def close_files(files: "list[int]") -> None:
    for fd in files:
        close_file(fd)


def open_log(folder: TokenFolder) -> int:
    try:
        return folder.open("log", os.O_WRONLY | os.O_APPEND)
    except OSError:
        return -1


def bury() -> None:
    """Children that ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except OSError:
        return


def set_nonblocking(fd: int) -> None:
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)


def send_all(fd: int, view: memoryview) -> None:
    """Write everything, or as much as is read."""
    try:
        while len(view):
            view = view[os.write(fd, view) :]
    except OSError:
        return  # the command ended before it read its text


# What the console asks for


class HostCall:
    """Something the console asked for and has not heard the end of."""

    def __init__(self, agent: "HostAgent", number: int) -> None:
        self.agent, self.number = agent, number
        self.due = None  # type: float | None
        self.next = self.close  # what is done when it is due

    def later(self, seconds: float, step: "Callable[[], None]") -> None:
        self.due, self.next = time.monotonic() + seconds, step

    def tick(self, now: float) -> None:
        if self.due is not None and self.due <= now:
            self.due = None
            self.guard(self.next)

    def guard(self, step: "Callable[[], None]") -> None:
        """Do a step; what the host refuses is the call's last word."""
        try:
            step()
        except RefusedByHost as refusal:
            self.end({"refused": list(refusal.args)})
        except OSError as error:
            self.end({"refused": ["folder", "%s: %s" % (self.agent.base.path, error.strerror)]})

    def say(self, **facts: object) -> None:
        self.agent.send(dict(facts, call=self.number))

    def end(self, facts: "dict[str, object]") -> None:
        self.say(**facts)
        self.close()

    def pull(self, now: float) -> "float | None":
        """Send what of a log is there; seconds until there may be more to send, if any."""
        return None

    def close(self) -> None:
        self.agent.calls.pop(self.number, None)


class FollowCall(HostCall):
    """Sends a log as it grows and, last, the last word.

    An attempt that this agent started rings when it has written; the log of any other is looked
    at again and again. Nothing is sent beyond `credit`, in bytes, which the console gives.
    """

    def __init__(self, agent: "HostAgent", number: int, head: "dict[str, object]") -> None:
        HostCall.__init__(self, agent, number)
        self.token = token_of(head)
        self.offset = number_of(head, "offset")
        self.credit = number_of(head, "credit")
        self.known_boot = text_of(head, "boot")
        self.folder = None  # type: TokenFolder | None
        self.log = self.alive = -1
        self.ready = False
        self.paced_until = 0.0
        self.settled = 0
        self.word = ""

    def begin(self) -> None:
        self.folder = self.folder or self.agent.base.open(self.token)
        if self.folder is None:
            word = self.agent.base.spent(self.token)
            self.end({"end": word + " acknowledged" if word is not None else "- gone -"})
            return
        self.await_log()

    def await_log(self) -> None:
        folder = self.held_folder()
        try:
            self.log = folder.open("log", os.O_RDONLY)
        except OSError:
            if lives(folder.read("go"), boot_id()):
                self.later(0.02, self.await_log)
                return
            folder.make("run", "veto")
        self.ready = True
        self.await_end()

    def await_end(self) -> None:
        """Wait until nobody holds `alive` any more who might still have something to say."""
        folder = self.held_folder()
        if not folder.is_fifo("alive"):
            self.on_end()
            return
        # Opened while somebody writes, ourselves: else nobody's going away would be noticed.
        both = folder.open("alive", os.O_RDWR)
        self.alive = folder.open("alive", os.O_RDONLY | os.O_NONBLOCK)
        os.close(both)
        self.agent.watch(self.alive, lambda: self.guard(self.on_end))

    def on_end(self) -> None:
        self.alive = self.forget(self.alive)
        folder = self.held_folder()
        if folder.has("end"):
            self.report()
            return
        writer = folder.writer()
        if writer and self.settled < SETTLE:
            self.settled += 1
            self.later(SILENT, self.on_end)
            return
        if writer:
            folder.insist("held", str(writer))
            signal_process(writer, signal.SIGTERM)
        self.report()

    def report(self) -> None:
        """The last word is known; what is missing of the log goes first."""
        if not self.word:
            self.word = self.agent.base.judge(self.token, self.held_folder(), self.known_boot)
            self.alive = self.forget(self.alive)
            self.due = None
        self.ready, self.paced_until = True, 0.0

    def pull(self, now: float) -> "float | None":
        if not self.ready or not self.credit:
            return None
        if now < self.paced_until:
            return self.paced_until - now
        data = os.pread(self.log, min(CHUNK, self.credit), self.offset) if self.log >= 0 else b""
        if data:
            self.send_log(data, now)
        else:
            self.on_all_sent()
        return 0.0 if self.number in self.agent.calls and self.ready else None

    def send_log(self, data: bytes, now: float) -> None:
        self.agent.send({"call": self.number, "log": self.offset}, data)
        self.offset += len(data)
        self.credit -= len(data)
        self.paced_until = now + PACE if len(data) < CHUNK and not self.word else now

    def on_all_sent(self) -> None:
        self.ready = False
        if self.word:
            proof = self.held_folder().read("proof")
            left = "" if proof in (None, "none") else proof
            self.end({"end": self.word, "survivors": left})
        elif not self.is_rung() and self.due is None:
            flows = time.monotonic() - self.paced_until < SILENT
            self.later(PACE if flows else SILENT, self.look_again)

    def look_again(self) -> None:
        self.ready = True

    def is_rung(self) -> bool:
        """Whether somebody tells when there is more to see."""
        return False

    def held_folder(self) -> TokenFolder:
        assert self.folder is not None
        return self.folder

    def forget(self, fd: int) -> int:
        if fd >= 0:
            self.agent.unwatch(fd)
            os.close(fd)
        return -1

    def close(self) -> None:
        HostCall.close(self)
        for fd in (self.log, self.alive):
            self.forget(fd)
        self.log = self.alive = -1
        if self.folder is not None:
            self.folder.close()
            self.folder = None


class RunCall(FollowCall):
    """Starts an attempt unless its token was ever used, says which it was, and follows."""

    def __init__(
        self, agent: "HostAgent", number: int, head: "dict[str, object]", payload: bytearray
    ) -> None:
        FollowCall.__init__(self, agent, number, dict(head, boot=""))
        self.order, self.payload = RunOrder(head), payload
        self.answered = False
        self.crew = None  # type: Crew | None
        self.files = ()  # type: tuple[int, ...]
        self.tries = 0

    def begin(self) -> None:
        try:
            self.folder = self.prepare()
            if self.folder is None:
                self.answer("already")
            else:
                self.start()
        finally:
            wipe(self.payload)

    def prepare(self) -> "TokenFolder | None":
        if len(self.payload) != self.order.size + 1:  # and its newline
            raise RefusedByHost("upload", self.agent.base.folder_of(self.token))
        return self.agent.base.prepare(self.token)

    def start(self) -> None:
        try:
            self.files = pipe_of(self.payload)
        except OSError:
            raise RefusedByHost("start", self.held_folder().path)
        self.enlist()

    def enlist(self) -> None:
        """Have a crew start it; once more where one was lost with the order unread."""
        self.tries += 1
        try:
            self.crew = self.agent.crew_at_work()
        except OSError:
            self.tries = TRIES + 1
        if self.crew is None or self.tries > TRIES:
            raise RefusedByHost("start", self.held_folder().path)
        self.crew.enlist(self, self.order, self.files)

    def on_ring(self, letter: bytes) -> None:
        if not self.answered:
            self.on_answer(letter)
        elif letter == b"e":
            self.report()
        else:
            self.ready = True

    def on_bell_lost(self) -> None:
        if self.answered:
            self.later(0.0, self.look_again)

    def on_answer(self, letter: bytes) -> None:
        self.let_go_of_text()
        if letter not in (b"n", b"a"):
            raise RefusedByHost("space", self.held_folder().path)
        self.answer("new" if letter == b"n" else "already")

    def answer(self, how: str) -> None:
        self.answered = True
        self.say(started=how, boot=self.order.boot)
        FollowCall.begin(self)

    def is_rung(self) -> bool:
        return self.crew is not None and len(self.crew.bells) == 2

    def let_go_of_text(self) -> None:
        close_files(list(self.files))
        self.files = ()

    def close(self) -> None:
        FollowCall.close(self)
        self.let_go_of_text()
        if self.crew is not None:
            self.crew.dismiss(self.token)
            self.crew = None


class StopCall(HostCall):
    """An abort, which the shell runner carries out: there is one way to end and to prove it."""

    def __init__(self, agent: "HostAgent", number: int, head: "dict[str, object]") -> None:
        HostCall.__init__(self, agent, number)
        self.arguments = (token_of(head), str(number_of(head, "grace")), text_of(head, "boot"))
        self.records = b""
        self.output = -1

    def begin(self) -> None:
        self.output, records = os.pipe()
        if os.fork() == 0:
            self.become_stop(records)
        os.close(records)
        self.agent.watch(self.output, lambda: self.guard(self.on_output), select.POLLIN)

    def become_stop(self, records: int) -> None:
        """Never returns."""
        try:
            os.dup2(records, 2)
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, 0)
            os.dup2(null, 1)
            self.agent.host.become_runner("stop", *self.arguments)
        finally:
            os._exit(127)

    def on_output(self) -> None:
        data = os.read(self.output, CHUNK)
        self.records = (self.records + data)[-CHUNK:]
        if not data:
            self.end(read_records(self.records))

    def close(self) -> None:
        HostCall.close(self)
        if self.output >= 0:
            self.agent.unwatch(self.output)
            os.close(self.output)
            self.output = -1


def read_records(text: bytes) -> "dict[str, object]":
    """The runner's records about an abort, as a frame has them."""
    facts = {"survivors": ""}  # type: dict[str, object]
    for line in text.decode("utf-8", "replace").splitlines():
        words = line.partition("@rollback ")[2].split()
        if words[:1] in (["survivors"], ["end"]):
            facts[words[0]] = " ".join(words[1:])
        elif words[:1] == ["refused"]:
            facts["refused"] = [words[1], " ".join(words[2:])]
    return facts if facts.keys() & {"end", "refused"} else {"broken": "the runner said nothing"}


def signal_process(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        return


def veto(base: AttemptStore, token: str, known_boot: str) -> bool:
    """Make a start impossible; True proves that there was none."""
    word = base.spent(token)
    if word is not None:
        return "never_started" in word
    folder = base.make_folder(token)
    try:
        if folder.rebooted(boot_id(), known_boot):
            return False
        return folder.make("run", "veto") or folder.read("run") == "veto"
    finally:
        folder.close()


class AttemptClearing:
    """Attempts that are over leave only their last word, for a month; their folders go."""

    def __init__(self, base: AttemptStore, number: int) -> None:
        self.base = base
        self.spent = os.path.join(base.path, "spent")
        self.bin = os.path.join(self.spent, "%d-%d.d" % (os.getpid(), number))
        self.over = []  # type: list[str]
        self.busy = ""

    def take(self, token: str, known_boot: str) -> None:
        folder = self.base.open(token)
        if folder is None:
            self.keep_word(token, "- gone -")
            return
        try:
            if self.runs(folder, known_boot):
                self.busy = folder.path
                return
            self.keep_word(token, self.base.judge(token, folder, known_boot))
            self.over.append(token)
        finally:
            folder.close()

    def runs(self, folder: TokenFolder, known_boot: str) -> bool:
        boot = boot_id()
        if folder.has("end") or folder.rebooted(boot, known_boot):
            return False
        return lives(folder.read("run"), boot) or lives(folder.read("go"), boot)

    def keep_word(self, token: str, word: str) -> None:
        path = os.path.join(self.spent, token)
        try:
            os.symlink(word, path)
        except OSError:
            if not os.path.islink(path):
                raise RefusedByHost("space", self.base.path)

    def remove(self) -> None:
        """Out of the way at once: a folder that is half removed must not be taken for evidence."""
        if not self.over:
            return
        try:
            os.mkdir(self.bin, 0o700)
        except OSError:
            raise RefusedByHost("space", self.base.path)
        for token in self.over:
            try:
                os.rename(self.base.folder_of(token), os.path.join(self.bin, token))
            except OSError:
                continue  # another cleared it away
        remove_tree(self.bin)


def remove_tree(path: str) -> None:
    """Remove a folder and all in it; what another removes meanwhile is no matter."""
    try:
        for entry in os.scandir(path):
            if entry.is_dir(follow_symlinks=False):
                remove_tree(entry.path)
            else:
                os.unlink(entry.path)
        os.rmdir(path)
    except OSError:
        return  # the shell runner clears up what is left


def acknowledge(base: AttemptStore, number: int, attempts: "list[tuple[str, str]]") -> None:
    """All of these are stored. Raises RefusedByHost for one that still runs, after the others."""
    clearing = AttemptClearing(base, number)
    try:
        os.makedirs(clearing.spent, 0o700, exist_ok=True)
    except OSError:
        raise RefusedByHost("space", base.path)
    for token, known_boot in attempts:
        clearing.take(token, known_boot)
    clearing.remove()
    if clearing.busy:
        raise RefusedByHost("running", clearing.busy)


class HostAgent(EventLoop):
    """Reads what the console asks for, and answers, until the console is gone or silent."""

    def __init__(self, host: HostContext) -> None:
        EventLoop.__init__(self)
        self.host, self.base = host, host.base
        self.calls = {}  # type: dict[int, HostCall]
        self.crew = None  # type: Crew | None
        self.buffer, self.inbox = bytearray(CHUNK), bytearray()
        self.outbox = []  # type: list[bytes]
        self.waiting = 0  # bytes in the outbox
        self.heard_at = time.monotonic()
        self.over = False

    def serve(self) -> None:
        for fd in (0, 1):
            set_nonblocking(fd)
        self.watch(0, self.on_input, select.POLLIN)
        self.watch(1, self.on_room)
        while not self.over:
            seconds = self.work()
            self.flush()
            self.wait(seconds)
            bury()

    def work(self) -> float:
        """Do what is due; seconds until something is due again."""
        now = time.monotonic()
        for call in list(self.calls.values()):
            call.tick(now)
        pauses = [self.heard_at + LEASE - now]
        if pauses[0] <= 0:
            self.over = True
        pauses += [pause for pause in self.pull_all(now) if pause is not None]
        pauses += [call.due - now for call in self.calls.values() if call.due is not None]
        return max(0.0, min(pauses))

    def pull_all(self, now: float) -> "list[float | None]":
        """One piece of each log that has one, while there is room."""
        return [call.pull(now) for call in list(self.calls.values()) if self.waiting < OUTBOX]

    def send(self, head: "dict[str, object]", body: bytes = b"") -> None:
        text = json.dumps(head).encode()
        self.outbox.append(HEADER.pack(len(text), len(body)) + text + body)
        self.waiting += len(self.outbox[-1])

    def flush(self) -> None:
        try:
            while self.outbox:
                sent = os.write(1, self.outbox[0])
                self.waiting -= sent
                if sent < len(self.outbox[0]):
                    self.outbox[0] = self.outbox[0][sent:]
                else:
                    del self.outbox[0]
        except OSError as error:
            self.over = self.over or error.errno != errno.EAGAIN
        self.poller.modify(1, select.POLLOUT if self.outbox else 0)

    def on_room(self) -> None:
        """There is room to write, or nobody reads any more, which writing tells."""
        if not self.outbox:
            self.over = True

    def on_input(self) -> None:
        try:
            size = os.readv(0, [self.buffer])
        except OSError as error:
            self.over = error.errno != errno.EAGAIN
            return
        self.over = not size
        self.heard_at = time.monotonic()
        self.inbox += memoryview(self.buffer)[:size]
        self.buffer[:size] = bytes(size)  # what is secret stays in memory for no longer than needed
        while self.read_frame():
            pass

    def read_frame(self) -> bool:
        """Act on the first frame that is whole. Raises ValueError for what is no frame."""
        if len(self.inbox) < HEADER.size:
            return False
        head_size, body_size = HEADER.unpack_from(self.inbox)
        if head_size > HEAD_CAP or body_size > BODY_CAP:
            raise ValueError("a frame of %d and %d bytes" % (head_size, body_size))
        head_end = HEADER.size + head_size
        if len(self.inbox) < head_end + body_size:
            return False
        head = json.loads(self.inbox[HEADER.size : head_end].decode())
        body = self.inbox[head_end : head_end + body_size]
        wipe_first(self.inbox, head_end + body_size)
        self.act(head, body)
        return True

    def act(self, head: "dict[str, object]", body: bytearray) -> None:
        number, verb = number_of(head, "call"), text_of(head, "verb")
        if verb in ("credit", "drop"):
            self.attend(number, verb, head)
            return
        call = self.make_call(number, verb, head, body)
        self.calls[number] = call
        call.guard(call.begin)

    def attend(self, number: int, verb: str, head: "dict[str, object]") -> None:
        call = self.calls.get(number)
        if call is not None and verb == "drop":
            call.close()
        elif isinstance(call, FollowCall):
            call.credit += number_of(head, "credit")

    def make_call(
        self, number: int, verb: str, head: "dict[str, object]", body: bytearray
    ) -> "RunCall | FollowCall | StopCall | ShortCall":
        if number in self.calls:
            raise ValueError("call")
        if verb == "run":
            return RunCall(self, number, head, body)
        if verb == "follow":
            return FollowCall(self, number, head)
        return (
            StopCall(self, number, head) if verb == "stop" else ShortCall(self, number, verb, head)
        )

    def wipe_secrets(self) -> None:
        """In a copy of this process, what it has no use for."""
        wipe(self.inbox)
        for call in self.calls.values():
            if isinstance(call, RunCall):
                wipe(call.payload)

    def crew_at_work(self) -> Crew:
        """One that takes orders, made where there is none. Raises OSError."""
        if self.crew is None or not self.crew.is_usable:
            self.crew = Crew(self)
        return self.crew


class ShortCall(HostCall):
    """What is answered at once."""

    def __init__(self, agent: HostAgent, number: int, verb: str, head: "dict[str, object]") -> None:
        HostCall.__init__(self, agent, number)
        self.verb, self.head = verb, head
        if verb not in ("ping", "veto", "acknowledge"):
            raise ValueError("verb")

    def begin(self) -> None:
        self.end(getattr(self, self.verb)())

    def ping(self) -> "dict[str, object]":
        return {"pong": True}

    def veto(self) -> "dict[str, object]":
        return {"veto": veto(self.agent.base, token_of(self.head), text_of(self.head, "boot"))}

    def acknowledge(self) -> "dict[str, object]":
        acknowledge(self.agent.base, self.number, attempts_of(self.head))
        return {"cleared": True}


def attempts_of(head: "dict[str, object]") -> "list[tuple[str, str]]":
    attempts = head.get("attempts")
    if not isinstance(attempts, list):
        raise ValueError("attempts")
    pairs = [dict(zip(("token", "boot"), pair)) for pair in attempts]
    return [(token_of(pair), text_of(pair, "boot")) for pair in pairs]


def wipe_first(data: bytearray, size: int) -> None:
    """Remove the first bytes, and leave nothing of them behind in memory."""
    data[:size] = bytes(size)
    del data[:size]


def main(mark: str, runner: str, shell: str) -> None:
    """Serve one connection. After `mark` all output is ours, and none of a login's."""
    if sys.version_info < (3, 6):
        sys.exit("Python %d.%d is too old" % sys.version_info[:2])
    outlive_signals()
    gc.disable()  # nothing here makes cycles, and a collection would copy shared memory
    agent = HostAgent(HostContext(runner, shell))
    os.write(1, b"@rollback log " + mark.encode() + b"\n")
    agent.send({"call": 0, "hello": VERSION, "python": "%d.%d.%d" % sys.version_info[:3]})
    agent.serve()
