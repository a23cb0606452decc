# Sourced by the scripts beside it: a Debian of its own in $root, which is gone when the script ends.
# Needs root, debootstrap and a Debian mirror ($DEBIAN_MIRROR).

[ "$(id -u)" = 0 ] || { echo "$0: needs root for a chroot" >&2; exit 2; }
root=$(mktemp -d)
say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }

# make_debian PACKAGE,...: beside the essential ones.
make_debian() {
  say "Making a Debian in $root"
  chmod 755 "$root"
  debootstrap --variant=minbase --include="$1" bookworm "$root" \
    "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$root.log" 2>&1 || { tail "$root.log" >&2; exit 1; }
  rm -f "$root.log"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
}
