"""Hosts, credentials and secrets: how they are reached and how they are kept.

addresses        from an approved host to an address that may be connected to
encrypted_field  text encrypted at rest with the master keys
former_values    values that were replaced, masked while somebody may print them
masked_values    what must not be shown of an environment: its secrets and logins
key_lists        keys that hosts showed against a list that a person trusts
key_rotation     everything encrypted again under the first master key
"""
