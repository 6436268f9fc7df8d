#!/bin/bash
# Measures BenchServer against nginx on this machine, over loopback only.
#
#   Benchmarks/http/run.sh <BenchServer> [mode ...]      mode: bare, http (default: http)
#
# ROUNDS (5), SECONDS_EACH (2) and CASES ("get get8 close pipelined post") may be set in the
# environment. Every server is measured once a round, the order is reversed every other round,
# and the result is the median of the ratios to nginx within each round: the machine may be
# shared, its absolute figures mean little. Needs nginx, wrk and two free ports.
set -euo pipefail

server=$1
shift
modes=("${@:-http}")
rounds=${ROUNDS:-5}
seconds=${SECONDS_EACH:-2}
cases=${CASES:-get get8 close pipelined post}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
declare -A port pids
children=()
trap 'kill "${children[@]}" 2>/dev/null || true; wait; rm -rf "$work"' EXIT

sed "s|@WORK@|$work|g" "$here/nginx.conf" >"$work/nginx.conf"
nginx -p "$work" -c "$work/nginx.conf" -e "$work/error.log" &
children+=($!)
port[nginx]=18080
next=18081
for mode in "${modes[@]}"; do
    "$server" "$mode" $next >"$work/$mode.log" &
    children+=($!)
    port[$mode]=$next
    pids[$mode]=$!
    next=$((next + 1))
done
sleep 1
pids[nginx]=$(pgrep -P "${children[0]}" | tr '\n' ' ')

# Clock ticks of user and system time of the given processes.
ticks() {
    local pid sum=0
    for pid in "$@"; do
        sum=$((sum + $(awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$pid/stat")))
    done
    echo $sum
}

measure() { # case server
    local options=(-t2 -c64) path=/
    case $1 in
    get8) options=(-t2 -c8) ;;
    close) options+=(-H "Connection: close") path=/c ;;
    pipelined) options+=(-s "$here/pipelined.lua") ;;
    post) options+=(-s "$here/post.lua") ;;
    esac
    local before after
    before=$(ticks ${pids[$2]})
    wrk "${options[@]}" -d"${seconds}s" --latency "http://127.0.0.1:${port[$2]}$path" \
        >"$work/out"
    after=$(ticks ${pids[$2]})
    awk -v case="$1" -v server="$2" -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" '
        function us(t) { return t ~ /us$/ ? t + 0 : t ~ /ms$/ ? t * 1000 : t * 1000000 }
        /requests in/ { total = $1 }
        /Requests\/sec/ { rate = $2 }
        $1 == "50%" { p50 = us($2) }
        $1 == "99%" { p99 = us($2) }
        /Socket errors|Non-2xx/ { errors = errors " " $0 }
        END {
            cpu = total ? ticks / hz * 1e6 / total : 0
            printf "%s %s %.0f %.2f %d %d%s\n", case, server, rate, cpu, p50, p99, errors
        }' "$work/out"
}

servers=(nginx "${modes[@]}")
for name in $cases; do
    : >"$work/results"
    for ((round = 0; round < rounds; round++)); do
        order=("${servers[@]}")
        if ((round % 2)); then
            order=()
            for one in "${servers[@]}"; do order=("$one" "${order[@]}"); done
        fi
        for one in "${order[@]}"; do
            measure "$name" "$one" | sed "s/^/$round /" >>"$work/results"
        done
    done
    grep -E 'errors|Non-2xx' "$work/results" || true
    for one in "${servers[@]}"; do
        awk -v one="$one" -v name="$name" '
            function median(list, n,   i, j, t) {
                for (i = 2; i <= n; i++)
                    for (j = i; j > 1 && list[j - 1] > list[j]; j--) {
                        t = list[j]; list[j] = list[j - 1]; list[j - 1] = t
                    }
                return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
            }
            $3 == "nginx" { base[$1] = $4; cost[$1] = $5 }
            $3 == one { rate[$1] = $4; cpu[$1] = $5; n++; p50[n] = $6; p99[n] = $7 }
            END {
                for (r in rate) {
                    i++
                    ratios[i] = rate[r] / base[r]; costs[i] = cpu[r] / cost[r]
                    rates[i] = rate[r]; cpus[i] = cpu[r]
                }
                printf "%-10s %-6s %8.0f/s  x%.2f  cpu %6.2f us  x%.2f  p50 %d us  p99 %d us\n",
                    name, one, median(rates, i), median(ratios, i), median(cpus, i),
                    median(costs, i), median(p50, n), median(p99, n)
            }' "$work/results"
    done
done
for mode in "${modes[@]}"; do
    echo "$mode $(grep VmRSS "/proc/${pids[$mode]}/status")"
done
