-- What the benchmark measures: reads a header and sets one to what it has read.
-- conf.calls: how many PDK calls that is: of two and more the last one sets a header, the others read one each, always
-- another one. conf.body: reads the body too, which is one more.
local Bench = { PRIORITY = 1, VERSION = "1.0.0" }

local names = { "x-one" }
for i = 2, 32 do
	names[i] = "x-one-" .. i
end

function Bench:access(conf)
	local calls = conf.calls
	local value
	for i = 1, calls > 1 and calls - 1 or calls do
		value = kong.request.get_header(names[i])
	end
	if conf.body then
		kong.request.get_raw_body()
	end
	if calls > 1 then
		kong.response.set_header("x-two", value)
	end
end

return Bench
