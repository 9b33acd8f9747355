return {
	name = "tables",
	fields = { { config = { type = "record", fields = { { count = { type = "integer", required = true } } } } } },
}
