"""A host to try the console on: a real SSH server on loopback and a service that is broken.

Layer: the top; nobody imports it but `__main__` and the processes room. Knows how the
demo's folder is laid out and what is seeded. Must never be needed by the console itself.
"""
