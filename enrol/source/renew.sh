#!/bin/sh
# Renews the certificate when less than 30 days are left: a new key is made here, and the request is
# signed with the old one. Once a day from cron, as root:
#   17 3 * * *  {{folder}}/renew.sh && systemctl try-restart rsyslog
# Ends with 0 when it was renewed, 1 when there was nothing to do, 3 when it failed.
set -eu
cd "$(dirname "$0")"
umask 077
days=${1:-30}
! openssl x509 -in sender.pem -noout -checkend $((days * 86400)) >/dev/null || exit 1
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out next.key
openssl req -new -key next.key -subj "/CN={{source}}" -outform DER -out next.csr
openssl dgst -sha256 -sign sender.key -out next.sig next.csr
print=$(openssl x509 -in sender.pem -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1)
printf '{"certificate":"%s","request":"%s","signature":"%s"}' "$print" \
       "$(base64 <next.csr | tr -d '\n')" "$(base64 <next.sig | tr -d '\n')" |
    curl --silent --show-error --cacert authority.pem -H 'Content-Type: application/json' \
         --data-binary @- "{{console}}/api/v1/enrolment/renewal" >answer.json
sed -n 's/.*"certificate":"\([^"]*\)".*/\1/p' answer.json | base64 -d |
    openssl x509 -inform DER -out next.pem 2>/dev/null || {
        echo "renew.sh: no certificate was given: $(cat answer.json)" >&2; rm -f next.*; exit 3; }
mv next.key sender.key
mv next.pem sender.pem
rm -f next.csr next.sig answer.json
echo "renew.sh: renewed until $(openssl x509 -in sender.pem -noout -enddate | cut -d= -f2)"
