"""Secrets masked in what comes from a host, before it is stored or shown.

Layer: remote. `redact` masks texts and streams, `redacted_remote` a whole connection with its
errors; `secret_forms` lists the forms in which a secret may come back.
"""
