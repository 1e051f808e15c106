"""Speed, measured beside what a team would use instead: `make bench`.

Everything runs on loopback against one sshd of its own, interleaved, and medians are
printed. Ratios count; absolute times belong to the machine.
"""

import os
import tempfile

import django

FOLDER = tempfile.mkdtemp(prefix="rollback-console-bench-")
os.environ["TEST_DATA_DIR"] = FOLDER
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()
