"""The only writers of people, their groups, passwords, second factors, sessions and tokens.

One module a noun, one verb with keyword arguments an act: each checks that `by` may do it,
writes, and records it in one transaction. `by` is None for the server's command line, whose
user holds the database anyway.
"""
