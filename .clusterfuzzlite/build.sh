#!/usr/bin/env bash
# One build script for both services.
exec "$SRC/cupel/ci/oss-fuzz/build.sh"
