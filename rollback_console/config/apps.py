"""What the console is made of, and what each request passes through, in this order."""

from __future__ import annotations

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "django_structlog",
    "rollback_console.plans",
    "rollback_console.rollbacks",
    "rollback_console.postmortems",
    "rollback_console.proposals",
    "rollback_console.outbox",
    "rollback_console.web",
    "rollback_console.api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "rollback_console.web.http.static_files.StaticFilesMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "rollback_console.web.http.log_context.NamingMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "rollback_console.web.http.middleware.IdleMiddleware",
    "rollback_console.web.http.middleware.SignInMiddleware",
    "rollback_console.web.http.middleware.RoleRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]
