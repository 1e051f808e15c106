"""Deployments: what runs where, since when, and whether it has to be taken back.

Layer: above postmortems, proposals and rollbacks; below outbox and access. Carries out no
deployment: pipelines record theirs, and people decide about them.

models     deployments and freeze windows
actions    recording and deciding, freezes
running    which version runs in each environment
guard      why a version may not be deployed now
"""
