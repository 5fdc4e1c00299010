#!/usr/bin/env bash
# Installs what is missing: Debian packages (apt, with sudo where needed) and a virtual environment with hash-pinned
# wheels. Runs twice without harm and says what to do when something cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-run}

# binary or file that proves it : Debian package
run_needs=(
  /usr/bin/tesseract:tesseract-ocr
  /usr/share/tesseract-ocr/5/tessdata/vie.traineddata:tesseract-ocr-vie
  /usr/share/tesseract-ocr/5/tessdata/osd.traineddata:tesseract-ocr-osd
  /usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf:fonts-liberation2
  /usr/bin/softhsm2-util:softhsm2
  /usr/bin/scanimage:sane-utils
  /usr/bin/pdfsig:poppler-utils
  /usr/bin/qpdf:qpdf
)
test_needs=(
  /usr/bin/redis-server:redis-server
  /usr/lib/postgresql:postgresql
  /usr/bin/chromium:chromium
  /usr/bin/pkcs11-tool:opensc
  /usr/bin/mutool:mupdf-tools
  /etc/sane.d/airscan.conf:sane-airscan
)
needs=("${run_needs[@]}")
[ "$what" = test ] && needs+=("${test_needs[@]}")

missing=()
for need in "${needs[@]}"; do
  [ -e "${need%%:*}" ] || missing+=("${need##*:}")
done
# opencv-python is linked against these two
libraries=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p)
[[ $libraries == *libGL.so.1* ]] || missing+=(libgl1)
[[ $libraries == *libglib-2.0.so.0* ]] || missing+=(libglib2.0-0)
python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "Cần Python 3.11 trở lên (PYTHON=…). / Python 3.11 or newer is needed (PYTHON=…)." >&2
  exit 8
fi
"$python" -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)

if [ ${#missing[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    echo "Thiếu / missing: ${missing[*]} — hãy cài bằng trình quản lý gói / install them with your package manager." >&2
    exit 8
  fi
  sudo=""
  [ "$(id -u)" = 0 ] || sudo=sudo
  echo "Cài gói Debian / installing Debian packages: ${missing[*]}"
  $sudo apt-get update -qq || true
  # A service started by a package would not be ours: tests start their own on private ports.
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

lock=requirements.lock
[ "$what" = test ] && lock=requirements-test.lock
[ -x .venv/bin/python ] || "$python" -m venv .venv
stamp=.venv/.sohoa-$what
# The test environment holds everything the running one needs.
if [ "$what" = run ] && [ -f .venv/.sohoa-test ] && cmp -s .venv/.sohoa-test requirements-test.lock; then
  cmp -s .venv/.pyproject pyproject.toml && exit 0
fi
if ! cmp -s "$stamp" "$lock" || ! cmp -s .venv/.pyproject pyproject.toml; then
  echo "Cài thư viện Python / installing Python packages ($lock)"
  # The lock is the whole closure. pip's resolver must not look further: for "name[extra]>=1" of a dependency it takes
  # the newest release, not the pinned one, and then misses its hash (pip 23.2 with the day's new pikepdf).
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r "$lock"
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
  .venv/bin/python -m pip check --disable-pip-version-check
  cp "$lock" "$stamp"
  cp pyproject.toml .venv/.pyproject
fi
