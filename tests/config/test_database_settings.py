"""The key and the database: what does not protect is refused at the start."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from rollback_console.config.database import describe_connection, tls_options
from rollback_console.config.env import check_secret_key

MYSQL = "django.db.backends.mysql"


@pytest.mark.parametrize(
    "key", ["x", "changeme", "x" * 50, "abab" * 20, "django-insecure-" + "k3y9x0plm2qz7w" * 3]
)
def test_a_secret_key_that_anybody_could_guess_is_refused(key: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="at least 32 random characters"):
        check_secret_key(key)


def test_a_random_secret_key_is_taken() -> None:
    key = "Zq3v9m-Xw7Kd0aRt5Yb8Lc2NfHs6PjUe"
    assert check_secret_key(key) == key


def test_another_hosts_database_is_reached_over_tls_that_proves_who_answers() -> None:
    options = tls_options("db.example.org")
    assert options["ssl_verify_cert"]
    assert options["ssl_verify_identity"]
    assert options["ssl_ca"]
    database = {"ENGINE": MYSQL, "HOST": "db.example.org", "OPTIONS": options}
    assert describe_connection(database) == "verified TLS"


@pytest.mark.parametrize("host", ["", "/run/mysqld/mysqld.sock", "127.0.0.1", "localhost", "::1"])
def test_a_database_on_this_host_needs_no_tls(host: str) -> None:
    assert tls_options(host) == {"ssl_disabled": True}
    database = {"ENGINE": MYSQL, "HOST": host, "OPTIONS": tls_options(host)}
    assert describe_connection(database) == "local"


def test_a_connection_in_clear_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_SSL_DISABLED", "true")
    options = tls_options("db.example.org")
    assert options == {"ssl_disabled": True}
    database = {"ENGINE": MYSQL, "HOST": "db.example.org", "OPTIONS": options}
    assert describe_connection(database) == "clear"


def test_an_authority_of_ones_own_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_CA_FILE", "/etc/company-ca.pem")
    assert tls_options("db.example.org")["ssl_ca"] == "/etc/company-ca.pem"
