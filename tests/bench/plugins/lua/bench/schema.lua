return {
	name = "bench",
	fields = {
		{ config = { type = "record", fields = {
			{ calls = { type = "integer", default = 2, between = { 0, 32 } } },
			{ body = { type = "boolean", default = false } },
			{ note = { type = "string" } }, -- so that confs can differ
		} } },
	},
}
