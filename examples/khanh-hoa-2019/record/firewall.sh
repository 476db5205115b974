#!/bin/bash
# Records an nftables firewall that logs what it refuses while a port scan runs. Needs: nftables,
# nmap, util-linux (dmesg), iproute2; root, and net.netfilter.nf_log_all_netns=1 (set and put back).
. "$(dirname "$0")/hosts.sh"
hosts_up
before=$(cat /proc/sys/net/netfilter/nf_log_all_netns)
echo 1 >/proc/sys/net/netfilter/nf_log_all_netns
on_server nft -f - <<'RULES'
table inet filter {
  chain input { type filter hook input priority 0; policy accept;
    tcp dport { 80, 443 } accept
    ip protocol tcp log prefix "FW-DROP: " drop
  }
}
RULES
dmesg --clear
from_outside ip route replace 10.20.1.0/24 dev hd-o src $SCANNER
from_outside nmap -n -Pn -sS --max-retries 0 -T4 -p 22,23,135,139,445,1433,3306,3389,5900,8080 10.20.1.12 >/dev/null 2>&1 || true
from_outside ip route replace 10.20.1.0/24 dev hd-o src $OFFICE
from_outside nmap -n -Pn -sS --max-retries 0 -p 445 10.20.1.12 >/dev/null 2>&1 || true
stamp=$(LC_ALL=C date '+%b %e %H:%M:%S')
dmesg | grep FW-DROP | sed "s/^\(\[[^]]*\]\) /<4>$stamp fw-01 kernel: \1 /" >"$out/firewall.log"
echo "$before" >/proc/sys/net/netfilter/nf_log_all_netns
wc -l "$out/firewall.log"
