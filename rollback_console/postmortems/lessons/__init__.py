"""What was learned, written back into the plan.

Part of postmortems. Public: `plan_edits`, `takeover`.
"""
