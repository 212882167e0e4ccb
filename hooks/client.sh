#!/bin/sh
# Written by `tollgate install`; `tollgate uninstall` takes it out again. Do not edit: run `tollgate install` instead.
# It finds tollgate and hands over to it. No process is started on the way to it.
recorded=@RECORDED@
here=${0%/*}
name=${0##*/}
name=${name%%.*}
chained=@CHAINED@
remove=@REMOVE@

for tollgate in "$TOLLGATE_BIN" "$recorded"; do
    [ -f "$tollgate" ] && [ -x "$tollgate" ] && exec "$tollgate" hook "$name" "$@"
done
command -v tollgate >/dev/null 2>&1 && exec tollgate hook "$name" "$@"
for folder in "$HOME/.cargo/bin" "$HOME/.local/bin" "$HOME/bin" /usr/local/bin /opt/homebrew/bin \
    /home/linuxbrew/.linuxbrew/bin "$HOME/.nix-profile/bin" /run/current-system/sw/bin /snap/bin \
    "$HOME/scoop/shims" "$HOME/.local/share/mise/shims" "$HOME/.asdf/shims"; do
    [ -f "$folder/tollgate" ] && [ -x "$folder/tollgate" ] && exec "$folder/tollgate" hook "$name" "$@"
done

if [ "$TOLLGATE" = 0 ]; then
    [ -n "$chained" ] && [ -x "$chained" ] && exec "$chained" "$@"
    exit 0
fi
cat >&2 <<END
tollgate: the $name hook cannot find the program tollgate, so nothing was checked
looked at \$TOLLGATE_BIN, ${recorded:-no recorded path}, PATH and the usual folders
repair:     install tollgate again, then run: tollgate install
skip once:  TOLLGATE=0 git ...   (or git ... --no-verify)
remove:     $remove
END
exit 1
