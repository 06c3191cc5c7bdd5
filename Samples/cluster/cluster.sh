#!/usr/bin/env bash
# Starts, stops and shows the three-node cluster of cluster.json on this machine.
#
#   cluster.sh start [NODE…]     start the nodes (all of them without a name), and wait until they are ready
#   cluster.sh stop [NODE…]      stop them gracefully (SIGTERM)
#   cluster.sh kill NODE…        kill -9
#   cluster.sh restart           stop and start one after the other, while the cluster serves
#   cluster.sh add NODE          one more node, such as n4, to the running cluster; the file stays as it is
#   cluster.sh remove NODE       drain a node, and take it out of the cluster for good
#   cluster.sh status            process ids, and what the nodes say of themselves
#   cluster.sh clean             stop all, and delete their data
#
# Each node has a supervisor of its own, which starts it again when Orleans has evicted it (status 3): it was paused or cut off for too long.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
config=${CLUSTER_CONFIG:-$here/cluster.json}
run=${CLUSTER_RUN:-$here/run}
silo=$run/silo/Quorleans.Silo.dll # published: compiled ahead, it starts sooner
client=$root/Client/bin/Release/net10.0/Quorleans.Client.dll
added=$run/added # a line for each node that was added: its name and its HTTP port
removed=$run/removed
all=$(sed -n 's/.*"name": *"\([^"]*\)".*/\1/p' "$config"; [ ! -f "$added" ] || cut -d' ' -f1 "$added")
[ ! -f "$removed" ] || all=$(grep -vxFf "$removed" <<<"$all" || true)
evicted=3
patience=120

fail() { echo "cluster.sh: $*" >&2; exit 1; }
field_of() { sed -n "s/.*\"name\": *\"$1\".*\"$2\": *\([0-9]*\).*/\1/p" "$config"; }
port_of() { if grep -q "^$1 " "$added" 2>/dev/null; then sed -n "s/^$1 //p" "$added"; else field_of "$1" http; fi; }
pid_of() { [ -f "$run/$1.pid" ] && cat "$run/$1.pid" || true; }
alive() { local pid; pid=$(pid_of "$1"); [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; }

# Not under the feet of nodes that run. dotnet build finds out by itself that nothing has changed.
build() {
  local node
  for node in $all; do if alive "$node"; then return; fi; done
  dotnet publish "$root/Silo" -c Release -o "$run/silo" -v quiet --nologo >&2
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

# Its ports follow those of the first node in the file: n4 has the first node's, and three more.
add() {
  local node=$1 more
  [[ $node =~ ^n([0-9]+)$ ]] || fail "a node that is added here is called n and a number, such as n4"
  more=$((BASH_REMATCH[1] - 1))
  dotnet "$client" --config "$config" node add "$node" --silo $(($(field_of n1 silo) + more)) --gateway $(($(field_of n1 gateway) + more)) \
    --http-port $(($(field_of n1 http) + more)) --peer $(($(field_of n1 peer) + more))
  grep -q "^$node " "$added" 2>/dev/null || echo "$node $(($(field_of n1 http) + more))" >>"$added"
  start "$node"
}

remove() {
  local node=$1 i
  dotnet "$client" --config "$config" node drain "$node"
  dotnet "$client" --config "$config" node remove "$node"
  echo "$node" >>"$removed"
  for ((i = 0; i < patience * 5; i++)); do alive "$node" || break; sleep 0.2; done
  alive "$node" && fail "$node, process $(pid_of "$node"), has not ended"
  rm -rf "$here/data/$node"
  echo "$node is gone, and its data deleted"
}

command=${1:-help}; shift || true
[ "$command" = add ] || for node in "$@"; do grep -qx "$node" <<<"$all" || fail "there is no node $node; the nodes are $(echo $all)"; done
case $command in
  start) build; start ${@:-$all} ;;
  stop) stop TERM ${@:-$all} ;;
  kill) [ $# -gt 0 ] || fail "kill which node?"; stop KILL "$@" ;;
  add) [ $# -eq 1 ] || fail "add which node?"; add "$1" ;;
  remove) [ $# -eq 1 ] || fail "remove which node?"; remove "$1" ;;
  restart) for node in $all; do stop TERM "$node"; start "$node"; done ;;
  status)
    for node in $all; do if alive "$node"; then echo "$node  process $(pid_of "$node")"; else echo "$node  down"; fi; done
    dotnet "$client" --config "$config" status ;;
  clean) stop TERM $all; rm -rf "$here/data" "$run" ;;
  *) sed -n '2,14s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; [ "$command" = help ] || exit 2 ;;
esac
