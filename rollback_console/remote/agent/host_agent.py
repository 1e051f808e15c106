"""What answers the console on a host that has Python: one process a connection, many attempts.

This one file is sent to the host and runs there on Python 3.6 or newer with the standard library
alone, so it uses nothing younger. It keeps the folder and the tokens of the shell runner that lies
beside it (../runner/), so that each of the two understands what the other started.

An attempt has three processes of ours. The supervisor is elected by `go`, enforces the time limit
and writes the last word. The pump moves output from the FIFO to the log. The leader starts the
command in a session of its own and writes its exit code. Whoever of the first two is killed is
replaced by the other; with both gone the leader still empties the FIFO, so that the command goes
on. None of them needs the agent, which only starts them and reads what they leave.
"""

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


def start_of(pid: "int | str") -> str:
    """When the process started, in ticks since boot; empty if it is gone or waits to be buried."""
    try:
        fields = read_file("/proc/%s/stat" % pid).rpartition(b")")[2].split()
    except OSError:
        return ""
    return "" if len(fields) < 20 or fields[0] in (b"Z", b"X", b"x") else fields[19].decode()


def identity(boot: str) -> str:
    """This process, as a token names it."""
    return "%d %s %s" % (os.getpid(), start_of("self"), boot)


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


def supervise(
    host: HostContext, order: RunOrder, folder: TokenFolder, payload: bytearray, bell: int
) -> None:
    """The one supervisor of an attempt. Its first ring is the answer to whoever launched."""
    os.setsid()
    keep_only(folder.fd, bell)
    os.fchdir(folder.fd)
    if not folder.make("go", identity(order.boot)):
        ring(bell, b"a" if folder.has("go") else b"s")
        return
    if host.base.spent(order.token) is not None:
        ring(bell, b"a")
        return
    try:
        pipes = AttemptPipes(folder)
    except OSError:
        ring(bell, b"s")
        return
    ring(bell, b"n")
    AttemptSupervisor(host, order, folder, pipes, bell).start(payload)


class AttemptPipes:
    """The files of an attempt's processes. An end that only one of them keeps tells of its end."""

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
        self.supervisor, self.of_supervisor = os.pipe()
        self.pump, self.of_pump = os.pipe()
        self.leader, self.of_leader = os.pipe()
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


class AttemptWatch(EventLoop):
    """What supervisor and pump can both do, so that each may stand in for the other."""

    orphan = False

    def __init__(
        self,
        host: HostContext,
        order: RunOrder,
        folder: TokenFolder,
        pipes: AttemptPipes,
        bell: int,
    ) -> None:
        EventLoop.__init__(self)
        self.host, self.order, self.folder = host, order, folder
        self.pipes, self.bell = pipes, bell
        self.deadline = uptime() + order.limit
        self.in_charge = False
        self.keeps = ""  # what becomes of output: log, tail, nothing; empty: another pumps
        self.tail = bytearray()
        self.room = order.cap
        self.drained = False  # the log is complete
        self.flowing = False  # the FIFO may still hold output
        self.leader_gone_at = 0.0

    def keep(self) -> None:
        while not self.is_over():
            self.wait(self.patience())
            if self.in_charge:
                self.look_at_clocks()
        if self.in_charge:
            self.finish()
        self.drain()

    def is_over(self) -> bool:
        return self.drained and (bool(self.leader_gone_at) or not self.in_charge)

    def patience(self) -> float:
        if not self.in_charge:
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
        if self.folder.insist("late", str(int(uptime()))) and os.fork() == 0:
            self.host.become_runner("expire", self.folder.path, str(self.order.grace))

    def hold(self) -> None:
        """A daemon kept the pipe open. The log ends here; the pipe is still emptied."""
        self.folder.insist("held", str(os.getpid()))
        self.keeps, self.drained = "nothing", True

    # Pumping

    def take_over_pump(self, keeps: str) -> None:
        self.keeps, self.flowing = keeps, True
        self.watch(self.pipes.output, self.on_output, select.POLLIN)

    def on_output(self) -> None:
        data = os.read(self.pipes.output, CHUNK)
        if not data:
            self.unwatch(self.pipes.output)
            self.flowing, self.drained = False, True
            self.write_tail()
        elif self.keeps == "log":
            self.log(data)
        elif self.keeps == "tail":
            self.remember(data)

    def log(self, data: bytes) -> None:
        head = data[: self.room]
        try:
            written = 0
            while written < len(head):
                written += os.write(self.pipes.log, head[written:])
        except OSError:
            self.stop_logging("disk_full", data[written:])
            return
        finally:
            self.room -= written
            self.tell()
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
                del self.tail[: os.write(self.pipes.log, self.tail)]
        except OSError:
            return  # the disk is still full, which the flags say already

    def tell(self) -> None:
        if self.bell >= 0 and not ring(self.bell, b"l"):
            self.hang_up()

    def hang_up(self) -> None:
        os.close(self.bell)
        self.bell = -1

    # The end

    def finish(self) -> None:
        if self.folder.has("cancel") or self.folder.has("late"):
            self.await_proof()
        words = [self.folder.outcome(), str(self.folder.logged())]
        words += (["orphan"] if self.orphan else []) + self.folder.flags()
        self.folder.insist("end", " ".join(words))
        if self.bell >= 0:
            ring(self.bell, b"e")

    def await_proof(self) -> None:
        late = time.monotonic() + self.order.grace + 10
        while not self.folder.has("proof") and time.monotonic() < late:
            time.sleep(0.02)

    def drain(self) -> None:
        """Empty the pipe for as long as a daemon holds it, with nothing more to say."""
        if not self.flowing:
            return
        keep_only(self.pipes.output)
        while os.read(self.pipes.output, CHUNK):
            pass


class AttemptSupervisor(AttemptWatch):
    """Starts the others, waits for the command and writes the last word."""

    pump_pid = 0

    def start(self, payload: bytearray) -> None:
        self.in_charge = True
        self.pump_pid = self.start_pump(payload)
        self.start_leader(payload)
        wipe(payload)
        for fd in (self.pipes.inlet, self.pipes.of_pump, self.pipes.of_leader):
            os.close(fd)
        self.watch(self.pipes.leader, self.on_leader_gone)
        self.watch(self.pipes.pump, self.on_pump_gone, select.POLLIN)
        self.keep()

    def start_pump(self, payload: bytearray) -> int:
        try:
            pid = os.fork()
        except OSError:
            return 0  # its pipe closes, and so it counts as killed
        if pid == 0:
            wipe(payload)
            LogPump(self.host, self.order, self.folder, self.pipes, self.bell).start()
            os._exit(0)
        return pid

    def start_leader(self, payload: bytearray) -> None:
        try:
            pid = os.fork()
        except OSError:
            return  # as above
        if pid == 0:
            os.close(self.bell)
            CommandLeader(self.host, self.order, self.folder, self.pipes).start(payload)
            os._exit(0)

    def on_leader_gone(self) -> None:
        self.unwatch(self.pipes.leader)
        self.leader_gone_at = time.monotonic()

    def on_pump_gone(self) -> None:
        self.unwatch(self.pipes.pump)
        if os.read(self.pipes.pump, 1):  # it said that it is done
            self.drained = True
            return
        self.folder.insist("pumped", "pump_died")
        self.take_over_pump("tail")

    def hold(self) -> None:
        if self.keeps:
            AttemptWatch.hold(self)
            return
        self.folder.insist("held", str(self.pump_pid))
        os.kill(self.pump_pid, signal.SIGTERM)
        self.leader_gone_at = time.monotonic()  # should the pump not let go, once more


class LogPump(AttemptWatch):
    """Moves output to the log. Takes the supervisor's place when that is killed."""

    def start(self) -> None:
        for fd in (self.pipes.inlet, self.pipes.of_supervisor, self.pipes.of_leader):
            os.close(fd)
        os.dup2(self.pipes.log, 1)  # by which any runner knows who writes the log
        os.close(self.pipes.log)
        self.pipes.log = 1
        self.watch(self.wake_on_term(), self.on_term, select.POLLIN)
        self.watch(self.pipes.supervisor, self.on_supervisor_gone)
        self.take_over_pump("log")
        self.keep()

    def wake_on_term(self) -> int:
        self.woken, waker = os.pipe()
        for fd in (self.woken, waker):
            set_nonblocking(fd)
        signal.set_wakeup_fd(waker)
        return self.woken

    def on_term(self) -> None:
        """Asked to let go of the log; any other signal is none of our business."""
        os.read(self.woken, 512)
        if self.folder.has("held") and self.keeps != "nothing":
            self.keeps, self.drained = "nothing", True

    def on_supervisor_gone(self) -> None:
        self.unwatch(self.pipes.supervisor)
        self.in_charge = self.orphan = True
        self.watch(self.pipes.leader, self.on_leader_gone)

    def on_leader_gone(self) -> None:
        self.unwatch(self.pipes.leader)
        self.leader_gone_at = time.monotonic()

    def drain(self) -> None:
        ring(self.pipes.of_pump, b".")
        AttemptWatch.drain(self)


class CommandLeader(EventLoop):
    """Leads the command's session: `run` is there before the first byte of the command is."""

    def __init__(
        self, host: HostContext, order: RunOrder, folder: TokenFolder, pipes: AttemptPipes
    ) -> None:
        EventLoop.__init__(self)
        self.host, self.order, self.folder, self.pipes = host, order, folder, pipes
        self.code = -1
        self.command = 0

    def start(self, payload: bytearray) -> None:
        os.setsid()
        for fd in (self.pipes.of_supervisor, self.pipes.of_pump, self.pipes.log):
            os.close(fd)
        if not self.folder.make("run", identity(self.order.boot)):
            return  # whoever made it first has vetoed the start
        self.watch_children()
        self.start_command(payload)
        for fd in (self.pipes.supervisor, self.pipes.pump):
            self.watch(fd, self.look_for_keepers)
        while self.code < 0:
            self.wait(3600.0)
        self.write_code()

    def watch_children(self) -> None:
        self.woken, waker = os.pipe()
        for fd in (self.woken, waker):
            set_nonblocking(fd)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(waker)
        self.watch(self.woken, self.on_signal, select.POLLIN)

    def start_command(self, payload: bytearray) -> None:
        text, into = os.pipe()
        os.umask(self.host.umask)
        self.command = self.spawn_command(text) or self.fork_command(text, payload)
        os.close(text)
        send_all(into, payload)
        wipe(payload)
        os.close(into)

    def spawn_command(self, text: int) -> int:
        """Without a copy of this process, which costs as much as the shell itself."""
        argv = self.argv()
        try:
            files = [(os.POSIX_SPAWN_DUP2, source, fd) for fd, source in self.files(text)]
            path = find_program(argv[0], self.host.environment)
            variables = self.host.environment
            return os.posix_spawn(path, argv, variables, file_actions=files, setsigdef=RESET)
        except (AttributeError, OSError):
            return 0  # before Python 3.8, or no such program, which the other way tells

    def fork_command(self, text: int, payload: bytearray) -> int:
        command = os.fork()
        if command == 0:
            wipe(payload)
            signal.set_wakeup_fd(-1)
            for fd, source in self.files(text):
                os.dup2(source, fd)
            become(self.argv(), self.host)
        return command

    def files(self, text: int) -> "list[tuple[int, int]]":
        return [(0, text), (1, self.pipes.inlet), (2, self.pipes.inlet)]

    def argv(self) -> "list[str]":
        has_bash = self.host.has_bash
        argv = BASH if has_bash else self.host.shell + ["-eu"]
        line = "exec 3<&0 </dev/null; " + WHOLE % self.order.size
        argv = argv + ["-c", line + (BY_BASH if has_bash else BY_SH)]
        return (["sudo", "-n", "-u", self.order.user, "--"] if self.order.user else []) + argv

    def on_signal(self) -> None:
        os.read(self.woken, 512)
        pid, status = os.waitpid(self.command, os.WNOHANG)
        if pid:
            self.code = (
                os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
            )

    def look_for_keepers(self) -> None:
        """With supervisor and pump gone, output goes nowhere, but the command goes on."""
        for fd in (self.pipes.supervisor, self.pipes.pump):
            if fd in self.handlers and is_closed(fd):
                self.unwatch(fd)
        if not self.handlers.keys() & {self.pipes.supervisor, self.pipes.pump}:
            self.folder.insist("pumped", "pump_died")
            self.watch(self.pipes.output, self.on_output, select.POLLIN)

    def on_output(self) -> None:
        os.read(self.pipes.output, CHUNK)

    def write_code(self) -> None:
        os.close(self.pipes.inlet)
        why = "aborted" if self.folder.has("cancel") else "finished"
        if self.folder.has("late"):
            why = "timed_out"
        self.folder.insist("rc", "%d %s" % (self.code, why))


def is_closed(fd: int) -> bool:
    """Whether nobody holds the other end of a pipe."""
    poller = select.poll()
    poller.register(fd, 0)
    return bool(poller.poll(0))


def set_nonblocking(fd: int) -> None:
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)


def send_all(fd: int, data: bytearray) -> None:
    """Write everything, or as much as is read."""
    view = memoryview(data)
    try:
        while len(view):
            view = view[os.write(fd, view) :]
    except OSError:
        return  # the command ended before it read its text
    finally:
        view.release()


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
        self.log = self.alive = self.bell = -1
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
        elif self.bell < 0 and self.due is None:
            flows = time.monotonic() - self.paced_until < SILENT
            self.later(PACE if flows else SILENT, self.look_again)

    def look_again(self) -> None:
        self.ready = True

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
        for fd in (self.log, self.alive, self.bell):
            self.forget(fd)
        self.log = self.alive = self.bell = -1
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
        self.bell, bell = os.pipe()
        set_nonblocking(bell)
        try:
            pid = os.fork()
        except OSError:
            raise RefusedByHost("start", self.held_folder().path)
        if pid == 0:
            self.become_supervisor(bell)
        os.close(bell)
        self.agent.watch(self.bell, lambda: self.guard(self.on_bell), select.POLLIN)

    def become_supervisor(self, bell: int) -> None:
        """Never returns."""
        try:
            supervise(self.agent.host, self.order, self.held_folder(), self.payload, bell)
        finally:
            os._exit(0)

    def on_bell(self) -> None:
        rung = os.read(self.bell, 4096)
        if not self.answered:
            self.on_answer(rung[:1])
        if b"e" in rung:
            self.report()
        elif rung:
            self.ready = True
        else:
            self.bell = self.forget(self.bell)
            self.later(0.0, self.look_again)

    def on_answer(self, letter: bytes) -> None:
        path = self.held_folder().path
        if letter not in (b"n", b"a"):
            raise RefusedByHost("space" if letter else "start", path)
        self.answer("new" if letter == b"n" else "already")

    def answer(self, how: str) -> None:
        self.answered = True
        self.say(started=how, boot=self.order.boot)
        FollowCall.begin(self)


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
            self.bury()

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

    def bury(self) -> None:
        """Supervisors that ended are our children."""
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except OSError:
            return


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
