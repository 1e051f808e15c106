"""Whether a pinned version is known to be vulnerable: exit code 1 if so, 77 if nobody can say."""

from __future__ import annotations

import json
import subprocess
import sys

COMMAND = [
    *(sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--format", "json"),
    *("--disable-pip", "--no-deps", "--requirement", "constraints.txt"),
]


def main() -> int:
    """Print what is known of each; a network that is not there is no failure."""
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    rows = json.loads(done.stdout)["dependencies"] if done.stdout.strip() else []
    looked_up = [row for row in rows if "vulns" in row]
    if not looked_up:
        sys.stdout.write("The list of known vulnerabilities cannot be reached from here.\n")
        return 77
    flaws = [(row, flaw) for row in looked_up for flaw in row["vulns"]]
    for row, flaw in flaws:
        mended = ", ".join(flaw["fix_versions"]) or "no version yet"
        sys.stdout.write(f"{row['name']} {row['version']}: {flaw['id']}, mended in {mended}\n")
    sys.stdout.write(f"{len(looked_up)} of {len(rows)} looked up, {len(flaws)} flaws known.\n")
    return 1 if flaws else 0


if __name__ == "__main__":
    sys.exit(main())
