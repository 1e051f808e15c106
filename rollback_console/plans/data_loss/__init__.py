"""What a rollback would cost in data, asked of the hosts' own tools before anyone decides.

cost            what is known of a snapshot's cost: costing, newest, keep
host_questions  which host is asked what, and who vouches for a plan's own measures
migrations      which commands undo migrations, and how their tools are asked
counting        rows and values that would go
"""
