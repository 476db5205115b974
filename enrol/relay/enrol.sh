#!/bin/sh
# Makes this machine's key and asks {{console}} for its certificate, with a code that works once.
# The key does not leave this machine. Needs openssl and curl. Run as root in the package's folder.
set -eu
cd "$(dirname "$0")"
umask 077
[ ! -f sender.pem ] || { echo "enrol.sh: there is a certificate already (renew.sh renews it)" >&2; exit 2; }
[ -f sender.key ] || openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out sender.key
request=$(openssl req -new -key sender.key -subj "/CN={{source}}" -outform DER | base64 | tr -d '\n')
printf '{"code":"{{code}}","request":"%s"}' "$request" |
    curl --silent --show-error --cacert authority.pem -H 'Content-Type: application/json' \
         --data-binary @- "{{console}}/api/v1/enrolment" >answer.json
sed -n 's/.*"certificate":"\([^"]*\)".*/\1/p' answer.json | base64 -d |
    openssl x509 -inform DER -out sender.new 2>/dev/null || {
        echo "enrol.sh: no certificate was given: $(cat answer.json)" >&2; rm -f sender.new; exit 3; }
mv sender.new sender.pem
rm -f answer.json
echo "enrol.sh: enrolled until $(openssl x509 -in sender.pem -noout -enddate | cut -d= -f2)"
