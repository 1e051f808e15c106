#!/bin/sh
# Runs once inside the new root file system, before anything ever booted there.
set -eu
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086 # split on purpose
apt-get install -q -y --no-install-recommends $PACKAGES
apt-get clean
rm -rf /usr/sbin/policy-rc.d /var/lib/apt/lists/* /etc/ssh/ssh_host_*
useradd --create-home --shell /bin/bash --uid 1000 deploy
useradd --system --no-create-home --home-dir /nonexistent iact
usermod --append --groups iact deploy
systemctl enable ssh mariadb nginx
# The address is given from outside, names come from /etc/hosts.
systemctl mask systemd-networkd systemd-resolved systemd-timesyncd systemd-firstboot \
    apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer getty.target console-getty
: >/etc/resolv.conf
: >/etc/machine-id
