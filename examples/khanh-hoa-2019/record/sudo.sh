#!/bin/bash
# Records sudo: allowed, wrong password, not in sudoers. Needs: sudo, rsyslog, iproute2; root.
. "$(dirname "$0")/hosts.sh"
hosts_up
useradd -M -s /bin/bash ketoan 2>/dev/null || true
useradd -M -s /bin/bash khach 2>/dev/null || true
echo 'ketoan:KeToan#2019' | chpasswd
echo 'khach:Khach#2019' | chpasswd
echo 'ketoan ALL=(root) /usr/bin/id, /usr/bin/tail, /bin/bash' >/etc/sudoers.d/hd-record
collect kt-app-01 wire5424 "$out/sudo.log"
as() { su -s /bin/bash "$1" -c "cd /tmp; echo '$2' | sudo -S -k -p '' $3" >/dev/null 2>&1 || true; }
as ketoan 'KeToan#2019' '/usr/bin/id'
as ketoan 'KeToan#2019' '/usr/bin/tail -n 1 /etc/hostname'
as ketoan 'sai' '/usr/bin/id'
as ketoan 'KeToan#2019' '/usr/bin/cat /etc/shadow'
as khach 'Khach#2019' '/bin/bash -c id'
as ketoan 'KeToan#2019' '/bin/bash -c id'
collect_end
rm -f /etc/sudoers.d/hd-record
userdel ketoan; userdel khach
wc -l "$out/sudo.log"
