rockspec_format = "3.0"
package = "kong-plugin-rock-sample"
version = "1.0.0-1"
source = {
	url = "git+https://example.invalid/kong-plugin-rock-sample.git",
	tag = "1.0.0",
}
description = {
	summary = "A plugin that marks responses, installed as a rock",
	license = "Apache-2.0",
}
dependencies = {
	"lua >= 5.1",
}
build = {
	type = "builtin",
	modules = {
		["kong.plugins.rock-sample.handler"] = "kong/plugins/rock-sample/handler.lua",
		["kong.plugins.rock-sample.schema"] = "kong/plugins/rock-sample/schema.lua",
		["kong.plugins.rock-sample.mark"] = "kong/plugins/rock-sample/mark.lua",
	},
}
