"""Configuration managers doing the same work: pyinfra and ansible-core, from build/peers.

Each is set up for speed as its own documentation advises: pyinfra with `--parallel` for all hosts;
ansible as one playbook without facts, with `pipelining`, `forks` for all hosts, and the
ControlPersist that it uses by itself.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from tests.remote.sshd import Sshd

PROGRAMS = Path(__file__).parents[1] / "build" / "peers" / "bin"
HOW = (
    "pyinfra runs with --parallel for all hosts; ansible runs one playbook without facts, with "
    "pipelining, with forks for all hosts and with its own ControlPersist."
)


def there() -> bool:
    """Whether `make bench` could install them."""
    return (PROGRAMS / "ansible-playbook").exists() and (PROGRAMS / "pyinfra").exists()


def ansible(sshd: Sshd, count: int, commands: list[str], module: str) -> None:
    """All commands as tasks of one playbook, all hosts at once."""
    inventory = "".join(
        f"app-{n} ansible_host=127.0.0.1 ansible_port={sshd.port} "
        f"ansible_user={sshd.username} ansible_ssh_private_key_file={sshd.folder}/client\n"
        for n in range(count)
    )
    tasks = "".join(
        f"    - ansible.builtin.{module}: {json.dumps(command)}\n" for command in commands
    )
    with tempfile.TemporaryDirectory() as folder:
        hosts, playbook = Path(folder) / "hosts.ini", Path(folder) / "steps.yml"
        hosts.write_text(inventory)
        playbook.write_text(f"- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}")
        _run("ansible-playbook", playbook, "-i", hosts, "-f", str(count))


def pyinfra(sshd: Sshd, count: int, commands: list[str]) -> None:
    """All commands as operations of one deploy, all hosts at once."""
    data = {
        "ssh_hostname": "127.0.0.1",
        "ssh_port": sshd.port,
        "ssh_user": sshd.username,
        "ssh_key": str(sshd.folder / "client"),
        "ssh_strict_host_key_checking": "off",
    }
    hosts = [(f"app-{n}", data) for n in range(count)]
    steps = [f"server.shell(name={str(n)!r}, commands=[{c!r}])" for n, c in enumerate(commands)]
    with tempfile.TemporaryDirectory() as folder:
        inventory, deploy = Path(folder) / "inventory.py", Path(folder) / "deploy.py"
        inventory.write_text(f"hosts = {hosts!r}\n")
        deploy.write_text("\n".join(["from pyinfra.operations import server", *steps]))
        _run("pyinfra", inventory, deploy, "-y", "--parallel", str(count))


def _run(program: str, *words: str | Path) -> None:
    with tempfile.TemporaryDirectory() as home:
        subprocess.run(
            [PROGRAMS / program, *words],
            check=True,
            capture_output=True,
            env={
                "ANSIBLE_HOST_KEY_CHECKING": "false",
                "ANSIBLE_PIPELINING": "true",
                "PATH": f"{PROGRAMS}:/usr/bin:/bin",
                "HOME": home,
                "LANG": "C.UTF-8",
            },
        )
