"""From a revision and a person's choices to the snapshot that is approved.

Imports the models, documents and engine; the readiness, data loss and pages build on it.

freeze            freeze_snapshot, and sketch_snapshot for a request that is not filled in yet
request_form      what a request has to ask: draw_request_form, list_missing
deployment_facts  values of parameters that a deployment knows: match_facts
dump_steps        the dump before anything is overwritten
undo_steps        a rollback that puts such a dump back
bindings          what the page bound, written into the text
step_settings     a step's commands, settings and hosts
"""
