"""Values reach commands as one literal word each, and never as shell text."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollback_console.documents.errors import Unrenderable
from rollback_console.documents.model import Command
from rollback_console.documents.shell.render import render_script, render_text
from rollback_console.documents.shell.variables import free_variables

SHELLS = [name for name in ("dash", "bash", "busybox") if shutil.which(name)]
VALUES = st.text(
    alphabet=st.one_of(
        st.sampled_from("\"'`$\\;&|<>(){}*?~#! \n\t-=%"), st.characters(exclude_categories=["Cs"])
    ),
    max_size=40,
).filter(lambda value: "\0" not in value)


def run(script: str, shell: str = "sh", **values: str) -> str:
    """What the script prints, in a real shell with these variables set."""
    argv = ["busybox", "sh"] if shell == "busybox" else [shell]
    done = subprocess.run(
        [*argv, "-c", script],
        env={"PATH": os.environ["PATH"], **values},
        capture_output=True,
        check=True,
        timeout=20,
    )
    return done.stdout.decode()


def rendered(text: str) -> str:
    return render_text(text, {"<v>": "THE_VALUE"})


# Each prints exactly the value between brackets, whatever it holds.
PLACES = [
    "printf '[%s]' <v>",
    'printf "[%s]" "<v>"',
    "printf '[%s]' '<v>'",
    "printf '%s' [''<v>'']",
    'printf "[%s]" "$(printf "%s" <v>; printf x)" | sed "s/x]$/]/"',
    "cat <<EOF\n[<v>]\nEOF",
    "X=<v>; printf '[%s]' \"$X\"",
    'f() { printf "[%s]" "$1"; }; f <v>',
    "printf '%s' '['\"<v>\"']'",
]


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=15, deadline=None)
@given(value=VALUES)
def test_any_value_arrives_as_written_and_is_never_executed(place: str, value: str) -> None:
    expected = f"[{value}]"
    for shell in SHELLS[:2]:
        assert run(rendered(place), shell, THE_VALUE=value).removesuffix("\n") == (
            expected.removesuffix("\n")
        )


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("place", PLACES)
def test_a_value_full_of_shell_text_is_only_text(place: str, shell: str) -> None:
    hostile = """$(touch owned) `touch owned` "; touch owned; ' || touch owned # ${PATH}\\ *"""
    assert run(rendered(place), shell, THE_VALUE=hostile).rstrip("\n") == f"[{hostile}]"
    assert not os.path.exists("owned")  # noqa: PTH110


@settings(max_examples=25, deadline=None)
@given(value=VALUES, before=st.sampled_from(["a-", "", "x/"]), after=st.sampled_from([".sql", ""]))
def test_a_value_inside_a_word_stays_in_that_word(value: str, before: str, after: str) -> None:
    script = rendered(f"set -- {before}<v>{after}; printf '%s:%s' $# \"$1\"")
    assert run(script, THE_VALUE=value) == f"1:{before}{value}{after}"


def test_the_quotes_around_a_placeholder_decide_its_reference() -> None:
    assert rendered("git checkout <v>") == 'git checkout "${THE_VALUE}"'
    assert rendered('echo "at <v>"') == 'echo "at ${THE_VALUE}"'
    assert rendered("echo 'at <v>'") == "echo 'at '\"${THE_VALUE}\"''"
    assert rendered("cat <<EOF\n<v>\nEOF") == "cat <<EOF\n${THE_VALUE}\nEOF"
    assert rendered("ls # <v>") == "ls # <v>"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cat <<'EOF'\n<v>\nEOF", "quoted here-document"),
        ('cat <<"EOF"\n<v>\nEOF', "quoted here-document"),
        ("echo ${X:-<v>}", "expansion"),
        ("echo $((1 + <v>))", "arithmetic"),
        ("echo $'<v>'", "string"),
        ('echo "`echo <v>`"', "backticks"),
        ("<v> --force", "command's name"),
        ("sudo true; <v>", "command's name"),
        ("echo <other>", "goes in the place of <other>"),
    ],
)
def test_a_place_no_value_can_go_is_refused_with_a_sentence(text: str, says: str) -> None:
    with pytest.raises(Unrenderable, match=says):
        render_text(text, {"<v>": "THE_VALUE"})


def test_a_bad_variable_name_is_refused() -> None:
    with pytest.raises(Unrenderable, match="cannot be the name"):
        render_text("echo <v>", {"<v>": "A;B"})


def test_commands_of_another_language_are_never_handed_to_a_shell() -> None:
    with pytest.raises(Unrenderable, match="sql"):
        render_script([Command("DROP TABLE x;", (3, 3), "sql")], {})


def test_a_script_names_everything_it_needs() -> None:
    commands = [
        Command("git checkout <sha>", (1, 1)),
        Command("mysql -h $DB_HOST app < backup_YYYYMMDD.sql", (2, 2)),
    ]
    script = render_script(commands, {"<sha>": "SHA", "backup_YYYYMMDD.sql": "BACKUP_FILE"})
    assert script.text == (
        'set -e\ngit checkout "${SHA}"\nmysql -h $DB_HOST app < "${BACKUP_FILE}"\n'
    )
    assert script.environment_names == ("SHA", "BACKUP_FILE")
    assert script.variables == ("DB_HOST",)
    assert script.shell == "sh"


def test_values_that_a_second_interpreter_reads_are_named() -> None:
    commands = [
        Command('ssh web "cd <dir> && ls"', (1, 1)),
        Command("git checkout <sha>", (2, 2)),
        Command("psql -c \"select '$X'\"", (3, 3)),
    ]
    script = render_script(commands, {"<dir>": "DIR", "<sha>": "SHA"})
    assert script.inner == {"DIR", "X"}


@pytest.mark.parametrize(
    "text",
    [
        "bash <<END\necho <value>\nEND",
        "cat <<END | sudo -n sh\necho <value>\nEND",
        "echo <value> | /bin/bash",
        "make deploy VERSION=<value>",
        "sed -i s/a/<value>/ f",
        "perl -pe s/a/<value>/ f",
        "sudo -u app -i -- touch <value>",
        "[[ <value> -gt 3 ]]",
        "ansible-playbook site.yml -e version=<value>",
        "psql <value>",
        "helm upgrade shop . --set tag=<value>",
    ],
)
def test_so_are_those_that_become_a_program_without_quotes(text: str) -> None:
    assert render_script([Command(text, (1, 1))], {"<value>": "VALUE"}).inner == {"VALUE"}


def test_a_failing_command_ends_the_script_unless_told_otherwise() -> None:
    commands = [Command("false", (1, 1)), Command("echo reached", (2, 2))]
    stopped = subprocess.run(["sh", "-c", render_script(commands, {}).text], capture_output=True)
    assert (stopped.returncode, stopped.stdout) == (1, b"")
    going_on = render_script(commands, {}, stop_on_error=False)
    assert run(going_on.text) == "reached\n"


@pytest.mark.parametrize("text", ["[[ -f x ]]", "source env", "diff <(a) <(b)", "x=(1 2)"])
def test_bash_is_asked_for_where_only_bash_reads_the_text(text: str) -> None:
    assert render_script([Command(text, (1, 1))], {}).shell == "bash"


@pytest.mark.parametrize(
    ("text", "free"),
    [
        ("mysql -h $DB_HOST -u ${DB_USER} -p$DB_PASSWORD", {"DB_HOST", "DB_USER", "DB_PASSWORD"}),
        ("echo $HOME $PATH $1 $? $$ ${#}", set()),
        ("V=1; echo $V", set()),
        ("export V=$(date); echo ${V}", set()),
        ("for h in a b; do ssh $h; done", set()),
        ("read -r name && echo $name", set()),
        ("echo ${PORT:-80} ${X-1}", set()),
        ("echo ${PORT:?needed}", {"PORT"}),
        ("echo '$NOT' \\$NEITHER # $NOR", set()),
        ("cat <<'EOF'\n$NOT\nEOF", set()),
        ("cat <<EOF\n$YES\nEOF", {"YES"}),
        ('echo "at ${X}"', {"X"}),
        ("echo $(cat $FILE)", {"FILE"}),
        ("awk '{print $name}' x", set()),
    ],
)
def test_variables_nobody_sets_are_found(text: str, free: set[str]) -> None:
    assert free_variables(text) == free
