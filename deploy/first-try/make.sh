#!/bin/sh
# Makes all keys, certificates and a keyset for docker-compose.yml, in one folder with a part
# for each machine, once. Never for patients: there each key is made where it is used
# (docs/running.md).
#
#   KEYS    where they go          (/tocsin/compose)
#   USER_ID who runs the servers   (65532)
#   OWNER   a file; its owner gets the staff's keys, and the folder above KEYS (/owner)
#   VOLUMES the servers' volumes, to be theirs (/volumes)
#   ADDRESS by which NATS is called besides its names (none)
set -eu
umask 077

keys=${KEYS:-/tocsin/compose}
server=${USER_ID:-65532}
owner=$(stat -c %u:%g "${OWNER:-/owner}")

if [ -d "${VOLUMES:-/volumes}" ]; then
	chown "$server:$server" "${VOLUMES:-/volumes}"/*
fi
if [ -e "$keys/made" ]; then
	echo "Keys are there already: $keys/made"
	exit 0
fi

# All in a folder of its own first: what a crash left half made is made anew.
mkdir -p "$keys"
work=$(mktemp -d "$keys/.making-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

# Whose signatures count.
for name in root publisher approver beacon; do
	tocsin key new $name.key --owner $name >$name.pub
done
tocsin keyset new keyset.json --root root.pub --trust trust.pem
tocsin keyset add keyset.json publisher.pub --role publisher --role contacts --role operator
tocsin keyset add keyset.json approver.pub --role approver --role contacts --role operator
tocsin keyset add keyset.json beacon.pub --role beacon
tocsin keyset sign keyset.json --key root.key
tocsin key ring ticket.keys
tocsin key ring desk.keys

# NATS: its servers' certificates, its users' keys.
also=${ADDRESS:+,$ADDRESS}
tocsin broker keys nats --server nats-1=nats-1"$also" --server nats-2=nats-2"$also" --server nats-3=nats-3"$also"

# The site's certificate, of an authority that is thrown away.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 397 \
	-subj "/CN=Tocsin, a first try" -keyout site-ca.key -out site-ca.pem 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	-subj "/CN=localhost" -keyout site.key -out site.csr 2>/dev/null
printf 'subjectAltName=DNS:localhost,DNS:desk.localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' >site.ext
openssl x509 -req -in site.csr -CA site-ca.pem -CAkey site-ca.key -CAcreateserial \
	-days 397 -extfile site.ext -out site.crt 2>/dev/null
cat site.crt site.key >site.pem

# give PART FILE=NAME…: what one machine gets, and no more.
give() {
	part=$keys/$1
	shift
	mkdir -p "$part"
	for pair in "$@"; do
		cp "${pair%%=*}" "$part/${pair#*=}"
	done
	chown -R "$server:$server" "$part"
	chmod 700 "$part"
}

for n in 1 2 3; do
	give nats-$n nats/nats-$n.pem=server.pem nats/nats-$n.key=server.key nats/ca.pem=ca.pem nats/nats.env=nats.env
done
for n in 1 2; do
	give edge-$n trust.pem=trust.pem ticket.keys=ticket.keys nats/ca.pem=nats-ca.pem nats/edge-$n.nk=nats.nk
done
give desk-1 trust.pem=trust.pem ticket.keys=ticket.keys desk.keys=desk.keys beacon.key=beacon.key \
	nats/ca.pem=nats-ca.pem nats/desk-1.nk=nats.nk
give admin nats/ca.pem=nats-ca.pem nats/admin.nk=nats.nk
give public keyset.json=keyset.json
give proxy site.pem=site.pem

# The people who try it out, who run the command line on this machine.
server=${owner%%:*}
give staff root.key=root.key publisher.key=publisher.key approver.key=approver.key \
	keyset.json=keyset.json trust.pem=trust.pem site-ca.pem=ca.pem
chown -R "$owner" "$keys/staff"
chown "$owner" "$keys" "$(dirname "$keys")"
date -u >"$keys/made"
echo "Keys are made, in $keys/staff those for people."
