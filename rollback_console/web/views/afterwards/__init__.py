"""Pages of what comes after a rollback: postmortem, archives, trends, audit.

Part of web. Public: `postmortem`, `archives`, `trends`, `audit`.
"""
