"""Every finding has a stable code, a line and a sentence that says what to do."""

from __future__ import annotations

import subprocess

import pytest

from rollback_console.documents import read
from rollback_console.documents.edit.writer import apply_fix
from rollback_console.documents.lint.destructive import dangers
from rollback_console.documents.model import Finding, Severity, StepKind
from rollback_console.documents.placeholders.find import find_placeholders
from rollback_console.documents.shell.hidden_characters import find_hidden
from rollback_console.documents.shell.variables import free_variables

E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE


def plan(*steps: str, language: str = "bash", tail: str = "") -> str:
    parts = [f"### Step {at}: Do it\n\n```{language}\n{s}\n```\n" for at, s in enumerate(steps, 1)]
    return "# Rollback\n\n## Rollback steps\n\n" + "\n".join(parts) + tail


def findings(text: str) -> dict[str, Finding]:
    return {one.code: one for one in read(text).findings}


COMMANDS = [
    ("removes-files", W, "rm -rf /srv/app/old"),
    ("drops-data", W, "psql app -c 'DROP TABLE orders'"),
    ("drops-data", W, "mysql app -e 'DELETE FROM orders'"),
    ("empties-cache", W, "redis-cli FLUSHALL"),
    ("discards-work", W, "git reset --hard origin/main"),
    ("force-push", W, "git push --force origin main"),
    ("restores-past-errors", W, "psql shop < /var/backups/shop.sql"),
    ("restores-past-errors", W, "psql -U shop -f dump.sql shop"),
    ("restores-past-errors", W, "gunzip -c x.sql.gz | sudo -u postgres psql shop"),
    ("restores-past-errors", W, "pg_restore -d shop x.dump"),
    ("restores-past-errors", W, "mysql --force shop < x.sql"),
    ("restores-over", W, "gunzip -c x.sql.gz | mysql app"),
    ("restores-over", W, "cat b.sql | docker-compose exec -T db psql -U admin -d x"),
    ("restores-over", W, "gunzip -c b.gz | kubectl exec -i db-0 -- psql -d x"),
    ("restores-past-errors", W, "gunzip -c b.gz | kubectl exec -i db-0 -- psql -d x"),
    ("reverses-migration", W, "php artisan migrate:rollback --force"),
    ("reverses-migration", W, "bundle exec rails db:rollback STEP=1"),
    ("destroys-resources", W, "terraform destroy -auto-approve"),
    ("destroys-resources", W, "docker compose down -v"),
    ("asks-a-person", E, 'read -p "Sure? " answer'),
    ("opens-an-editor", E, "sudo nano /etc/app.conf"),
    ("opens-an-editor", E, "kubectl edit deployment/app"),
    ("opens-an-editor", E, "git rebase -i HEAD~3"),
    ("never-ends", E, "tail -f /var/log/app.log"),
    ("never-ends", E, "kubectl logs -f deployment/app"),
    ("never-ends", E, "kubectl get pods -w"),
    ("never-ends", E, "watch kubectl get pods"),
    ("never-ends", E, "top"),
    ("never-ends", E, "cat x | less"),
    ("opens-an-editor", E, "code ."),
    ("never-ends", E, "journalctl -u app -f"),
    ("opens-a-session", E, "psql -U app appdb"),
    ("opens-a-session", E, "docker exec -it app bash"),
    ("opens-a-session", E, "python manage.py shell"),
    ("opens-a-session", E, "ssh deploy@web1"),
    ("reader-stops-early", W, "yes | apt-get install nginx"),
    ("asks-a-password", E, "mysqldump -u root -p shop > shop.sql"),
    ("asks-a-password", E, "mysql -u root -p < shop.sql"),
    ("asks-a-password", E, "psql -W shop -c 'select 1'"),
    ("links-inside", W, "ln -sf /srv/releases/3 /srv/current"),
    ("links-inside", W, "ln -s -f releases/3 current && ls"),
    ("may-ask", W, "git revert abc"),
    ("may-ask", W, "apt-get install nginx"),
    ("exits-early", W, "exit 1"),
    ("goes-on-behind", W, "nohup ./worker &"),
    ("literal-credential", E, "export API_TOKEN=abcd1234efgh"),
    ("literal-credential", E, "mysql -u root -phunter22 app"),
    ("literal-credential", E, "psql postgres://app:hunter22@db/app -c 'select 1'"),
    ("password-in-arguments", E, "mysql -u app -p$DB_PASSWORD app -e 'select 1'"),
    ("password-in-arguments", E, "curl -u admin:$TOKEN https://x/y"),
    ("password-in-arguments", E, "redis-cli -a $REDIS_PASSWORD ping"),
    ("example-value", W, "kubectl rollout undo deploy/app --to-revision=42"),
    ("example-value", W, "docker pull app:v1.2.3"),
    ("example-value", W, "cp conf.2025-10-16-180000 conf"),
    ("pipe-hides-failure", N, "pg_dump app | gzip > app.gz"),
    ("runs-downloaded-code", E, "curl -s https://x/y.sh | bash"),
    ("reader-stops-early", W, "journalctl -u shop --no-pager | head -20"),
    ("reader-stops-early", W, "if docker ps | grep -q 'shop web'; then true; fi"),
    ("reader-stops-early", W, 'last="$(git log --oneline | sed 5q)"'),
    ("variable-never-set", W, "ssh $HOSTS uptime"),
    ("no-working-directory", W, "npm run rollback"),
    ("no-dump-before-restore", E, "psql app < dump.sql"),
    ("wants-arguments", E, 'git checkout "$1"'),
    ("value-cannot-go-there", E, "cat > f <<'X'\n<value>\nX"),
    ("value-read-twice", W, 'ssh web "cd <directory>"'),
]  # fmt: skip


@pytest.mark.parametrize(("code", "severity", "command"), COMMANDS)
def test_a_command_that_deserves_a_word_gets_it(
    code: str, severity: Severity, command: str
) -> None:
    result = findings(plan(command))
    assert result[code].severity is severity
    assert result[code].line == 8
    assert result[code].message.rstrip().endswith(".")
    assert result[code].step == "do-it"


FINE = [
    ("reader-stops-early", "ls -t /srv/releases | head -1"),
    ("reader-stops-early", "echo $X | grep -q shop"),
    ("reader-stops-early", "docker ps | grep shop"),
    ("reader-stops-early", "ssh web 'docker ps | head -1'"),
    ("reader-stops-early", "set +o pipefail\ndocker ps | head -1"),
    ("opens-an-editor", "code=$(curl -s -o /dev/null -w '%{http_code}' http://x)"),
    ("opens-an-editor", "vi=1"),
    ("never-ends", "top=3"),
    ("never-ends", 'more="x"'),
    ("never-ends", "less.sh"),
    ("asks-a-password", "mysql shop -e 'select 1' && mkdir -p /srv/x"),
    ("asks-a-password", "mysqldump --defaults-extra-file=/etc/x shop | tee -p x"),
    ("reader-stops-early", "{ yes || true; } | ./setup"),
    ("reader-stops-early", "echo yes | ./setup"),
    ("links-inside", "ln -sfn /srv/releases/3 /srv/current"),
    ("links-inside", "ln -nfs /srv/releases/3 /srv/current"),
    ("links-inside", "ln -sf /etc/nginx/a.conf /etc/nginx/b.conf"),
    ("links-inside", "ln -s /srv/releases/3 /srv/current.new"),
    ("removes-files", "rm -f /run/app.pid"),
    ("force-push", "git push origin main"),
    ("never-ends", "tail -n 50 /var/log/app.log"),
    ("never-ends", "kubectl logs --tail=50 deployment/app"),
    ("never-ends", "kubectl rollout status deployment/app --timeout=2m"),
    ("opens-a-session", "psql -U app -c 'select 1' appdb"),
    ("opens-a-session", "mysql app < dump.sql"),
    ("opens-a-session", "docker exec app ls"),
    ("opens-a-session", "ssh web uptime"),
    ("opens-an-editor", "git commit -m 'undo'"),
    ("may-ask", "git revert --no-edit abc"),
    ("goes-on-behind", "make build && make ship"),
    ("goes-on-behind", "ls > log 2>&1"),
    ("literal-credential", "export API_TOKEN=$TOKEN"),
    ("literal-credential", "login --password <password>"),
    ("password-in-arguments", "mysql --defaults-extra-file=/etc/my.cnf app -e 'select 1'"),
    ("variable-never-set", "echo $HOME ${PORT:-80}"),
    ("no-working-directory", "cd /srv/app\nnpm run rollback"),
    ("no-dump-before-restore", "pg_dump app > before.sql\npsql app < dump.sql"),
    ("wants-arguments", "awk '{print $1}' file"),
    ("value-read-twice", "tar -xzf <file>"),
    ("example-value", 'cp x "x.$(date +%Y%m%d)"'),
]


@pytest.mark.parametrize(("code", "command"), FINE)
def test_a_command_that_is_fine_is_left_in_peace(code: str, command: str) -> None:
    assert code not in findings(plan(command))


def test_a_directory_entered_in_one_step_is_missed_in_the_next() -> None:
    text = plan("cd /srv/app\ngit checkout <tag>", "npm ci")
    result = findings(text)["directory-not-carried"]
    assert result.severity is E
    repaired = read(apply_fix(read(text), result))
    assert [one.text for one in repaired.procedures[0].steps[1].commands] == [
        "cd /srv/app",
        "npm ci",
    ]


def test_a_variable_set_in_one_step_is_missed_in_the_next() -> None:
    text = plan("export TAG=$(cat /srv/tag)", 'docker pull "app:$TAG"')
    result = findings(text)["variable-not-carried"]
    repaired = read(apply_fix(read(text), result))
    assert "variable-not-carried" not in {one.code for one in repaired.findings}
    assert repaired.procedures[0].steps[1].commands[0].text == "export TAG=$(cat /srv/tag)"


def test_reversing_migrations_before_the_checkout_is_fine() -> None:
    good = plan("cd /srv\npython manage.py migrate shop 0007", "cd /srv\ngit checkout <tag>")
    bad = plan("cd /srv\ngit checkout <tag>", "cd /srv\npython manage.py migrate shop 0007")
    assert "reversal-after-checkout" not in findings(good)
    assert findings(bad)["reversal-after-checkout"].severity is E


def test_moving_the_reversal_up_keeps_every_line_and_counts_anew() -> None:
    text = plan("git -C /srv checkout <tag>", "systemctl restart app", "alembic downgrade -1")
    document = read(text)
    moved = apply_fix(document, findings(text)["reversal-after-checkout"])
    assert sorted(moved.split("\n")) == sorted(text.split("\n"))
    numbers = [one.number for one in read(moved).procedures[0].steps]
    assert numbers == [1, 2, 3]
    assert "downgrade" in read(moved).procedures[0].steps[0].commands[0].text


def test_the_dump_a_fix_writes_goes_where_the_restore_reads_from() -> None:
    text = plan("sudo -u postgres psql -h db shop < shop.sql")
    repaired = read(apply_fix(read(text), findings(text)["no-dump-before-restore"]))
    first = repaired.procedures[0].steps[0].commands[0].text
    assert first.startswith("sudo -u postgres pg_dump -h db shop > ")


@pytest.mark.parametrize(
    ("code", "fence"),
    [
        ("unfinished-command", "```bash\necho 'open\n```"),
        ("left-out-commands", "```bash\ngit fetch\n...\n```"),
        ("interactive-lines", "```bash\n>>> import app\n```"),
        ("other-language", "```sql\nSELECT 1;\n```"),
        ("other-language", "```powershell\nStop-Service app\n```"),
        ("no-prompt", "```console\nNAME READY\nweb 1/1\n```"),
        ("not-shell", "```bash\nrun this ^\n  --now\n```"),
        ("not-commands", "```\ngit fetch origin\nOpen the admin page\n```"),
    ],
)
def test_a_fence_that_cannot_be_trusted_is_done_by_hand(code: str, fence: str) -> None:
    text = f"# Rollback\n## Rollback steps\n### Step 1: Do\n{fence}\n"
    (step,) = read(text).procedures[0].steps
    assert step.kind is StepKind.MANUAL
    assert not step.runs
    assert code in findings(text)


def test_an_unclosed_fence_ends_with_the_document_and_can_be_closed() -> None:
    text = "# Rollback\n## Rollback steps\n### Step 1: Do\n```bash\nsystemctl restart app"
    result = findings(text)["unclosed-fence"]
    repaired = read(apply_fix(read(text), result))
    assert "unclosed-fence" not in {one.code for one in repaired.findings}
    assert repaired.source.endswith("systemctl restart app\n```\n")


def test_too_many_choices_in_one_step_are_left_to_a_person() -> None:
    pair = "systemctl stop a{0}\n# or\nservice a{0} stop\n"
    text = plan("\n".join(pair.format(at) + f"# next {at}" for at in range(5)))
    assert "several-choices" in findings(text)
    assert read(text).procedures[0].steps[0].kind is StepKind.MANUAL


def test_the_same_thing_undone_twice_is_read_as_a_choice_and_said_so() -> None:
    text = plan(
        "# Latest\nkubectl rollout undo deploy/app\n# One revision\n"
        "kubectl rollout undo deploy/app --to-revision=<n>"
    )
    assert len(read(text).procedures[0].steps[0].alternatives) == 2
    assert "read-as-alternatives" in findings(text)
    both = plan("# One\nkubectl rollout undo deploy/app\n# Two\nkubectl rollout undo deploy/worker")
    assert read(both).procedures[0].steps[0].alternatives == ()


def test_commands_behind_a_choice_belong_to_every_way_and_that_is_said() -> None:
    text = plan("git checkout <sha>\n# or\ngit checkout <tag>\n# Restart\nsystemctl restart app")
    ways = read(text).procedures[0].steps[0].alternatives
    assert [way.commands[-1].text for way in ways] == ["systemctl restart app"] * 2
    assert "commands-after-choice" in findings(text)


@pytest.mark.parametrize("info", ["timeout=soon", "rolling=many", "on-failure=panic", "retry=-1"])
def test_an_attribute_that_cannot_be_understood_is_an_error(info: str) -> None:
    result = findings(plan("ls", language=f"bash {info}"))["bad-attribute"]
    assert result.severity is E
    assert info.split("=")[0] in result.message


def test_an_undo_that_names_no_step_is_an_error() -> None:
    assert "undo-unknown" in findings(plan("ls", language="bash id=a undo=b"))
    assert "undo-unknown" not in findings(plan("ls", language="bash id=a undo=a"))


def test_what_a_plan_lacks_is_said() -> None:
    bare = findings("# Rollback\n\nSome words.\n")
    assert {"no-steps", "no-checks", "no-triggers", "no-decision-maker"} <= bare.keys()
    assert bare["no-steps"].severity is E


def test_a_broken_head_is_an_error_with_its_line() -> None:
    result = findings("---\ntitle: [a\n---\n# Rollback\n")
    assert result["front-matter"].severity is E
    assert "line" in result["front-matter"].message


def test_lines_that_mean_nothing_to_the_console_are_listed() -> None:
    document = read("# Rollback\n\nSome words.\n\n## Weather\n\nSunny.\n")
    assert document.unmapped == ((3, 3), (5, 5), (7, 7))
    (finding,) = [one for one in document.findings if one.code == "not-understood"]
    assert finding.message.endswith("about it: lines 3 to 7 (Some words.).")


def test_a_step_that_undoes_itself_is_an_error() -> None:
    result = findings(plan("ls", language="bash id=a undo=a"))["undo-itself"]
    assert result.severity is E
    assert "names the step itself" in result.message


def test_an_undo_that_could_be_either_of_two_steps_is_an_error() -> None:
    text = plan("ls", language="bash undo=a") + "".join(
        f"\n### Step {number}: Back\n\n```bash id=a\nls\n```\n" for number in (2, 3)
    )
    assert "could be any of several" in findings(text)["undo-itself"].message


def test_a_role_that_is_none_is_an_error() -> None:
    assert "role" in findings(plan("ls", language="bash id=a role=boss"))["bad-attribute"].message


@pytest.mark.parametrize(
    "command",
    [
        "psql -v ON_ERROR_STOP=1 shop < x.sql",
        "psql -c 'select 1' shop",
        "pg_restore --exit-on-error -d shop x.dump",
        "pg_restore --list x.dump",
        "mysql shop < x.sql",
    ],
)
def test_what_stops_at_the_first_error_is_no_finding(command: str) -> None:
    assert "restores-past-errors" not in findings(plan(command))


def test_a_restore_is_made_to_stop_at_the_first_error() -> None:
    text = plan("psql shop < x.sql")
    repaired = read(apply_fix(read(text), findings(text)["restores-past-errors"]))
    assert "psql -v ON_ERROR_STOP=1 shop < x.sql" in repaired.source
    assert "restores-past-errors" not in {each.code for each in repaired.findings}


@pytest.mark.parametrize(
    "command",
    [
        'psql -v ON_ERROR_STOP=1 -c "SELECT count(*) FROM orders WHERE id < 5" shop',
        "mysql -e 'select id from orders where id<5' shop",
        "pg_restore --list before.dump",
        "pg_restore -l before.dump > contents.txt",
        'psql -v pw="$(cat /run/pw)" -c "ALTER ROLE shop PASSWORD :\'pw\'"',
        'psql -c "ALTER ROLE shop SET password = :pw"',
        "# \N{WARNING SIGN}\N{VARIATION SELECTOR-16} be careful here\necho stop",
    ],
)
def test_what_only_looks_like_harm_is_no_finding(command: str) -> None:
    plan = read(f"# Rollback\n\n## Rollback Steps\n\n### Step 1: It\n\n```bash\n{command}\n```\n")
    wrong = {"restores-over", "restores-past-errors", "literal-credential", "hidden-character"}
    assert not wrong & {each.code for each in plan.findings}
    assert not plan.placeholders


@pytest.mark.parametrize(
    "command",
    [
        'ssh db1 "psql shop < before.sql"',
        "echo it\\'s time; mysql shop < before.sql; echo \\'",
        "pg_restore -d shop before.dump && pg_restore -l before.dump",
        "pg_restore -L contents.txt -d shop before.dump",
        "pg_restore -dmysql before.dump",
        "psql -v ON_ERROR_STOP=0 shop < before.sql",
        "cat before.sql | psql -v ON_ERROR_STOP=off shop",
    ],
)
def test_what_restores_is_found_however_it_is_written(command: str) -> None:
    assert "restores-over" in {each.code for each in dangers(command)}
    if "ON_ERROR_STOP" in command:
        assert "restores-past-errors" in {each.code for each in dangers(command)}


@pytest.mark.parametrize(
    "command",
    [
        'echo "if a<b then c>d"',
        'psql -c "SELECT 1 FROM t WHERE a <b AND c> 2"',
        "curl -d '<note>sent back</note>' https://shop/hook",
    ],
)
def test_a_comparison_or_an_element_in_quotes_is_no_placeholder(command: str) -> None:
    assert find_placeholders(command) == ()


@pytest.mark.parametrize(
    "command",
    ["git checkout v<old version>", 'tar xf "backup_<timestamp>.tar"', "curl 'https://shop/<id>'"],
)
def test_a_placeholder_in_quotes_or_in_a_word_stays_one(command: str) -> None:
    assert len(find_placeholders(command)) == 1


def test_the_selector_of_an_emoji_is_hidden_outside_of_comments() -> None:
    emoji = "\N{WARNING SIGN}\N{VARIATION SELECTOR-16}"
    assert find_hidden(f"# {emoji} careful\nrm x # {emoji}") == ()
    assert len(find_hidden(f"rm {emoji}")) == 1
    assert len(find_hidden("rm a\N{VARIATION SELECTOR-16} # b\N{VARIATION SELECTOR-16}")) == 2


@pytest.mark.parametrize(
    "command",
    [
        "seq 999999 | head -1",
        'test "$(seq 999999 | head -n 1)" = 1',
        "seq 999999 | grep -q 7 && true",
        "seq 999999 | head -3 2>&1 | cat",
        "seq 999999 | awk '{ print; exit }'",
    ],
)
def test_a_pipe_that_would_die_of_sigpipe_is_made_to_read_the_rest(command: str) -> None:
    text = plan(command)
    fixed = apply_fix(read(text), findings(text)["reader-stops-early"])
    (step,) = read(fixed).procedures[0].steps
    assert "reader-stops-early" not in findings(fixed)
    assert run_as_steps_run(step.commands[0].text) == 0


def run_as_steps_run(script: str) -> int:
    bash = ["bash", "--norc", "-eu", "-o", "pipefail", "-c", script]
    return subprocess.run(bash, stdout=subprocess.DEVNULL, check=False).returncode


def test_a_variable_that_is_added_to_before_it_is_set_may_be_made_empty() -> None:
    text = plan("export LIBRARIES=/srv/lib:$LIBRARIES; ls $LIBRARIES")
    finding = findings(text)["adds-to-unset"]
    assert finding.message.startswith("LIBRARIES is added to before anything sets it")
    fixed = apply_fix(read(text), finding)
    assert "export LIBRARIES=/srv/lib:${LIBRARIES:-}; ls $LIBRARIES" in fixed
    assert "adds-to-unset" not in findings(fixed)


@pytest.mark.parametrize("text", ["X=1; X=$X:2", "read A; A=$A.x", "export PATH=/x:$PATH"])
def test_what_is_set_before_it_is_added_to_is_fine(text: str) -> None:
    assert "adds-to-unset" not in findings(plan(text))


@pytest.mark.parametrize("name", ["LANG", "TZ", "TMPDIR", "EDITOR", "PS1"])
def test_what_only_a_terminal_or_a_login_sets_is_not_taken_for_set(name: str) -> None:
    assert free_variables(f'ls "${name}/x"') == {name}


def test_a_step_says_how_strict_its_shell_is() -> None:
    text = "# R\n\n## Rollback steps\n\n### Step 1: Do it\n\n```bash strict=no login\n. ~/.nvm/nvm.sh\n```\n"
    (step,) = read(text).procedures[0].steps
    assert (step.settings.strict, step.settings.login) == ("no", True)
    assert (
        "strict=maybe is unknown"
        in findings(text.replace("=no", "=maybe"))["bad-attribute"].message
    )


@pytest.mark.parametrize("text", ["Engineering manager, then CTO", "Engineering manager, and CTO"])
def test_who_is_next_is_named_without_the_word_before(text: str) -> None:
    decision = f"## Rollback Decision\n\n### Decision Maker\n- **Escalate to**: {text}\n\n"
    document = read(plan("ls").replace("## Rollback steps", f"{decision}## Rollback steps"))
    assert document.decision.escalate_to == ("Engineering manager", "CTO")
    message = next(each.message for each in document.findings if each.code == "ladder-to-confirm")
    assert "Engineering manager, then CTO." in message


def test_checks_of_the_head_are_checks() -> None:
    head = "---\nchecks:\n  - {check: Up, command: true, hosts: app}\n---\n"
    assert "no-checks" not in findings(head + plan("ls"))
    assert "no-checks" in findings(plan("ls"))


def test_a_link_is_made_to_replace_the_link_itself() -> None:
    text = plan("ln -sf /srv/releases/3 /srv/current")
    fixed = apply_fix(read(text), findings(text)["links-inside"])
    assert "ln -sfn /srv/releases/3 /srv/current" in fixed
    assert "links-inside" not in findings(fixed)


def test_a_folder_that_only_a_shell_could_expand_is_an_error() -> None:
    text = plan("ls").replace("```bash", "```bash cwd=$HOME/app")
    assert "is taken as it stands" in findings(text)["bad-attribute"].message


def test_a_password_that_would_be_asked_for_is_read_from_a_file() -> None:
    text = plan("mysqldump -u root -p shop > shop.sql")
    fixed = apply_fix(read(text), findings(text)["asks-a-password"])
    assert "mysqldump --defaults-extra-file=<mysql-defaults-file> -u root shop > shop.sql" in fixed
    assert "asks-a-password" not in findings(fixed)


@pytest.mark.parametrize(
    "command",
    ["yes | head -3", "tr -dc a-z </dev/urandom | head -c 8", "journalctl -f | grep -q up"],
)
def test_nobody_is_told_to_read_the_rest_of_what_never_ends(command: str) -> None:
    readers = [one for one in read(plan(command)).findings if one.code == "reader-stops-early"]
    assert readers
    assert not any(
        "cat >/dev/null" in str(one.fix) or "cat >/dev/null" in one.message for one in readers
    )


def test_yes_is_let_end() -> None:
    text = plan("yes | head -3 >/dev/null")
    endless = next(one for one in read(text).findings if one.fix and one.fix.label == "Let yes end")
    fixed = apply_fix(read(text), endless)
    (step,) = read(fixed).procedures[0].steps
    assert step.commands[0].text == "{ yes || true; } | head -3 >/dev/null"
    assert "reader-stops-early" not in findings(fixed)
    assert run_as_steps_run(step.commands[0].text) == 0
