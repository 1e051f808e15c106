"""Pages of the configuration: parse, permit, call one action, answer. They write no table.

Layer: web. One module a noun; urls.py names the public views of each.
"""
