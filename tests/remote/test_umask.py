"""What a command makes is as if a person had typed it; what the runner makes is its own."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from rollback_console.remote.protocol import Chunk, RunRequest
from tests.remote.conftest import connect_by
from tests.remote.sshd import Sshd


def test_a_command_has_the_accounts_own_umask(tmp_path: Path, kind: str) -> None:
    with_login = Sshd(tmp_path / "sshd").start()
    remote = connect_by(with_login, kind)
    try:
        plain = remote.ask(["sh", "-c", "umask"]).output
        ran = remote.run(RunRequest(str(uuid4()), "umask; env | grep -c CONSOLE_UMASK || true"))
        output = b"".join(item.data for item in ran if isinstance(item, Chunk))
        assert int(output.split()[0], 8) == int(plain, 8)
        assert output.split()[1] == b"0"
        assert with_login.attempts.stat().st_mode & 0o077 == 0
    finally:
        remote.close()
        with_login.remove()
