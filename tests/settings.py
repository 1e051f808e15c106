"""The console's own settings, pointed at temporary folders and servers of the tests.

TEST_DATABASE=mariadb runs the same tests on a MariaDB that is started here.
"""

import atexit
import os
import shutil
import tempfile
from typing import Any

from cryptography.fernet import Fernet

if "TEST_DATA_DIR" not in os.environ:
    folder = tempfile.mkdtemp(prefix="rollback-console-tests-")
    os.environ["TEST_DATA_DIR"] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)

if os.environ.get("TEST_DATABASE") == "mariadb" and "TEST_DATABASE_URL" not in os.environ:
    from tests.servers import MariaDb

    server = MariaDb()
    server.start()
    atexit.register(server.stop)
    os.environ["TEST_DATABASE_URL"] = server.url

os.environ["DATA_DIR"] = os.environ["TEST_DATA_DIR"]
os.environ["DATABASE_URL"] = os.environ.get(
    "TEST_DATABASE_URL", f"sqlite:///{os.environ['TEST_DATA_DIR']}/console.sqlite3"
)
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 40)
os.environ.setdefault("MASTER_KEYS", Fernet.generate_key().decode())
# Nobody listens here: a test that needs Redis starts one and says so.
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
# Most tests name hosts that nobody could ask: those about asking say so.
os.environ.setdefault("READINESS_MINUTES", "0")
os.environ["BASE_URL"] = "http://testserver"

from rollback_console.settings import *  # noqa: F403
from rollback_console.settings import DATABASES, STATIC_ROOT, TEMPLATES

DATABASES["default"].setdefault("TEST", {})
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A test outlives no power cut of the machine itself.
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
options: Any = TEMPLATES[0]["OPTIONS"]
options["debug"] = True
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
