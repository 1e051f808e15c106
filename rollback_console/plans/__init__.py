"""Plans: what could be done to undo a deployment, and whether it would work.

Layer: above the engine, documents, remote and notify; below rollbacks. Knows no rollback, no page
and no Celery task.

models          services, environments, hosts, decision makers, plans, revisions, readiness
actions         what people write, one module a noun: plans, hosts, host keys and groups,
                credentials, secrets, environments, services, decision makers, delegations,
                vouchings
snapshot        from a revision and choices to the snapshot that is approved
readiness       what hosts answer beforehand, and automated checks
data_loss       what a rollback would cost in data
approval        the rules of approval and who may approve
inventory       addresses, secrets and their encryption
document_cache  the parsed text of a revision
errors          everything that this package raises
"""
