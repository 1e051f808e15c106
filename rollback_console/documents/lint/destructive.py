"""What a command does that a console cannot let pass without a word.

Each rule is a code, a severity, a pattern over one command's text and a sentence. Patterns
look at the command as written, comments and placeholders included in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rollback_console.documents.model import Severity

from ..shell.command_patterns import bare, destroys, pieces, without_quoted_signs
from ..shell.memo import remember_short


@dataclass(frozen=True, slots=True)
class Danger:
    """One thing to say about one command."""

    severity: Severity
    code: str
    message: str


_DESTROYS = {
    "removes-files": "This removes files for good. Move them aside instead, or say what is safe "
    "to lose.",
    "drops-data": "This drops data for good. Take a dump first and check that it can be read.",
    "empties-cache": "This empties the cache for every user of it; expect load on what is "
    "behind it.",
    "discards-work": "This throws away whatever is not committed on the host. Look at git "
    "status first.",
    "force-push": "A forced push rewrites history for everybody. Revert with a new commit, or "
    "deploy an older one.",
    "restores-over": "This writes a dump over the live database: everything since the dump is "
    "lost.",
    "reverses-migration": "Reversing a migration drops what it added, with the data in it.",
    "destroys-resources": "This deletes infrastructure or the volumes with its data.",
}
_RULES: tuple[tuple[Severity, str, str, str], ...] = (
    (Severity.ERROR, "asks-a-person", r"\bread\s+(?:-\w+\s+)*-p|\bread\s+-\w*p\b"
                                      r"|\bselect\s+\w+\s+in\b|Read-Host",
     "This asks a question on a terminal that nobody sees. Make it a gate or a parameter of the "
     "plan."),
    (Severity.ERROR, "asks-a-password",
     r"\b(?:mysql|mysqldump|mariadb|mariadb-dump|mysqladmin|mysqlcheck)\b[^|;&\n]*?\s(?:-p|--password)(?=\s|$)"
     r"|\b(?:psql|pg_dump|pg_restore|createdb|dropdb)\b[^|;&\n]*?\s(?:-W|--password)(?=\s|$)",
     "This asks for a password on a terminal that nobody sees. Use a defaults file (mysql) or"
     " .pgpass (PostgreSQL) that the account of the step may read."),
    (Severity.ERROR, "opens-an-editor",
     r"(?:^|[;&|]\s*|sudo\s+)\"?\$\{?(?:EDITOR|VISUAL)\b|(?:^|[;&|]\s*|sudo\s+)(?:vi|vim|nvim|nano|emacs|pico|visudo|code)(?=[\s;&|]|$)|\bcrontab\s+-e"
     r"|\bkubectl\s+(?:\S+\s+)*edit\b"
     r"|\bgit\s+rebase\s+(?:\S+\s+)*-i|\bgit\s+commit\b(?!.*\s(?:-\w*m|--message|--no-edit|-C"
     r"|-F))|\bansible-vault\s+edit",
     "This opens an editor that nobody sees. Write the change as a command (sed, cp of a kept "
     "file, git revert)."),
    (Severity.ERROR, "never-ends",
     r"\btail\s+(?:\S+\s+)*(?:-\w*[fF]\b|--follow)|\bjournalctl\b.*\s(?:-\w*f\b|--follow)"
     r"|\blogs?\b.*\s(?:-f\b|--follow\b|--tail\b(?!\s*=?\s*\d))"
     r"|(?:^|[;&|]\s*|sudo\s+)watch\s|\bkubectl\b.*\s(?:-w\b|--watch\b)|(?:^|[;&|]\s*)(?:top"
     r"|htop|k9s|less|more|man)(?=[\s;&|]|$)(?!.*-b)"
     r"|\b(?:npm|yarn|pnpm|bun)\s+(?:run\s+)?(?:dev|watch|serve|start:dev|develop)\b|\b(?:next|nuxt|astro|gatsby)\s+dev(?:elop)?\b"
     r"|(?:^|[;&|]\s*|npx\s+)(?:vite|nodemon|ng\s+serve|mkdocs\s+serve|hugo\s+server|webpack-dev-server)(?:\s+(?!build)|\s*$)"
     r"|\bmanage\.py\s+runserver|\bflask\s+run\b|\brails\s+s(?:erver)?\b(?!.*\s-d)|\bartisan\s+(?:serve|queue:listen)\b|\bhttp\.server\b"
     r"|\bdocker(?:-compose|\s+compose)\b(?:\s+-\S+(?:\s+[^\s-]\S*)?)*\s+up\b(?!.*(?:\s-\w*d\b|--detach|--wait|--no-start))|\s--watch(?:All)?\b(?!=false)|\bkubectl\s+proxy\b"
     r"|\bwhile\s+(?:true|:)\s*;|\bkubectl\s+port-forward|\bping\s+(?!.*-c)|\bpm2\s+(?:logs"
     r"|monit)\b(?!.*--nostream)",
     "This never ends by itself, so the step would run until its time limit. Use a bounded form"
     " (--tail, --no-pager, timeout, rollout status)."),
    (Severity.ERROR, "opens-a-session",
     r"\bmanage\.py\s+(?:shell|dbshell)\b(?!.*(?:-c|<))|\brails\s+(?:console|c|dbconsole)\b"
     r"|\bartisan\s+tinker\b(?!.*--execute)"
     r"|(?:^|[;&]\s*|\|\|\s*)(?:sudo\s+(?:-u\s+\S+\s+)?)?(?:redis-cli(?:\s+-\S+(?:\s+[\w.]+)?)*\s*$"
     r"|(?:psql|mysql|mariadb|mongosh?|sqlite3)(?:\s+(?:-[hUudPp]\s*\S+|-\w+|\w+))*\s*$)"
     r"|\b(?:docker|podman|kubectl)\b.*\bexec\b.*\s(?:-it|-ti|-i\s+-t|--tty)\b|\bsudo\s+(?:-i|-s"
     r"|su)\b\s*-?\s*$|(?:^|[;&|]\s*)su\s++-?\s*+\w*+\s*+$"
     r"|(?:^|[;&|]\s*)ssh\s+(?:-\S+\s+)*[\w.@<>${}-]+\s*$",
     "This opens a session that waits for typing. Give it its commands (-c, -e, -f, a command "
     "after the host), without a terminal."),
    (Severity.WARNING, "may-ask", r"\bgit\s+revert\b(?!.*(?:--no-edit|--no-commit|\s-n\b))"
                                  r"|\bapt(?:-get)?\s+(?:install|remove|upgrade"
                                  r"|purge)\b(?!.*\s-y)"
     r"|\byum\s+(?:install|remove|downgrade)\b(?!.*\s-y)|\bterraform\s+(?:apply"
     r"|destroy)\b(?!.*-auto-approve)(?!.*tfplan)"
     r"|\bartisan\s+migrate:\w+(?!.*--force)|\bprisma\s+migrate\s+reset\b(?!.*--force)"
     r"|\brm\s+-\w*i\b|\bpulumi\s+(?:up|destroy)\b(?!.*(?:--yes|\s-y))",
     "This may stop to ask. Give the option that answers it (--no-edit, -y, -auto-approve, "
     "--force)."),
    (Severity.WARNING, "links-inside",
     r"\bln\s+(?=(?:-\S+\s+)*(?:-[a-zA-Z]*s|--symbolic))(?=(?:-\S+\s+)*(?:-[a-zA-Z]*f|--force))"
     r"(?!(?:-\S+\s+)*(?:-[a-zA-Z]*[nTt]|--no-))(?:-\S+\s+)+\S+\s+\S*(?:current|latest|live|release|active)[\w-]*/?\s*(?:$|[;&|])",
     "Where this link points to a folder already, ln makes the new one inside that folder and"
     " changes nothing. Replace the link itself (ln -sfn)."),
    (Severity.WARNING, "exits-early", r"(?:^|[;&|{]\s*)exit\b(?!.*(?:\bfi\b|\bthen\b))",
     "exit ends the whole step, so what follows does not run."),
    (Severity.WARNING, "goes-on-behind", r"(?<![&<>|])&\s*$|(?<![&<>|])&\s*\n|\bnohup\b"
                                         r"|\bdisown\b|\bscreen\s+-d|\btmux\s+new.*-d",
     "This goes on after the step has ended, unwatched. Use a service manager, or wait for it."),
    (Severity.ERROR, "literal-credential",
     r"(?i)(?:password|passwd|pwd|secret|token|api[_-]?key"
     r"|access[_-]?key)\s*[=:]\s*['\"]?(?![$<{\[*_]|:['\"]?\w|YOUR|X{3}|your|\s|['\"]|\|)[^\s'\"$<>]{4,}"
     r"|\b(?:mysql|mysqldump|mariadb|mysqladmin)\b.*\s-p(?![$<{\"'\s])[^\s-]\S{2,}"
     r"|://[^/\s:$<{]+:(?![$<{*]|password\b|pass\b)[^@\s/$<{]{3,}@|\bAKIA[0-9A-Z]{16}\b"
     r"|\bPGPASSWORD=['\"]?(?![$<{'\"])\S+|-u\s+[\w.-]+:(?![$<{])[^\s$]{3,}|\bghp_\w{20,}",
     "A credential stands in the text of the plan. Store it as a secret of the environment and "
     "change it: it has been read."),
    (Severity.ERROR, "password-in-arguments",
     r"\b(?:mysql|mysqldump|mariadb|mariadb-dump|mysqladmin)\b[^|;\n]*\s(?:-p(?=[$<{\"'])\S+"
     r"|--password[= ][\"']?[$<{]\S+)|\bsshpass\s+-p|\bredis-cli\b.*\s-a\s"
     r"|\bcurl\b.*\s(?:-u|--user)\s*[\"']?[\w.@${}<>-]+:[\"']?[$<]|\b(?:psql|pg_dump|pg_restore"
     r"|mongo\w*)\b.*://[^/\s]+:[$<{][^@\s]*@|\bmongo\w*\b.*\s(?:-p|--password)[= ]?[$<]",
     "The password stands in the arguments, where every user of the host sees it in the process "
     "list."
     " Use a defaults file (mysql), .pgpass (PostgreSQL) or a netrc file (curl)."),
    (Severity.WARNING, "example-value",
     r"(?<![\w.])v?1\.2\.[0-9](?![\w.])|--to-revision[= ]\d+|\b(?:abc123\w*|deadbeef|a1b2c3d\w*"
     r"|1a2b3c\w*|abcdef\d*|xyz789|123abc)\b|\bexample\.(?:com|org|net)\b"
     r"|\bhelm\s+(?:\S+\s+)*rollback\s+(?:-\S+\s+)*[\w-]+\s+\d+\b"
     r"|(?<![\w.])v?[01]\.0\.0(?![\w.])|(?<![\d$])20[12]\d([-_]?)[01]\d\1[0-3]\d(?!\d*\))",
     "This looks like an example's value and would run as it is. Write a placeholder, so that "
     "the console asks for it."),
    (Severity.WARNING, "restores-past-errors",
     r"\bpsql\b(?!.*ON_ERROR_STOP(?!\s*=\s*['\"]?(?:0|off|false|no)\b))[^|;\n]*?(?:<(?!<)|\s-f\b|\s--file\b)"
     r"|(?<!\|)\|\s*(?:sudo\s+(?:-u\s+\S+\s+)?)?(?:(?:docker|podman|kubectl|oc|docker-compose)\b[^|;\n]*\bexec\s[^|;\n]*)?\bpsql\b(?!.*(?:ON_ERROR_STOP(?!\s*=\s*['\"]?(?:0|off|false|no)\b)|\s-c\b|--command))"
     r"|\bpg_restore\b(?!.*(?:\s-e\b|--exit-on-error|\s-1\b|--single-transaction|\s-l\b|--list"
     r"|\s-f\b|--file))"
     r"|\b(?:mysql|mariadb)\b[^|;\n]*\s(?:-f|--force)\b[^|;\n]*<",
     "This goes on after errors and ends as if all were well: over a database that holds its "
     "tables, a plain dump restores little or nothing. Stop at the first error (psql -v "
     "ON_ERROR_STOP=1 --single-transaction, pg_restore --exit-on-error) and empty the database "
     "first, or take the dump with --clean."),
    (Severity.NOTE, "pipe-hides-failure", r"\b(?:pg_dump|mysqldump|mariadb-dump|gunzip|zcat"
                                          r"|pg_restore|mongodump|curl"
                                          r"|cat)\b[^|\n]*(?<!\|)\|(?!\|)\s*(?:sudo\s+)?(?:gzip"
                                          r"|mysql|mariadb|psql|bash|sh|pg_restore|aws|ssh)\b",
     "Only the last part of a pipe decides whether it failed: an empty or broken first part "
     "goes unseen."
     " Write to a file, check it, then go on."),
    (Severity.ERROR, "runs-downloaded-code", r"\b(?:curl|wget)\b[^|\n]*\|\s*(?:sudo\s+)?(?:ba|z"
                                             r"|da)?sh\b",
     "This runs whatever a server sends at that moment. Fetch the script, check it, keep it "
     "with the plan."),
)  # fmt: skip
_COMPILED = tuple((s, code, re.compile(p, re.MULTILINE), text) for s, code, p, text in _RULES)


@remember_short
def dangers(text: str) -> tuple[Danger, ...]:
    """All there is to say about one command, each code once."""
    return tuple(_dangers(text))


def _dangers(text: str) -> Iterator[Danger]:
    for code in destroys(text):
        yield Danger(Severity.WARNING, code, _DESTROYS[code])
    parts = [without_quoted_signs(each) for each in (*pieces(text), bare(text)[:1500])]
    for severity, code, pattern, message in _COMPILED:
        if any(pattern.search(part) for part in parts):
            yield Danger(severity, code, message)
