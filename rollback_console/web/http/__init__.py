"""What requests pass through and views answer with: middleware, limits, redirects, metrics.

Part of web; knows no page.
"""
