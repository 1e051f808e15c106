#!/usr/bin/env python
"""Django's command line for the Rollback Console."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_console.settings")
    try:
        from django.core.management import execute_from_command_line

        import rollback_console.celery  # noqa: F401  tasks go to its broker
        from rollback_console.audit.origin import acting_from_command_line
    except ImportError:
        sys.exit("Django is not installed here. Run `make run` once, or use .venv/bin/python.")
    with acting_from_command_line():
        execute_from_command_line(sys.argv)
