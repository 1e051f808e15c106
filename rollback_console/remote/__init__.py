"""The hosts: how a command runs durably on one, and how its output comes back.

Layer: the lowest. Knows POSIX, SSH and bytes; never Django, the database, or what a rollback
is. Public names: `protocol` (the values and the `Remote` seam), `errors`, `connector.connect`
(or `ssh.connect` in processes that drive), `pool.Pool`, `redaction` (what masks
secrets) and `keys`. The rest is how `ssh` keeps the promises of `Remote`.
"""
