"""Who may approve in an environment: decision makers, delegations and the policy.

Part of plans. Public: `decision_makers`, `delegations`, `policy`.
"""
