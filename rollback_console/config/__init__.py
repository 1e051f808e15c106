"""What settings.py is made of: the environment, OpenID Connect, logs, telemetry, the list of apps.

Layer: starts the console. Only settings.py and the entries of processes import it. Public: `env`,
`oidc`, `logs`, `telemetry`, `apps`.
"""
