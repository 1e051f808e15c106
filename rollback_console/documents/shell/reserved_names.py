"""Names of environment variables that change what a shell, a loader or a tool does.

A value that a person types reaches commands as an environment variable. Under one of these names
it would change which code runs, so no parameter and no secret may bear one.
"""

from __future__ import annotations

import re

# Each: what the names decide, as the end of "NAME decides ...", and the names.
_DECIDES: tuple[tuple[str, str], ...] = (
    (
        "how every shell behaves",
        r"IFS|ENV|BASH\w*|SHELLOPTS|SHELL|PS[0-9]|PROMPT_(?:COMMAND|DIRTRIM)|CDPATH|GLOBIGNORE|EXECIGNORE|FIGNORE"
        r"|FPATH|FUNCNEST|FUNCNAME|POSIXLY_CORRECT|OPTARG|OPTIND|OPTERR|TMOUT|MAILPATH|MAILCHECK"
        r"|HIST(?:FILE\w*|SIZE|CONTROL|CMD|IGNORE|TIMEFORMAT)|INPUTRC|COPROC|DIRSTACK|TIMEFORMAT|ZDOTDIR|KSH\w*|FCEDIT|UID|EUID|PPID"
        r"|GROUPS|LINENO|RANDOM|SECONDS|PIPESTATUS|REPLY|_",
    ),
    ("which programs are found", r"PATH"),
    (
        "which code every program loads",
        r"LD_\w+|DYLD_\w+|LDR_\w+|LIBPATH|SHLIB_PATH|GCONV_PATH|GETCONF_DIR|GLIBC_TUNABLES|MALLOC_\w+"
        r"|NLSPATH|LOCPATH|LANGUAGE|LANG|LC_\w+|TZ|TZDIR|OPENSSL_\w+|GIO_\w+|GTK_\w+|QT_\w+",
    ),
    (
        "who and where a program believes to be",
        r"HOME|USER|LOGNAME|USERNAME|PWD|OLDPWD|TMPDIR|TMP|TEMP|MAIL|HOSTNAME|TERM|TERMINFO\w*"
        r"|TERMCAP|DISPLAY|XAUTHORITY|XDG_\w+|DBUS_\w+",
    ),
    (
        "which code an interpreter runs",
        r"PYTHON\w*|PERL\w*|RUBY\w*|GEM_\w+|BUNDLE_\w+|NODE_(?:OPTIONS|PATH|EXTRA_CA_CERTS"
        r"|TLS_REJECT_UNAUTHORIZED|REPL_EXTERNAL_MODULE|V8_COVERAGE|ICU_DATA)|(?i:NPM_CONFIG)_\w+"
        r"|PHPRC|PHP_INI_SCAN_DIR|LUA_\w+|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS|JAVA_OPTS"
        r"|CLASSPATH|CATALINA_OPTS|MAVEN_OPTS|GRADLE_OPTS|DOTNET_\w+|CORECLR_\w+|COR_\w+|ERL_\w+"
        r"|GOFLAGS|CARGO_\w+|RUSTC\w*|RUSTFLAGS|AWKPATH|AWKLIBPATH|MAKEFLAGS|MAKEFILES|TCLLIBPATH"
        r"|R_(?:HOME|PROFILE|ENVIRON|LIBS)\w*|JULIA_\w+",
    ),
    (
        "which programs and settings a tool uses",
        r"GIT_(?!(?:COMMIT|SHA|TAG|REF|BRANCH|REVISION|HASH|REPO|URL)\b)\w+"
        r"|SSH_(?:ASKPASS\w*|AUTH_SOCK|AGENT_PID|SK_\w+|ORIGINAL_COMMAND|CONNECTION|CLIENT|TTY)|SUDO_\w+|RSYNC_\w+|CVS_RSH|SVN_\w+|EDITOR|VISUAL|PAGER|MANPAGER|BROWSER"
        r"|LESS(?:OPEN|CLOSE|SECURE|KEY\w*|ECHO|EDIT|CHARSET)?|SYSTEMD_\w+|TAR_OPTIONS|GZIP|BZIP2?|XZ_\w+|ZIPOPT|UNZIP\w*|GREP_OPTIONS|WGETRC"
        r"|CURL_\w+|NETRC|PSQLRC|PSQL_\w+|PGSYSCONFDIR|PGSERVICEFILE|PGPASSFILE|MYSQL_HOME"
        r"|LIBMYSQL_\w+|MYSQL_TEST_LOGIN_FILE|ANSIBLE_\w+",
    ),
    (
        "where connections go",
        r"(?i:HTTPS?_PROXY|FTP_PROXY|ALL_PROXY|NO_PROXY)|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS"
        r"|RESOLV_\w+|SSL_CERT_\w+|SSLKEYLOGFILE|REQUESTS_CA_BUNDLE|KRB5\w*",
    ),
)
_RESERVED = tuple((decides, re.compile(names)) for decides, names in _DECIDES)


def reserved_reason(name: str) -> str:
    """Why no parameter may be called `name`, as a sentence; "" when one may."""
    for decides, names in _RESERVED:
        if names.fullmatch(name):
            return f"{name} decides {decides}, so it cannot be a value that is filled in."
    return ""
