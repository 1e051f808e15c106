"""What a rollback would cost in data, asked of the hosts' own tools before anyone decides.

cost            what is known of a snapshot's cost: costing, of_snapshot, keep
cost_queries    which host is asked what
migrations      which commands undo migrations, and how their tools are asked
counting        rows and values that would go
"""
