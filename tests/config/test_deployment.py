"""The settings of a production console, as Django's own check of deployments sees them."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "DATABASE_URL": "mysql://console:word@127.0.0.1:3306/console",
    "BASE_URL": "https://rollback.example.org",
    "ALLOWED_HOSTS": "rollback.example.org",
    "BEHIND_TLS_PROXY": "true",
    "DJANGO_SETTINGS_MODULE": "rollback_console.settings",
}
ASKED = """
import json
from django.conf import settings
names = [
    "SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE", "CSRF_COOKIE_HTTPONLY",
    "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SECURE_CONTENT_TYPE_NOSNIFF",
    "SECURE_CROSS_ORIGIN_OPENER_POLICY", "SECURE_REFERRER_POLICY", "DEBUG",
]
print(json.dumps({name: getattr(settings, name) for name in names}))
"""


def run(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    made = {"SECRET_KEY": secrets.token_urlsafe(48), "MASTER_KEYS": Fernet.generate_key().decode()}
    environment = {**os.environ, **PRODUCTION, **made, "DATA_DIR": str(folder), **more}
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_check_of_deployments_finds_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


def test_cookies_are_bound_to_this_host_and_to_tls(tmp_path: Path) -> None:
    report = json.loads(run(tmp_path, "-c", ASKED).stdout)
    assert report.pop("SECURE_HSTS_SECONDS") >= 31_536_000
    assert report == {
        "SESSION_COOKIE_NAME": "__Host-sessionid",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_NAME": "__Host-csrftoken",
        "CSRF_COOKIE_SECURE": True,
        "CSRF_COOKIE_HTTPONLY": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "SECURE_REFERRER_POLICY": "same-origin",
        "DEBUG": False,
    }


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("ALLOWED_HOSTS", "*", "'*' accepts any origin"),
        ("MASTER_KEYS", "short", "MASTER_KEYS must be comma separated Fernet keys"),
        ("STEP_UP_MINUTES", "0", "STEP_UP_MINUTES must be at least 1"),
        ("OIDC_PROVIDERS", "{", "OIDC_PROVIDERS is no JSON"),
    ],
)
def test_a_setting_that_would_weaken_it_stops_the_start(
    tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    done = run(tmp_path, "manage.py", "check", **{name: value})
    assert done.returncode != 0
    assert sentence in done.stdout + done.stderr
