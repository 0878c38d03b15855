#!/usr/bin/env bash
# Makes a pod's environment: setup.sh TARGET. The Dockerfile, `make install` (.venv-task) and the cluster tests all run
# it, so that a pod has the same on each. Needs Python 3.11 (PYTHON) and uv (UV).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$1
test -x "$target/bin/python" || "${PYTHON:-python3.11}" -m venv --without-pip "$target"
"${UV:-uv}" pip sync --quiet --require-hashes --python "$target/bin/python" "$here/requirements.txt"
install -m 0755 "$here/commons-task" "$target/bin/commons-task"
