"""Which addresses messages may go to."""

from __future__ import annotations

import pytest

from rollback_console.notify.network_policy import host_refusal, refusal

INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.1.1",
    "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.2.1",
    "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "fec0::1", "3fff::1", "192.0.0.192", "192.88.99.1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert "is not a public address" in refusal(address, [])


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_what_is_public_is_reached(address: str) -> None:
    assert refusal(address, []) == ""


def test_a_setting_lets_networks_of_ones_own_through() -> None:
    assert refusal("10.1.2.3", ["10.0.0.0/8"]) == ""
    assert refusal("::ffff:10.1.2.3", ["10.0.0.0/8"]) == ""
    assert "not a public address" in refusal("10.1.2.3", ["192.168.0.0/16"])


def test_a_metadata_service_is_let_through_by_its_own_address_alone() -> None:
    assert "not a public address" in refusal("169.254.169.254", ["169.254.0.0/16", "0.0.0.0/0"])
    assert refusal("169.254.169.254", ["169.254.169.254/32"]) == ""


def test_what_is_not_encrypted_stays_inside() -> None:
    assert "use https://" in refusal("1.1.1.1", [], inside_only=True)
    assert refusal("10.1.2.3", ["10.0.0.0/8"], inside_only=True) == ""


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]"]
)
def test_every_way_to_write_loopback_leads_to_the_same_refusal(name: str) -> None:
    assert "not a public address" in host_refusal(name, [])


def test_a_path_is_no_address() -> None:
    assert "is not an address" in refusal("/var/run/docker.sock", [])
