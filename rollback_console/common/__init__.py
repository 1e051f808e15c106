"""What every layer needs and must have only once: names, durations, percentiles, limits of text.

Layer: the lowest; it imports nothing of the project and nothing of Django. Public names:
`people.display_name`, `permission.may_do`, `durations.duration`, `statistics.percentile`,
`terminal.strip_escapes`, `text.LONGEST_TEXT` and `text.text_problem`.
"""
