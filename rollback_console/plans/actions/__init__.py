"""What people do to plans and to the configuration: the only writers of the tables of plans.

Layer: plans. One module a noun, one function a verb: it checks the right of `by` (None is the
command line and the console itself), writes, and records the change, in one transaction.
Refusals are PermissionDenied, the errors of plans.errors, and StaleEdit for a form that was
drawn from what is no longer so. Public names: the functions of each module.
"""
