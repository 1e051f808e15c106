"""What others are told: messages, how often, and the status page behind a secret address.

Part of postmortems. Public: `messages`, `cadence`, `status_page`.
"""
