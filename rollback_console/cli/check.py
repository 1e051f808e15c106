"""`check FILE...`: plans read without a console, for pre-commit and pipelines."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rollback_console.documents.check import FORMATS, check_files, exit_code, format_checks

HELP = "read plans without a console: 0 canonical and clean, 1 findings, 2 unreadable"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What both `check` and `manage.py check_plan` take."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a plan in Markdown")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how findings are told")
    parser.add_argument(
        "--write", action="store_true", help="put files in canonical form where nothing is open"
    )


def check(arguments: argparse.Namespace) -> int:
    """Print what was found; returns the exit code."""
    checks = check_files(arguments.files, write=arguments.write)
    if text := format_checks(checks, arguments.format):
        sys.stdout.write(f"{text}\n")
    return exit_code(checks)
