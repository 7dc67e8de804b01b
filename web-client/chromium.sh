#!/bin/sh
# Prints the path of the Chromium that browser tests run in: $CHROMIUM, or one that is
# installed, or Debian's, installed now, where this may be done. The headless shell is the
# same Chromium without the windows that nobody sees: tests cost a third less in it.
set -eu

# Ubuntu's is a script that only says where to get one, so each has to run.
runs() {
  path=$(command -v "$1") && "$path" --version >/dev/null 2>&1 && echo "$path"
}

find_chromium() {
  for name in chromium-headless-shell chromium chromium-browser google-chrome-stable google-chrome \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
    if runs "$name"; then return 0; fi
  done
  return 1
}

install_chromium() {
  for package in chromium-headless-shell chromium; do
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package" >&2 && return 0
  done
  return 1
}

if [ "${CHROMIUM:-}" ]; then
  runs "$CHROMIUM" && exit 0
  echo "CHROMIUM=$CHROMIUM does not run; \"$CHROMIUM --version\" says why." >&2
  exit 1
fi
find_chromium && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "No Chromium: installing Debian's (apt-get install chromium-headless-shell). That is some 100 MB, once." >&2
  install_chromium || {
    echo "The lists of packages may be missing or old: getting them, and trying again." >&2
    apt-get update >&2 && install_chromium
  } || true
  find_chromium && exit 0
fi
cat >&2 <<'END'
Chromium is missing; the web client is tested in it. Install it (Debian: apt-get install
chromium-headless-shell, or chromium; macOS: brew install --cask chromium; elsewhere Chrome does as well), or say where
one is: CHROMIUM=/path/to/chrome make test. Without it: make test-go.
END
exit 1
