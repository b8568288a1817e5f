#!/usr/bin/env bash
# How long POST …/complete takes as files grow: it reads and copies nothing, so the time should not grow with them.
# Uploads real bytes in 8 MiB parts over 8 connections, then times the one call. Sizes in MiB may be given as arguments.
set -euo pipefail

bin=${SLUICE_BIN:?run me through Scripts/bench}
rounds=${ROUNDS:-5}
sizes=("$@")
[ ${#sizes[@]} -gt 0 ] || sizes=(5 50 500 5120)

work=$(mktemp -d)
port=$((20000 + RANDOM % 20000))
"$bin" serve --data-dir "$work/data" --port "$port" --log-level error &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do
    curl -fsS -o "$work/ready" "http://127.0.0.1:$port/readyz" 2>"$work/ready.err" && break
    sleep 0.1
done

key=$(cat "$work/data/initial-api-key")
part_bytes=$((8 << 20))
ffmpeg -loglevel error -y -f lavfi -i testsrc=duration=1:size=320x240 -pix_fmt yuv420p "$work/head.mp4"
# One part of noise stands for all but the first, which begins as a real video does.
head -c "$part_bytes" /dev/urandom >"$work/part"
{ cat "$work/head.mp4"; cat "$work/part"; } | head -c "$part_bytes" >"$work/first"

json_field() { sed -n "s/.*\"$1\":\"\\([^\"]*\\)\".*/\\1/p"; }
export work key port
put() {
    n=$1 count=$2 last=$3 url=$4 file=$work/part
    [ "$n" -eq 1 ] && file=$work/first
    if [ "$n" -eq "$count" ]; then
        head -c "$last" "$file" | curl -fsS -o "$work/answer.$n" -H "X-API-Key: $key" -H 'Expect:' -X PUT --data-binary @- "$url/parts/$n"
    else
        curl -fsS -o "$work/answer.$n" -H "X-API-Key: $key" -H 'Expect:' -T "$file" "$url/parts/$n"
    fi
}
export -f put

printf '| file, MiB | parts | complete, ms (median of %s) | least | most |\n| ---: | ---: | ---: | ---: | ---: |\n' "$rounds"
for size in "${sizes[@]}"; do
    bytes=$((size << 20))
    count=$(((bytes + part_bytes - 1) / part_bytes))
    last=$((bytes - (count - 1) * part_bytes))
    times=()
    for _ in $(seq "$rounds"); do
        id=$(curl -fsS -H "X-API-Key: $key" -d "{\"fileName\":\"a.mp4\",\"size\":$bytes,\"partSize\":$part_bytes}" \
            "http://127.0.0.1:$port/api/v1/uploads" | json_field fileId)
        url=http://127.0.0.1:$port/api/v1/uploads/$id
        seq "$count" | shuf | xargs -P 8 -I{} bash -c "put {} $count $last $url"
        times+=("$(curl -fsS -X POST -o "$work/answer" -w '%{time_total}' -H "X-API-Key: $key" "$url/complete")")
    done
    printf '%s\n' "${times[@]}" | sort -n | awk -v size="$size" -v parts="$count" \
        '{ t[NR] = $1 * 1000 } END { printf "| %d | %d | %.1f | %.1f | %.1f |\n", size, parts, t[int((NR + 1) / 2)], t[1], t[NR] }'
done
