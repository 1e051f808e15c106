#!/bin/sh
# Makes what docker-compose.yml reads as secrets, in var/secrets, and keeps what is there.
set -eu
cd "$(dirname "$0")/.."
folder=var/secrets
command -v openssl >/dev/null || { echo "openssl is needed to make a certificate: install it first." >&2; exit 1; }
umask 077
mkdir -p "$folder"

random() { # BYTES, as URL-safe base64 like a Fernet key
    head -c "$1" /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n'
}

keep() { # NAME BYTES
    if [ ! -s "$folder/$1" ]; then random "$2" >"$folder/$1"; fi
    # The containers' account is nobody here and must read it; the folder is closed to others.
    chmod 0444 "$folder/$1"
}

keep secret_key 48
keep master_keys 32
keep database_password 24
keep metrics_token 24

# A certificate for a trial, signed by nobody; a real one is put in its place.
if [ ! -s "$folder/tls_certificate" ]; then
    host=${CONSOLE_HOST:-localhost}
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 \
        -subj "/CN=$host" -addext "subjectAltName=DNS:$host" \
        -keyout "$folder/tls_key" -out "$folder/tls_certificate"
fi
chmod 0444 "$folder/tls_key" "$folder/tls_certificate"
echo "The secrets are in $folder. Back up master_keys apart from the database: it opens every stored credential."
