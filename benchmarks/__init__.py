"""Speed, measured beside what a team would use instead: `make bench`.

Everything runs on loopback against one sshd of its own, interleaved, and medians are
printed. Ratios count; absolute times belong to the machine.
"""

import atexit
import os
import tempfile

import django

from tests.servers import Redis

FOLDER = tempfile.mkdtemp(prefix="rollback-console-bench-")
os.environ["TEST_DATA_DIR"] = FOLDER
if "REDIS_URL" not in os.environ:
    _redis = Redis().start()
    atexit.register(_redis.stop)
    os.environ["REDIS_URL"] = _redis.url
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # a browser is driven by an event loop of its own
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()
