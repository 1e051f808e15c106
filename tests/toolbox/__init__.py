"""What tests of every package share: servers, hosts, waiting, a database that is made once.

`make` (in tests/) makes rows; everything here starts something, watches it, or waits for it.
"""
