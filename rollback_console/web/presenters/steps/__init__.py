"""The steps of a rollback as pages draw them: board, track, timeline and proofs of an abort."""
