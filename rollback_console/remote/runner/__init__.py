"""The runner: the part of the console that is left on a host.

Layer: the lowest, inside remote. POSIX sh, shipped as text and joined into one file whose name
is the hash of its content. Public name: `commands`, which builds the argument lists that call
it. Never knows SSH, Python on the host, Django, or what a rollback is.
"""
