"""What is being done: requests, approvals, runs, logs and the one stream of events.

Layer: above plans; never knows a page or a postmortem. Public names: `actions` (all writes by
people), `events.record`, `queries` and `permissions` (what pages ask), `tasks.enqueue`, and the
models. `execution` and `sweeper` drive.
"""
