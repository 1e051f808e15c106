"""The resident agent: what carries attempts on hosts that have Python.

Layer: inside remote, above `runner`. `host_agent.py` runs on hosts and is never imported here;
`text` has it as it is sent; `frames` is its language, `link` one of it under way, and `host` the
`Remote` that uses it where it can and the shell runner everywhere else.
"""
