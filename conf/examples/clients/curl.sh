#!/bin/sh
# Submits a message with curl and waits for its result. usage: curl.sh URL FROM TO [FILE...]
set -eu
url=$1 from=$2 to=$3
shift 3
for file in "$@"; do set -- "$@" -F "attachments=@$file"; shift; done
location=$(curl -fsS -o /dev/null -D - -F "from=$from" -F "to=$to" -F "subject=Report" -F "text=See the attachments." "$@" "$url" |
    tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
curl -fsS "${url%"${url#*://*/}"}${location#/}?wait=10s"
