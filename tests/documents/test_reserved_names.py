"""Names that no parameter may bear, because a shell, a loader or a tool reads them."""

from __future__ import annotations

import pytest

from rollback_console.documents import read
from rollback_console.documents.model import Severity
from rollback_console.documents.placeholders.kinds import name_from_label
from rollback_console.documents.shell.reserved_names import reserved_reason

PLAN = "# Rollback Plan\n\n## Rollback Steps\n\n### Step 1: Do it\n\n```bash\n{}\n```\n"


@pytest.mark.parametrize(
    "name",
    [
        "LD_PRELOAD",
        "ROLLBACK_CONSOLE_DUMP",
        "HGRCPATH",
        "BORG_RSH",
        "RESTIC_PASSWORD_COMMAND",
        "PGBACKREST_CMD_SSH",
        "APT_CONFIG",
        "RBENV_ROOT",
        "PRISMA_QUERY_ENGINE_LIBRARY",
        "GRADLE_USER_HOME",
        "WP_CLI_CONFIG_PATH",
        "FONTCONFIG_FILE",
        "LD_LIBRARY_PATH",
        "DYLD_INSERT_LIBRARIES",
        "GCONV_PATH",
        "GLIBC_TUNABLES",
        "PATH",
        "IFS",
        "ENV",
        "BASH_ENV",
        "BASHOPTS",
        "SHELLOPTS",
        "PS4",
        "PROMPT_COMMAND",
        "CDPATH",
        "HOME",
        "SHELL",
        "ZDOTDIR",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "PERL5LIB",
        "PERL5OPT",
        "RUBYOPT",
        "RUBYLIB",
        "NODE_OPTIONS",
        "NODE_PATH",
        "JAVA_TOOL_OPTIONS",
        "_JAVA_OPTIONS",
        "CLASSPATH",
        "GIT_SSH_COMMAND",
        "GIT_DIR",
        "GIT_CONFIG_COUNT",
        "SSH_ASKPASS",
        "EDITOR",
        "PAGER",
        "LESSOPEN",
        "PSQLRC",
        "MYSQL_HOME",
        "TAR_OPTIONS",
        "RSYNC_RSH",
        "OPENSSL_CONF",
        "HTTPS_PROXY",
        "https_proxy",
        "npm_config_script_shell",
        "HOSTALIASES",
        "XDG_CONFIG_HOME",
        "TMPDIR",
        "LC_ALL",
        "MAKEFLAGS",
        "LUA_INIT",
        "DOTNET_STARTUP_HOOKS",
        "_",
        "KUBECONFIG",
        "AWS_CONFIG_FILE",
        "AWS_PROFILE",
        "AWS_ENDPOINT_URL_S3",
        "DOCKER_CONFIG",
        "DOCKER_HOST",
        "DOCKER_CONTEXT",
        "HELM_PLUGINS",
        "HELM_KUBECONTEXT",
        "DJANGO_SETTINGS_MODULE",
        "FLASK_APP",
        "ALEMBIC_CONFIG",
        "FLYWAY_CONFIG_FILES",
        "FLYWAY_LOCATIONS",
        "FLYWAY_URL",
        "LIQUIBASE_COMMAND_URL",
        "TF_CLI_CONFIG_FILE",
        "TF_CLI_ARGS_apply",
        "PIP_INDEX_URL",
        "PIP_CONFIG_FILE",
        "UV_INDEX_URL",
        "SBT_OPTS",
        "GCC_EXEC_PREFIX",
        "LIBRARY_PATH",
        "PGOPTIONS",
        "PGSERVICE",
        "PGHOST",
        "PGHOSTADDR",
        "PGPORT",
        "PGSSLMODE",
        "PGSSLROOTCERT",
        "PGPASSFILE",
        "PGREQUIREAUTH",
        "MYSQL_HOST",
        "MYSQL_TCP_PORT",
        "COMPOSE_FILE",
        "CLOUDSDK_CONFIG",
        "VAULT_ADDR",
        "TNS_ADMIN",
        "SQLCMDINI",
        "COMPOSER_HOME",
        "GOPROXY",
    ],
)
def test_what_changes_which_code_runs_is_reserved(name: str) -> None:
    assert reserved_reason(name).startswith(f"{name} decides ")


@pytest.mark.parametrize(
    "name",
    [
        "PREVIOUS_COMMIT",
        "GIT_COMMIT",
        "GIT_SHA",
        "GIT_TAG",
        "NODE_ENV",
        "RAILS_ENV",
        "SSH_USER",
        "SSH_PORT",
        "DB_HOST",
        "DB_USER",
        "PGDATABASE",
        "PGUSER",
        "PGPASSWORD",
        "PG_DUMP_FILE",
        "MYSQL_PWD",
        "MYSQL_DATABASE",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "DOCKER_IMAGE",
        "DOCKER_TAG",
        "HELM_RELEASE",
        "HELM_REVISION",
        "KUBE_NAMESPACE",
        "FLYWAY_TARGET",
        "TF_VAR_image",
        "VAULT_TOKEN",
        "COMPOSE_PROJECT_NAME",
        "SPRING_PROFILES_ACTIVE",
        "MIX_ENV",
        "VERSION",
        "LESSON_ID",
        "HISTORY_TABLE",
        "BACKUP_FILE",
        "ENVIRONMENT",
        "APP_HOME",
        "path",
        "env",
        "home",
    ],
)
def test_what_plans_commonly_fill_in_is_not(name: str) -> None:
    assert reserved_reason(name) == ""


def test_a_plan_that_reads_one_has_an_error_where_it_does() -> None:
    plan = read(PLAN.format("cd /srv/app\n./run $LD_PRELOAD"))
    (finding,) = [each for each in plan.findings if each.code == "reserved-name"]
    assert (finding.severity, finding.line) == (Severity.ERROR, 9)
    assert "the plan's page" in finding.message


def test_a_command_that_sets_it_itself_is_read_as_it_stands() -> None:
    plan = read(PLAN.format("export PYTHONPATH=/srv/app\npython -m app $PYTHONPATH"))
    assert "reserved-name" not in {each.code for each in plan.findings}


def test_a_placeholder_never_takes_such_a_name() -> None:
    assert name_from_label("Java tool options") == "JAVA_TOOL_OPTIONS_VALUE"
