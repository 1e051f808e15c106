"""Plan documents: Markdown a person wrote, read into values and written back unchanged.

Floor: ground. Knows Markdown, YAML and what a shell line looks like. Must never know
Django, hosts, users, or whether anything ran.
"""
