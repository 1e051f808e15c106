"""The image and the compose file, as far as they can be judged without running them."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import ComposeSpecification  # type: ignore[attr-defined]
from cryptography.fernet import Fernet

from rollback_console.local.options import ROOT

OURS = ("tables", "web", "worker", "sweeper")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    described: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return described


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    described: dict[str, dict[str, Any]] = compose["services"]
    return described


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is not installed")
def test_compose_itself_accepts_the_file() -> None:
    done = subprocess.run(
        ["docker-compose", "config", "-q"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_file_is_what_the_specification_describes(compose: dict[str, Any]) -> None:
    read = ComposeSpecification.model_validate(compose)
    assert set(read.services or {}) == set(compose["services"])


def test_hadolint_has_nothing_to_say_about_the_dockerfile() -> None:
    done = subprocess.run(["hadolint", "Dockerfile"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_workers_may_be_many(services: dict[str, dict[str, Any]]) -> None:
    """Nothing in it is there once only: no name, no port, no address."""
    for name in ("web", "worker"):
        assert not {"container_name", "ports", "hostname"} & set(services[name])


def test_every_process_of_the_console_is_there(services: dict[str, dict[str, Any]]) -> None:
    verbs = {name: services[name]["command"][0] for name in OURS}
    assert verbs == {"tables": "manage", "web": "web", "worker": "worker", "sweeper": "sweeper"}


def test_all_that_stays_up_tells_its_health(services: dict[str, dict[str, Any]]) -> None:
    silent = [name for name, each in services.items() if "healthcheck" not in each]
    assert silent == ["tables"]


def test_nothing_has_rights_or_may_write_to_its_image(services: dict[str, dict[str, Any]]) -> None:
    for name, each in services.items():
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert each["cap_drop"] == ["ALL"], name
        assert each["read_only"] is True, name
        assert each.get("user") or name in OURS, f"{name} runs as root"


def test_no_secret_stands_in_the_environment(services: dict[str, dict[str, Any]]) -> None:
    for name, each in services.items():
        for variable, value in each.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|KEY", variable) and "RANDOM" not in variable:
                assert variable.endswith("_FILE"), f"{name}: {variable}"
                assert value.removeprefix("/run/secrets/") in each["secrets"], f"{name}: {value}"


def test_the_secrets_that_are_named_are_the_ones_that_are_made(
    compose: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/secrets.sh", tmp_path / "scripts")
    script = ["sh", str(tmp_path / "scripts/secrets.sh")]
    subprocess.run(script, check=True, capture_output=True)
    named = {each["file"].removeprefix("./") for each in compose["secrets"].values()}
    made = {str(path.relative_to(tmp_path)) for path in (tmp_path / "var/secrets").iterdir()}
    assert made == named
    keys = tmp_path / "var/secrets/master_keys"
    theirs = tmp_path / "var/secrets/tls_key"
    first = keys.read_text()
    assert Fernet(first).decrypt(Fernet(first).encrypt(b"x")) == b"x"
    assert stat.S_IMODE((tmp_path / "var/secrets").stat().st_mode) == 0o700
    theirs.chmod(0o600)
    theirs.write_text("of a real authority")
    theirs.chmod(0o400)
    subprocess.run(script, check=True, capture_output=True)
    assert keys.read_text() == first
    assert theirs.read_text() == "of a real authority"
    assert stat.S_IMODE(theirs.stat().st_mode) == 0o444


def test_only_the_proxy_is_published(services: dict[str, dict[str, Any]]) -> None:
    assert [name for name, each in services.items() if "ports" in each] == ["proxy"]
    assert services["proxy"]["networks"] == ["edge", "outside"]
    assert services["proxy"]["volumes"] == ["./docs/ops/nginx.conf:/etc/nginx/nginx.conf:ro"]
    for name in ("database", "broker"):
        assert services[name]["networks"] == ["inside"]


def test_each_image_has_a_fixed_version(services: dict[str, dict[str, Any]]) -> None:
    images = {each["image"] for each in services.values()}
    assert all(re.fullmatch(r"[a-z-]+:\d[\w.-]*", image) for image in images), images


def test_whatever_is_set_is_a_setting_that_exists(services: dict[str, dict[str, Any]]) -> None:
    documented = (ROOT / "docs/settings.md").read_text()
    entry = (ROOT / "scripts/container.sh").read_text()
    options = (ROOT / "rollback_console/local/options.py").read_text()
    for name in OURS:
        for variable in services[name]["environment"]:
            known = variable.removesuffix("_FILE") in documented
            assert known or variable in entry or f'"{variable}"' in options, variable


def test_the_image_runs_as_nobody_in_particular() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["10001:10001"]
    last_stage = max(number for number, line in enumerate(lines) if line.startswith("FROM "))
    assert any(line.startswith("USER ") for line in lines[last_stage:])
    assert len([line for line in lines if line.startswith("FROM ")]) == 2


def test_what_the_image_copies_exists_and_no_secret_is_among_it() -> None:
    text = (ROOT / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv", "var"} <= set(ignored)


def test_the_entry_puts_the_database_address_together(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("kept-in-a-file")
    output = _entry(tmp_path, {"DATABASE_PASSWORD_FILE": str(password)}, "worker")
    assert output == (
        "mysql://console:kept-in-a-file@database:3306/console -m rollback_console worker\n"
    )
    assert _entry(tmp_path, {}, "manage", "migrate") == " manage.py migrate\n"


def test_the_entry_says_what_to_do_when_a_secret_is_missing(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        _entry(tmp_path, {"DATABASE_PASSWORD_FILE": "/nonexistent"}, "web")
    assert "sh scripts/secrets.sh" in failed.value.stderr


def _entry(folder: Path, environment: dict[str, str], *words: str) -> str:
    """What the entry runs, by a `python` that only tells."""
    teller = folder / "python"
    teller.write_text('#!/bin/sh\necho "${DATABASE_URL:-} $*"\n')
    teller.chmod(0o755)
    script = (ROOT / "scripts/container.sh").read_text().replace("cd /app", f"cd '{folder}'")
    return subprocess.run(
        ["sh", "-c", script, "sh", *words],
        env={"PATH": f"{folder}:/usr/bin:/bin", **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
