#!/bin/sh
# Submits a message with curl and waits for its result; a refusal is printed, and fails. usage: curl.sh URL FROM TO [FILE...]
set -eu
url=$1 from=$2 to=$3
shift 3
for file in "$@"; do set -- "$@" -F "attachments=@$file"; shift; done
answer=$(curl -sS -w '\n%{http_code}' -F "from=$from" -F "to=$to" -F "subject=Report" -F "text=See the attachments." "$@" "$url")
id=$(printf '%s\n' "$answer" | sed -n 's/^{"id":"\([0-9a-f-]*\)".*/\1/p')
if [ -z "$id" ]; then
    printf '%s\n' "$answer" >&2
    exit 1
fi
curl -fsS "${url%/}/$id?wait=10s"
