"""The runner: the part of the console that is left on a host.

Floor: ground. POSIX sh, shipped as text and joined into one file whose name is the hash
of its content, and `commands.py`, which builds the argument lists that call it. Must
never know SSH, Python on the host, Django, or what a rollback is.
"""
