-- all-phases: shows which phases a request goes through and how a value gets from one to another.

local AllPhases = {
	PRIORITY = 900,
	VERSION = "1.0.0",
}

-- Runs only where the plugin is configured globally: no route is known yet.
function AllPhases:rewrite(conf)
	kong.service.request.set_header("X-All-Phases-Rewrite", conf.tag)
end

function AllPhases:access(conf)
	kong.service.request.set_header("X-All-Phases-Access", conf.tag)
	kong.ctx.plugin.request_line = kong.request.get_method() .. " " .. kong.request.get_path()
end

-- Having this phase makes the gateway buffer the whole response.
function AllPhases:response(conf)
	kong.response.set_header("X-All-Phases-Response", conf.tag)
end

-- The request is over here: what access kept is still there, the request's own values are not.
function AllPhases:log(conf)
	kong.log.notice("all-phases ", conf.tag, ": ", kong.ctx.plugin.request_line or "no access",
		" -> ", kong.response.get_status())
end

return AllPhases
