# settings.awk - merges files in kong.conf form, later ones winning, and the
# KONG_* environment above them all; prints "key = value" lines, sorted by first sight.
function set_value(key, value) {
	if (!(key in values))
		order[++n] = key
	values[key] = value
}

function without_comment(text) {
	gsub(/\\#/, "\001", text)
	sub(/[ \t]*#.*$/, "", text)
	gsub(/\001/, "#", text)
	return text
}

{
	line = without_comment($0)
	at = index(line, "=")
	if (!at)
		next
	key = substr(line, 1, at - 1)
	value = substr(line, at + 1)
	gsub(/^[ \t]+|[ \t]+$/, "", key)
	gsub(/^[ \t]+|[ \t\r]+$/, "", value)
	set_value(tolower(key), value)
}

END {
	if (!("GATEWAY_NO_ENV" in ENVIRON))
		for (name in ENVIRON)
			if (name ~ /^KONG_/)
				set_value(tolower(substr(name, 6)), ENVIRON[name])
	for (i = 1; i <= n; i++)
		print order[i] " = " values[order[i]]
}
