-- Settings of a plugin's queue, as a record to put into its config.

local Schema = require "kong.db.schema"

local function row(name, definition)
	return { [name] = definition }
end

return Schema.define({
	type = "record",
	fields = {
		row("max_batch_size", { type = "integer", default = 1, between = { 1, 1000000 },
			description = "How many entries the handler gets at once, at most." }),
		row("max_coalescing_delay", { type = "number", default = 1, between = { 0, 3600 },
			description = "Seconds to wait for more entries after the first." }),
		row("max_entries", { type = "integer", default = 10000, between = { 1, 1000000 },
			description = "How many entries may wait, at most." }),
		row("max_bytes", { type = "integer",
			description = "How many bytes may wait, at most; entries must be strings." }),
		row("max_retry_time", { type = "number", default = 60,
			description = "Seconds until a batch that fails is given up." }),
		row("initial_retry_delay", { type = "number", default = 0.01,
			between = { 0.001, 1000000 }, description = "Seconds before the first retry." }),
		row("max_retry_delay", { type = "number", default = 60, between = { 0.001, 1000000 },
			description = "Seconds between two retries, at most." }),
		row("concurrency_limit", { type = "integer", default = 1, one_of = { -1, 1 },
			description = "How many batches may be sent at a time; -1 is no limit." }),
	},
})
