#!/bin/bash
# Records sshd while somebody guesses passwords, and officials log in as they do every day.
# Needs: openssh-server, openssh-client, sshpass, hydra, rsyslog, iproute2; root.
. "$(dirname "$0")/hosts.sh"
hosts_up
useradd -M -s /bin/bash quantri 2>/dev/null || true
echo 'quantri:HaiDang#2019' | chpasswd
ssh-keygen -q -t ed25519 -N '' -f "$work/host"
mkdir -p /run/sshd
collect srv-web-02 wire3164 "$out/sshd.log"
cat >"$work/sshd.conf" <<CONF
Port 22
HostKey $work/host
PasswordAuthentication yes
UsePAM no
PermitRootLogin prohibit-password
MaxAuthTries 6
MaxStartups 100
PerSourceMaxStartups none
PidFile $work/sshd.pid
CONF
on_server /usr/sbin/sshd -f "$work/sshd.conf"
login() { # address user password
    from_outside sshpass -p "$3" ssh -b "$1" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        -o LogLevel=ERROR -o NumberOfPasswordPrompts=1 -o PubkeyAuthentication=no "$2@10.20.1.12" true || true
}
login $OFFICE quantri 'HaiDang#2019'
login $OFFICE quantri 'HaiDang#2091'   # an honest slip of the finger
login $OFFICE quantri 'HaiDang#2019'
from_outside ip route replace 10.20.1.0/24 dev hd-o src $ATTACKER
printf '%s\n' 123456 password admin root qwerty 12345678 >"$work/words"
printf '%s\n' root admin test oracle quantri >"$work/users"
from_outside hydra -q -t 4 -L "$work/users" -P "$work/words" ssh://10.20.1.12 >/dev/null 2>&1 || true
login $ATTACKER quantri 'HaiDang#2019'  # in the end it knew the password
collect_end
userdel quantri 2>/dev/null || true
wc -l "$out/sshd.log"
