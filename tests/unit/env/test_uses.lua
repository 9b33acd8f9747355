-- What `check` finds in a plugin's files.

local check = require "check"
local uses = require "outrigger.uses"

local P = { PRIORITY = 1, VERSION = "1.0.0" }

local function found(text)
	local notes = uses.find("a.lua", text)
	for i, note in ipairs(notes) do
		notes[i] = note:match("^a%.lua:(%d+: [%w%._ ]+)")
	end
	return table.concat(notes, "; ")
end

function P:access()
	for text, expected in pairs({
		["local x = kong.db.consumers:select(a)"] = "1: kong.db.consumers is not available",
		["\n\nlocal db = kong.db\n"] = "3: kong.db is not available",
		["if kong.db.strategy == 'off' then end"] = "",
		["my_kong.db.x() kong.dbx() a.kong.db()"] = "",
		['local t = require "kong.db.schema.typedefs" local s = [[kong.db.x]]'] = "",
		["local a = require('kong.db.dao') - b[1]"] = "1: module kong.db.dao is not there",
		["require 'kong.tools.grpc' require 'kong.llm.drivers'"] =
			"1: module kong.tools.grpc is not there; 1: module kong.llm.drivers is not there",
		["pcall(require, 'kong.enterprise_edition.x') require('kong.enterprise_edition.y')"] = "",
		["require 'kong.tools.utils' require 'kong.constants' require 'kong.plugins.p.more'"] = "",
		["kong.dns.toip('a') kong.rpc:call() kong.websocket.client.x()"] =
			"1: kong.dns.toip is not available; 1: kong.websocket.client.x is not available; "
			.. "1: kong.rpc is not available",
		["local d = ngx.shared.locks"] = "1: ngx.shared.locks is nil",
		["ngx.socket.udp() ngx.thread.spawn(f)"] = "",
		["-- kong.db.x\nlocal s = '-- ' kong.db.y()"] = "2: kong.db.y is not available",
		["--[[ kong.db.x\nkong.db.y ]] kong.db.z()"] = "2: kong.db.z is not available",
		["--[==[ kong.db.x ]] \n ]==] kong.db.z()"] = "2: kong.db.z is not available",
		["local s = [[ -- ]] io.popen('ls')"] = "1: io.popen blocks",
		["local s = \"\\\" -- \" os.execute('ls') os.execute('ls')"] = "1: os.execute blocks",
		["require('socket') require \"socket.http\" require'socket.url'"] =
			"1: module socket blocks; 1: module socket.http blocks",
		["require 'ngx.pipe'"] = "1: module ngx.pipe is not available",
		["ngx.var.upstream_uri = '/' if ngx.var.a == 1 then end"] = "1: ngx.var.upstream_uri can",
		["local s = ngx.socket.tcp()"] = "",
		["'unfinished"] = "",
		["--[[ unfinished"] = "",
		[""] = "",
	}) do
		check.equal(found(text), expected, text)
	end
	check.equal(uses.find("d/b.lua", "os.exit(1)")[1], "d/b.lua:1: os.exit is not available: it would end the server",
		"a whole note")
	check.finish()
end

return P
