#!/bin/bash
# Records auditd while an account is tampered with and a program runs from /tmp. Needs: auditd; root
# on a kernel with audit that no other auditd uses.
. "$(dirname "$0")/hosts.sh"
file=$out/auditd.log
rm -f "$file"
cat >"$work/auditd.conf" <<CONF
log_file = $work/audit.log
log_format = RAW
flush = NONE
num_logs = 2
max_log_file = 8
space_left = 75
admin_space_left = 50
CONF
auditd -n -c "$work" -s enable &
for _ in 1 2 3 4 5 6 7 8 9 10; do auditctl -s | grep -q 'pid [1-9]' && break; sleep 0.3; done
auditctl -w /etc/passwd -p wa -k identity -w 2>/dev/null || auditctl -w /etc/passwd -p wa -k identity
auditctl -w /etc/sudoers.d -p wa -k sudoers
auditctl -a always,exit -F arch=b64 -S execve -F dir=/tmp -k exec-tmp
auditctl -a always,exit -F arch=b64 -S execve -F path=/usr/bin/id -k recon
useradd -M khach-la && userdel khach-la
cp /bin/true /tmp/hd-record-x && /tmp/hd-record-x; rm -f /tmp/hd-record-x
touch /etc/sudoers.d/hd-record && rm /etc/sudoers.d/hd-record
id >/dev/null
sleep 1
auditctl -D >/dev/null; auditctl -e 0 >/dev/null
kill %1; wait || true
grep -v "^type=DAEMON_" "$work/audit.log" >"$file"
wc -l "$file"
