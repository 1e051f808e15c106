"""Whether a plan would work right now: what hosts are asked beforehand, and what they answered.

Part of `plans`; uses `engine`, `documents` and `remote` below it. Two kinds of questions:

- plain ones, which the console composed itself from a fixed list (`probe_scripts`): a folder
  exists, a program is executable, there is room, a login works. They are asked at any time.
- host questions, which run a program, open a connection or read a file that the plan names
  (`host_questions`). They are asked only after a person approved exactly that.

Public: `queue` (wish for answers, have a worker get them), `check` (ask, and the answers),
`choices` (what a plan is asked about), `probes` (the questions), `host_questions` (approvals),
`targets` (what an Admin lets readiness touch), `automated_checks` (checks that answer
themselves after the last step).
"""
