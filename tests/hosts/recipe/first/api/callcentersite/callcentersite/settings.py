"""The call centre on staging: one database, named by a file only the service may read."""

from pathlib import Path

import pymysql

pymysql.install_as_MySQLdb()

SECRET_KEY = Path("/etc/iact/secret-key").read_text().strip()
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = "callcentersite.urls"
WSGI_APPLICATION = "callcentersite.wsgi.application"
INSTALLED_APPS = ["agents"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.mysql",
        "NAME": "iact_staging",
        "OPTIONS": {"read_default_file": "/etc/iact/database.cnf", "charset": "utf8mb4"},
        "TEST": {"NAME": "test_iact_staging"},
    }
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
