#!/bin/sh
# Starts the extensions that layers bring, then becomes the runtime.
for extension in /opt/extensions/*; do
    [ -x "$extension" ] && [ -f "$extension" ] && "$extension" &
done
exec "$@"
