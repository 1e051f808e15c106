"""What a person should know before a plan runs: findings, and edits that answer them.

Layer: lowest. Public: `rules.findings_of`, which asks all the others, and the fixes of
`fixes`. Nothing here changes a document by itself.
"""
