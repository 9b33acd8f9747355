-- What the benchmark measures: reads a header and sets one to what it has read.
-- conf.calls: how many headers it reads, each another one; conf.body: reads the body too.
local Bench = { PRIORITY = 1, VERSION = "1.0.0" }

local names = { "x-one" }
for i = 2, 32 do
	names[i] = "x-one-" .. i
end

function Bench:access(conf)
	local value
	for i = 1, conf.calls do
		value = kong.request.get_header(names[i])
	end
	if conf.body then
		kong.request.get_raw_body()
	end
	if value then
		kong.response.set_header("x-two", value)
	end
end

return Bench
