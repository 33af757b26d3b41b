#!/usr/bin/env bash
# The README's commands on a bare Debian 12: made here with debootstrap, with only git and a clone of HEAD beside
# the base system. fresh_machine_drive.mjs is the person who tries the demo, over loopback from outside, so that
# nothing of the test is installed inside.
#
#   sudo tests/system/fresh_machine.sh [--test] [<folder>]     (folder: /var/tmp/mortise-fresh-machine)
#
# --test runs ./dev test inside, too. Needs root, debootstrap, git and node on this machine, and ports 4000, 4010
# and 4020. The base system stays in the folder for the next run; the machine itself is made anew each time.
# CCACHE_START=<folder> puts a compiler cache inside: quicker, but then the first start is not a fresh machine's.
# Mounts and processes live in namespaces of this script and end with it.
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
with_tests=
if [ "${1:-}" = --test ]; then
  with_tests=1
  shift
fi
folder=${1:-/var/tmp/mortise-fresh-machine}

stop() { echo "fresh_machine: $*" >&2; exit 2; }
[ "$(id -u)" = 0 ] || stop "needs root: it makes a system and mounts file systems"
for program in debootstrap git node unshare flock; do
  command -v "$program" >/dev/null || stop "needs $program"
done
if [ -z "${MORTISE_FRESH_MACHINE:-}" ]; then
  export MORTISE_FRESH_MACHINE=1
  unshare --mount --propagation private --pid --fork --kill-child "${BASH_SOURCE[0]}" \
    ${with_tests:+--test} "$folder" &
  trap 'kill -KILL $!; exit 130' INT TERM  # with it go all processes and mounts
  wait $!
  exit
fi

say() { printf '== [%d min %02d s] %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"; }

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
exec 9>"$folder/lock"
flock -n 9 || stop "another run is using $folder"
base=$folder/base.tar
machine=$folder/machine
home=$machine/root
authorities=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}

# The mirror that this machine itself uses.
# shellcheck disable=SC2016
mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m 1 -E '/debian/?$'
}

make_base() {
  [ -e "$base" ] && return
  say "making a bare Debian 12 from $(mirror)"
  rm -rf "$folder/base"
  debootstrap --variant=minbase bookworm "$folder/base" "$(mirror)" >"$folder/debootstrap.log" ||
    { tail -n 5 "$folder/debootstrap.log" >&2; exit 1; }
  tar -C "$folder/base" -cf "$base.part" .
  mv "$base.part" "$base"
  rm -rf "$folder/base"
}

# How this machine reaches the network: name server, proxy of apt, authorities it trusts.
share_network() {
  cp /etc/resolv.conf "$machine/etc/resolv.conf"
  cp /etc/hosts "$machine/etc/hosts"
  apt-config dump | grep -E '^Acquire::(https?::|Check-)' >"$machine/etc/apt/apt.conf.d/00network" || true
  touch "$machine/etc/authorities.pem"
  [ ! -e "$authorities" ] || cp "$authorities" "$machine/etc/authorities.pem"
}

make_machine() {
  say "making the machine in $machine"
  rm -rf --one-file-system "$machine"
  mkdir "$machine"
  tar -C "$machine" -xf "$base"
  share_network
  mount -t proc proc "$machine/proc"
  mount -t sysfs -o ro sys "$machine/sys"
  mount --rbind /dev "$machine/dev"
  inside 'apt-get update -qq && apt-get install -y -qq --no-install-recommends git ca-certificates >/dev/null'
  git -C "$repo" bundle create -q "$home/mortise.bundle" HEAD
  inside 'git clone -q -c advice.detachedHead=false mortise.bundle mortise'
  if [ -n "${CCACHE_START:-}" ]; then
    say "the build starts with the compiler cache $CCACHE_START"
    mkdir -p "$home/.cache/ccache"
    cp -a "$CCACHE_START/." "$home/.cache/ccache/"
    rm -f "$home"/.cache/ccache/*/stats "$home"/.cache/ccache/*/*/stats
  fi
  say "a clone of $(inside 'git -C mortise log -1 --format="%h %s"'), beside $(inside 'dpkg -l | grep -c ^ii') packages"
}

# The words of a command inside, with nothing of this machine's environment but the way out.
inside_words() {
  words=(chroot "$machine" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin
    DEBIAN_FRONTEND=noninteractive NODE_EXTRA_CA_CERTS=/etc/authorities.pem npm_config_cafile=/etc/authorities.pem)
  local name
  for name in http_proxy https_proxy no_proxy npm_config_registry; do
    [ -z "${!name:-}" ] || words+=("$name=${!name}")
  done
  words+=(bash -c "cd && $1")
}

inside() {
  inside_words "$1"
  "${words[@]}" </dev/null
}

make_base
make_machine

say "./dev demo"
inside_words 'cd mortise && exec ./dev demo'
node "$repo/tests/system/fresh_machine_drive.mjs" "${words[@]}"
say "the demo works on a bare Debian 12"

if [ -n "$with_tests" ]; then
  say "./dev test"
  inside 'cd mortise && ./dev test'
  say "the tests pass on a bare Debian 12"
fi
