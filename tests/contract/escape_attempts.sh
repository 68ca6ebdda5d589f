# The same in the words of a shell: escape_attempts.sh, with the places in the environment; prints NAME<TAB>what it got.
try() { printf '%s\t%s\n' "$1" "$(eval "$2" 2>/dev/null | tr -d '\0' | tr '\n\t' '  ' | cut -c1-400)"; }
try read-aws-credentials 'cat "$AT_HOME/.aws/credentials"'
try read-original 'cat "$AT_ORIGINAL/.git/config"'
try write-outside 'echo x > "$AT_OUTSIDE/$AT_MARK" && echo written'
try read-every-environment 'cat /proc/[0-9]*/environ | tr "\0" "\n" | grep "^ESCAPE_CANARY="'
try read-every-command-line 'cat /proc/[0-9]*/cmdline | tr "\0" "\n" | grep -xf canary'
try read-through-proc-root 'cat /proc/[0-9]*/root/"$AT_HOME"/.aws/credentials'
try connect-loopback 'bash -c "exec 3<>/dev/tcp/127.0.0.1/$AT_PORT && echo >&3 && cat <&3"'
try signal-recorder 'kill -0 "$AT_RECORDER" && grep -a -e pytest -e readline /proc/"$AT_RECORDER"/cmdline'
try mount-something 'mount -t tmpfs none "$AT_OUTSIDE" && echo mounted && umount "$AT_OUTSIDE"'
try make-device 'mknod escape-shell-device b 7 0 && echo made && rm escape-shell-device'
try make-user-namespace 'unshare --user true && echo made'
try follow-link-out 'ln -sf "$AT_HOME/.aws/credentials" shell-link && cat shell-link; rm -f shell-link'
