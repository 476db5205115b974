# Two hosts on this machine for recording: `server` (10.20.1.12, any host name) and `outside`, which
# holds the documentation addresses of attackers and visitors. Sourced by the recorders; needs root,
# iproute2, rsyslog. Nothing leaves the machine.
set -euo pipefail
work=$(mktemp -d)
out=$(cd "$(dirname "$0")/../logs" && pwd)
cd / # so that no recording holds the recorder's own folder
ATTACKER=203.0.113.77 SCANNER=198.51.100.4 VISITOR=192.0.2.10 OFFICE=192.0.2.20

hosts_up() {
    ip netns add hd-server; ip netns add hd-outside
    ip link add hd-s netns hd-server type veth peer name hd-o netns hd-outside
    ip -n hd-server addr add 10.20.1.12/24 dev hd-s
    for address in $ATTACKER $SCANNER $VISITOR $OFFICE; do
        ip -n hd-outside addr add "$address/32" dev hd-o
    done
    ip -n hd-server link set lo up; ip -n hd-outside link set lo up
    ip -n hd-server link set hd-s up; ip -n hd-outside link set hd-o up
    ip -n hd-server route add default dev hd-s
    ip -n hd-outside route add 10.20.1.0/24 dev hd-o src $VISITOR
}

hosts_down() {
    for file in "$work"/*.pid; do [ -s "$file" ] && kill "$(cat "$file")" 2>/dev/null || true; done
    sleep 0.3
    ip netns del hd-server 2>/dev/null || true
    ip netns del hd-outside 2>/dev/null || true
    rm -rf "$work"
}
trap hosts_down EXIT


# rsyslogd on that host: every line as it would go out on the wire, into logs/FILE.
# template: wire3164 or wire5424, rsyslog's own forwarding formats with a line end behind them.
collect() {
    local name=$1 template=$2 file=$3
    cat >"$work/rsyslog.conf" <<CONF
global(localHostname="$name" workDirectory="$work")
module(load="imuxsock" SysSock.Name="/dev/log" SysSock.RateLimit.Interval="0")
template(name="wire3164" type="string" string="<%PRI%>%TIMESTAMP% %HOSTNAME% %syslogtag:1:32%%msg:::sp-if-no-1st-sp%%msg%\n")
template(name="wire5424" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% %PROCID% %MSGID% %STRUCTURED-DATA% %msg%\n")
action(type="omfile" file="$file" template="$template")
CONF
    rm -f "$file" /dev/log
    ip netns exec hd-server rsyslogd -n -i "$work/rsyslog.pid" -f "$work/rsyslog.conf" &
    for _ in 1 2 3 4 5 6 7 8 9 10; do [ -S /dev/log ] && break; sleep 0.2; done
}

collect_end() {
    sleep 0.7
    kill "$(cat "$work/rsyslog.pid")"; wait || true
    rm -f "$work/rsyslog.pid"
}

from_outside() { ip netns exec hd-outside "$@"; }
on_server() { ip netns exec hd-server "$@"; }
