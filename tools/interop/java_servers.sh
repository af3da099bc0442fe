#!/usr/bin/env bash
# Starts and stops Apache's own NameServer and Broker (Java) on loopback.
#
#   java_servers.sh start --dir DIR [--namesrv-port 9876] [--broker-port 10911] [--store DIR]
#                         [--heap 512m] [--deadline 90] [--set key=value]...
#   java_servers.sh stop  --dir DIR
#   java_servers.sh build
#
# start prints, once both are ready, "namesrv PID ADDRESS" and "broker PID ADDRESS". It fails (1)
# when a server dies or is not ready by the deadline, and then leaves nothing running. Ready means
# that the NameServer knows the broker, some ten seconds after the broker says "boot success".
# DIR holds pids, configuration, output and logs; the store is DIR/store unless --store names
# another. The broker also takes the ports broker-port - 2 (fast) and broker-port + 1 (HA). --set
# adds or overrides lines of broker.conf. The jars are fetched once into INTEROP_BUILD (default
# build/interop).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${INTEROP_BUILD:-$here/../../build/interop}

die() { echo "java_servers: $*" >&2; exit 1; }

fetch_jars() {
  local out=$build/servers
  [[ $out/stamp -nt $here/servers/pom.xml ]] && return
  mkdir -p "$out"
  rm -rf "$out/lib"
  mvn -B -q -Dstyle.color=never -f "$here/servers/pom.xml" -Dinterop.out="$(cd "$out" && pwd)" compile >&2
  touch "$out/stamp"
}

# launch NAME MAIN_CLASS CONFIG: runs one server in the background, away from the terminal.
launch() {
  local name=$1 main=$2 config=$3
  setsid java -Xms256m -Xmx"$heap" -XX:MaxDirectMemorySize=512m -XX:+UseG1GC \
    -XX:-UsePerfData -Duser.home="$dir/$name" -Drocketmq.home.dir="$dir" \
    --add-opens=java.base/sun.nio.ch=ALL-UNNAMED --add-opens=java.base/java.nio=ALL-UNNAMED \
    --add-opens=java.base/jdk.internal.ref=ALL-UNNAMED \
    -cp "$build/servers/lib/*" "$main" -c "$config" >"$dir/$name.out" 2>&1 </dev/null &
  echo $! >"$dir/$name.pid"
}

# await NAME FILE TEXT: returns when the server has written TEXT into DIR/FILE; fails when it died
# or the deadline passed.
await() {
  local name=$1 file=$dir/$2 text=$3 pid
  pid=$(<"$dir/$name.pid")
  until grep -qs "$text" "$file"; do
    if ! kill -0 "$pid" 2>/dev/null || ((SECONDS > deadline)); then
      tail -n 20 "$dir/$name.out" >&2
      stop
      die "$name is not ready"
    fi
    read -rt 0.1 <> <(:) || true
  done
}

stop_one() {
  local name=$1 pid patience=$((SECONDS + 20))
  [[ -f $dir/$name.pid ]] || return 0
  pid=$(<"$dir/$name.pid")
  kill "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null; do
    ((SECONDS < patience)) || { kill -KILL "$pid" 2>/dev/null || true; break; }
    read -rt 0.1 <> <(:) || true
  done
  rm -f "$dir/$name.pid"
}

stop() { stop_one broker; stop_one namesrv; }

write_configs() {
  printf 'listenPort=%s\n' "$namesrv_port" >"$dir/namesrv.properties"
  {
    printf '%s\n' brokerClusterName=DefaultCluster brokerName=broker-a brokerId=0 \
      brokerIP1=127.0.0.1 "listenPort=$broker_port" "namesrvAddr=127.0.0.1:$namesrv_port" \
      "storePathRootDir=$store" autoCreateTopicEnable=true \
      mappedFileSizeCommitLog=67108864 mappedFileSizeConsumeQueue=600000 \
      maxHashSlotNum=100000 maxIndexNum=400000 "${settings[@]}"
  } >"$dir/broker.conf"
}

start() {
  [[ ! -f $dir/namesrv.pid && ! -f $dir/broker.pid ]] || die "$dir has pid files: stop it first"
  rm -rf "$dir/broker/logs" "$dir/namesrv/logs"
  write_configs
  launch namesrv org.apache.rocketmq.namesrv.NamesrvStartup "$dir/namesrv.properties"
  await namesrv namesrv.out 'The Name Server boot success'
  launch broker org.apache.rocketmq.broker.BrokerStartup "$dir/broker.conf"
  await broker broker.out 'The broker\[.*boot success'
  await broker broker/logs/rocketmqlogs/broker.log 'Registering current broker to name server comp'
  echo "namesrv $(<"$dir/namesrv.pid") 127.0.0.1:$namesrv_port"
  echo "broker $(<"$dir/broker.pid") 127.0.0.1:$broker_port"
}

command=${1:-}
shift || true
dir='' store='' namesrv_port=9876 broker_port=10911 heap=512m patience=90 settings=()
while (($#)); do
  (($# >= 2)) || die "$1 needs a value"
  case $1 in
    --dir) dir=$2 ;;
    --store) store=$2 ;;
    --namesrv-port) namesrv_port=$2 ;;
    --broker-port) broker_port=$2 ;;
    --heap) heap=$2 ;;
    --deadline) patience=$2 ;;
    --set) settings+=("$2") ;;
    *) die "unknown option $1" ;;
  esac
  shift 2
done
deadline=$((SECONDS + patience))

case $command in
  build) fetch_jars ;;
  start | stop)
    [[ -n $dir ]] || die "--dir is required"
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    store=${store:-$dir/store}
    if [[ $command == stop ]]; then
      stop
    else
      fetch_jars
      deadline=$((SECONDS + patience))
      start
    fi
    ;;
  *) sed -n '2,18s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
