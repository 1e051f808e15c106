"""Deployments: what runs where, since when, and whether it has to be taken back.

Layer: above postmortems, proposals and rollbacks; below outbox and access. Carries out no
deployment: pipelines record theirs, and people decide about them.

models        deployments, their documents and freeze windows
actions       recording, deciding, answering, freezes
checklists    what is open of their documents, and who signs
self_answers  items that the record answers
running       which version runs in each environment
guard         why a version may not be deployed now
"""
