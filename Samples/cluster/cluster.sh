#!/usr/bin/env bash
# Starts, stops and shows the three-node cluster of cluster.json on this machine.
#
#   cluster.sh start [NODE…]     start the nodes (all of them without a name), and wait until they are ready
#   cluster.sh stop [NODE…]      stop them gracefully (SIGTERM)
#   cluster.sh kill NODE…        kill -9
#   cluster.sh restart           stop and start one after the other, while the cluster serves
#   cluster.sh status            process ids, and what the nodes say of themselves
#   cluster.sh clean             stop all, and delete their data
#
# Each node has a supervisor of its own, which starts it again when Orleans has evicted it (status 3): it was paused or cut off for too long.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
config=${CLUSTER_CONFIG:-$here/cluster.json}
run=${CLUSTER_RUN:-$here/run}
silo=$root/Silo/bin/Release/net10.0/Quorleans.Silo.dll
client=$root/Client/bin/Release/net10.0/Quorleans.Client.dll
all=$(sed -n 's/.*"name": *"\([^"]*\)".*/\1/p' "$config")
evicted=3
patience=120

fail() { echo "cluster.sh: $*" >&2; exit 1; }
port_of() { sed -n "s/.*\"name\": *\"$1\".*\"http\": *\([0-9]*\).*/\1/p" "$config"; }
pid_of() { [ -f "$run/$1.pid" ] && cat "$run/$1.pid" || true; }
alive() { local pid; pid=$(pid_of "$1"); [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; }

# Not under the feet of nodes that run. dotnet build finds out by itself that nothing has changed.
build() {
  local node
  for node in $all; do if alive "$node"; then return; fi; done
  dotnet build "$root/Silo" -c Release -v quiet --nologo >&2
  dotnet build "$root/Client" -c Release -v quiet --nologo >&2
}

supervise() {
  local node=$1 status
  while :; do
    dotnet "$silo" --config "$config" --node "$node" >>"$run/$node.log" 2>&1 &
    echo $! >"$run/$node.pid"
    status=0; wait $! || status=$?
    [ $status -eq $evicted ] || break
    echo "cluster.sh: $node was evicted; it is started again" >>"$run/$node.log"
  done
  rm -f "$run/$node.pid"
}

ready() {
  exec 3<>"/dev/tcp/127.0.0.1/$(port_of "$1")" || return 1
  printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
  local line; IFS= read -r line <&3 || line=; exec 3>&-
  [[ $line == *" 200 "* ]]
} 2>/dev/null

start() {
  mkdir -p "$run"
  local node i
  for node in "$@"; do
    if alive "$node"; then echo "$node runs already, as process $(pid_of "$node")"; continue; fi
    : >"$run/$node.log"
    supervise "$node" </dev/null >/dev/null 2>&1 &
    disown
  done
  for node in "$@"; do
    for ((i = 0; i < patience * 5; i++)); do
      ready "$node" && break
      # Not before its process had time to come up.
      ((i > 10)) && ! alive "$node" && { tail -n 3 "$run/$node.log" >&2; fail "$node has ended; see $run/$node.log"; }
      sleep 0.2
    done
    ready "$node" || fail "$node is not ready after $patience s; see $run/$node.log"
    echo "$node is ready, as process $(pid_of "$node")"
  done
}

stop() {
  local signal=$1 node i; shift
  for node in "$@"; do
    if alive "$node"; then kill "-$signal" "$(pid_of "$node")"; else echo "$node does not run"; fi
  done
  for node in "$@"; do
    for ((i = 0; i < patience * 5; i++)); do alive "$node" || break; sleep 0.2; done
    alive "$node" && fail "$node, process $(pid_of "$node"), has not ended"
    echo "$node is down"
  done
}

command=${1:-help}; shift || true
for node in "$@"; do grep -qx "$node" <<<"$all" || fail "there is no node $node; the nodes are $(echo $all)"; done
case $command in
  start) build; start ${@:-$all} ;;
  stop) stop TERM ${@:-$all} ;;
  kill) [ $# -gt 0 ] || fail "kill which node?"; stop KILL "$@" ;;
  restart) for node in $all; do stop TERM "$node"; start "$node"; done ;;
  status)
    for node in $all; do if alive "$node"; then echo "$node  process $(pid_of "$node")"; else echo "$node  down"; fi; done
    dotnet "$client" --config "$config" status ;;
  clean) stop TERM $all; rm -rf "$here/data" "$run" ;;
  *) sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; [ "$command" = help ] || exit 2 ;;
esac
