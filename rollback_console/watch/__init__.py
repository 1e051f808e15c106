"""Watch: whether a service is well after a deployment, and the way back proposed when it is not.

Layer: above deployments and proposals; below outbox and access. Proposes, and never approves:
what fired, with its values, is put before people. What cannot be known is neither success nor
failure.

models     triggers, one watch for each trigger of a deployment, its samples
actions    binding triggers, storing what was observed, false alarms
probes     what a trigger looks at, and one look
schedule   when to look again
shift      a worker's turn in one zone
loop       the thread in the sweeper's process that begins, ends and hands over
"""
