"""The hosts: how a command runs durably on one, and how its output comes back.

Floor: ground. Knows POSIX, SSH and bytes. Must never know Django, the database, or what
a rollback is.
"""
