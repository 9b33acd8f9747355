# template.awk - replaces @NAME@ by the environment variable NAME. A line that
# is nothing but one empty @NAME@ is left out, and so is what stands between
# "#if NAME" and "#end" when NAME is empty.
$1 == "#if" { skipping = ENVIRON[$2] == ""; next }
$1 == "#end" { skipping = 0; next }
skipping { next }
{
	line = $0
	if (match(line, /^[ \t]*@[A-Z_]+@$/)) {
		name = line
		gsub(/[ \t@]/, "", name)
		if (ENVIRON[name] == "")
			next
	}
	out = ""
	while (match(line, /@[A-Z_]+@/)) {
		name = substr(line, RSTART + 1, RLENGTH - 2)
		out = out substr(line, 1, RSTART - 1) ENVIRON[name]
		line = substr(line, RSTART + RLENGTH)
	}
	print out line
}
