-- What the confs are by themselves that footprint.py starts instances of the benchmark with: as many tables
-- like those that its handler gets. Tells the bytes of one, by the collector's count.
local Tables = { PRIORITY = 1, VERSION = "1.0.0" }

local function count_bytes()
	collectgarbage()
	collectgarbage()
	return collectgarbage("count") * 1024
end

function Tables:access(conf)
	local confs = {}
	local before = count_bytes()
	for i = 1, conf.count do
		confs[i] = { calls = 2, body = false, note = tostring(i - 1) }
	end
	kong.response.set_header("bytes", (count_bytes() - before) / #confs)
end

return Tables
