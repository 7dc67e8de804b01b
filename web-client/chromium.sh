#!/bin/sh
# Prints the path of the Chromium that browser tests run in: $CHROMIUM, or one that is
# installed, or Debian's, installed now, where this may be done.
set -eu

find_chromium() {
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome-stable google-chrome \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
    if [ -n "$name" ] && command -v "$name"; then return 0; fi
  done
  return 1
}

find_chromium && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "No Chromium: installing Debian's (apt-get install chromium)." >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium >&2 ||
    { apt-get update >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium >&2; }
  find_chromium && exit 0
fi
cat >&2 <<'END'
Chromium is missing; the web client is tested in it. Install it (Debian and Ubuntu:
apt-get install chromium; macOS: brew install --cask chromium), or say where one is:
CHROMIUM=/path/to/chrome make test. Without it: make test-go.
END
exit 1
