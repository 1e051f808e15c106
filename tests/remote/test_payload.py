"""What a shell is set to before the first command of a step, in each shell a host may have."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from rollback_console.remote.protocol import RunRequest
from rollback_console.remote.runner.commands import payload

SHELLS = [["bash", "--norc", "-eu", "-o", "pipefail"], ["dash", "-eu"], ["busybox", "sh", "-eu"]]


@pytest.fixture(params=SHELLS, ids=["bash", "dash", "busybox"])
def shell(request: pytest.FixtureRequest) -> list[str]:
    argv: list[str] = request.param
    if not shutil.which(argv[0]):
        pytest.skip(f"{argv[0]} is not installed")
    return argv


def evaluate(shell: list[str], home: Path, script: str, **changes: object) -> tuple[int, list[str]]:
    """Exit code and output lines of the text a host evaluates, in an account with that home."""
    request = RunRequest("00000000-0000-0000-0000-000000000000", script, **changes)  # type: ignore[arg-type]
    text = payload(request).decode("ascii").rstrip("\n")
    result = subprocess.run(
        [*shell, "-c", 'text=$1; shift; eval "$(printf %b "$text")"', "step", text],
        env={"PATH": "/usr/bin:/bin", "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout.splitlines()


def test_a_login_shell_reads_the_profile_and_the_values_of_the_plan_come_after_it(
    shell: list[str], tmp_path: Path
) -> None:
    (tmp_path / ".profile").write_text(
        'echo welcome\nmesg_is_not_there 2>/dev/null\n[ -n "$UNSET" ]\ncd /\n'
        "export TAG=from-profile PATH=$HOME/bin:$PATH\n"
    )
    script = 'echo "$TAG"; echo "${PATH%%:*}"; pwd; false; echo too far'
    environment = {"TAG": "v1.4.2"}
    code, lines = evaluate(shell, tmp_path, script, environment=environment, login=True)
    assert code == 1
    assert lines == ["v1.4.2", f"{tmp_path}/bin", str(tmp_path)]
    code, lines = evaluate(shell, tmp_path, 'echo "${PATH%%:*}"')
    assert (code, lines) == (0, ["/usr/bin"])


def test_bash_prefers_its_own_profile(tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text("export READ=profile\n")
    (tmp_path / ".bash_profile").write_text("export READ=bash_profile\n")
    assert evaluate(SHELLS[0], tmp_path, 'echo "$READ"', login=True) == (0, ["bash_profile"])


def test_an_unset_variable_ends_a_step_unless_it_is_not_strict(
    shell: list[str], tmp_path: Path
) -> None:
    assert evaluate(shell, tmp_path, 'echo "$PS7"; echo on')[1] == []
    script = 'echo "[$PS7]"; false; echo too far'
    assert evaluate(shell, tmp_path, script, strict=False) == (1, ["[]"])


def test_only_the_last_command_of_a_pipe_counts_where_a_step_is_not_strict(tmp_path: Path) -> None:
    script = "seq 999999 | head -1; echo on"
    assert evaluate(SHELLS[0], tmp_path, script) == (141, ["1"])
    assert evaluate(SHELLS[0], tmp_path, script, strict=False) == (0, ["1", "on"])


def test_python_shows_at_once_what_it_prints(shell: list[str], tmp_path: Path) -> None:
    assert evaluate(shell, tmp_path, 'echo "$PYTHONUNBUFFERED"') == (0, ["1"])


@pytest.mark.parametrize(
    ("cwd", "folder"),
    [("~", ""), ("~/app", "app"), ("app", "app"), ("~/my app", "my app"), ("", "")],
)
def test_a_folder_may_begin_at_the_home_of_the_account(
    shell: list[str], tmp_path: Path, cwd: str, folder: str
) -> None:
    for name in ("app", "my app"):
        (tmp_path / name).mkdir()
    assert evaluate(shell, tmp_path, "pwd", cwd=cwd) == (0, [str(tmp_path / folder)])


def test_nothing_in_a_folder_s_name_is_expanded(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / "$HOME; x").mkdir()
    assert evaluate(shell, tmp_path, "pwd", cwd="~/$HOME; x") == (0, [f"{tmp_path}/$HOME; x"])
