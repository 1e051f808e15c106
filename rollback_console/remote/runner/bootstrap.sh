umask 077;
old=/var/tmp/rollback-console-$(id -u);
new=${HOME:-/nonexistent}/.local/state/rollback-console;
if [ -d "$old/bin" ]; then base=$old;
elif mkdir -p "$new/bin" 2>/dev/null && [ -w "$new/bin" ]; then base=$new;
elif [ "$(readlink "$old/home" 2>/dev/null)" = "$new" ]; then echo "@rollback refused moved $new" >&2; exit 0;
else base=$old; mkdir -p "$base/bin" 2>/dev/null; fi;
if [ -h "$base" ] || [ ! -O "$base" ] || [ ! -w "$base/bin" ]; then echo "@rollback refused folder $base" >&2; exit 0; fi;
file=$base/bin/$1;
if [ ! -f "$file" ]; then
cat >"$file.$$" 2>/dev/null || { rm -f "$file.$$"; echo "@rollback refused space $base" >&2; exit 0; };
if [ "$(cksum <"$file.$$")" = "$3 $2" ]; then mv "$file.$$" "$file";
else rm -f "$file.$$"; echo "@rollback refused upload $base" >&2; exit 0; fi;
fi;
exec $4 "$file" "$4" hello "$5" "$6" "$7"
