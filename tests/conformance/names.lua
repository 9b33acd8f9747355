-- What is there: the constants with their numbers, functions and tables by their type.

local CONSTANTS = [[
	OK ERROR AGAIN DONE DECLINED STDERR EMERG ALERT CRIT ERR WARN NOTICE INFO DEBUG
	HTTP_GET HTTP_HEAD HTTP_POST HTTP_PUT HTTP_DELETE HTTP_MKCOL HTTP_COPY HTTP_MOVE HTTP_OPTIONS HTTP_PROPFIND
	HTTP_PROPPATCH HTTP_LOCK HTTP_UNLOCK HTTP_PATCH HTTP_TRACE
	HTTP_CONTINUE HTTP_SWITCHING_PROTOCOLS HTTP_OK HTTP_CREATED HTTP_ACCEPTED HTTP_NO_CONTENT HTTP_PARTIAL_CONTENT
	HTTP_SPECIAL_RESPONSE HTTP_MOVED_PERMANENTLY HTTP_MOVED_TEMPORARILY HTTP_SEE_OTHER HTTP_NOT_MODIFIED
	HTTP_TEMPORARY_REDIRECT HTTP_PERMANENT_REDIRECT HTTP_BAD_REQUEST HTTP_UNAUTHORIZED HTTP_PAYMENT_REQUIRED
	HTTP_FORBIDDEN HTTP_NOT_FOUND HTTP_NOT_ALLOWED HTTP_NOT_ACCEPTABLE HTTP_REQUEST_TIMEOUT HTTP_CONFLICT HTTP_GONE
	HTTP_UPGRADE_REQUIRED HTTP_TOO_MANY_REQUESTS HTTP_CLOSE HTTP_ILLEGAL HTTP_INTERNAL_SERVER_ERROR
	HTTP_NOT_IMPLEMENTED HTTP_METHOD_NOT_IMPLEMENTED HTTP_BAD_GATEWAY HTTP_SERVICE_UNAVAILABLE HTTP_GATEWAY_TIMEOUT
	HTTP_VERSION_NOT_SUPPORTED HTTP_INSUFFICIENT_STORAGE
]]

local FUNCTIONS = {
	ngx = [[
		arg config crc32_long crc32_short decode_args decode_base64 encode_args encode_base64 eof escape_uri exec exit
		flush get_phase header hmac_sha1 http_time localtime location log md5 md5_bin now null on_abort parse_http_time
		print process quote_sql_str re redirect req resp run_worker_thread say send_headers sha1_bin shared sleep
		socket thread time timer today unescape_uri update_time utctime cookie_time var worker
	]],
	config = "debug nginx_configure prefix subsystem", location = "capture capture_multi",
	re = "find gmatch gsub match sub",
	req = [[
		append_body clear_header discard_body finish_body get_body_data get_body_file get_headers get_method
		get_post_args get_uri_args http_version init_body is_internal raw_header read_body set_body_data set_body_file
		set_header set_method set_uri set_uri_args socket start_time
	]],
	resp = "get_headers", socket = "connect stream tcp udp", thread = "kill spawn wait",
	timer = "at every pending_count running_count", worker = "count exiting id pid pids",
}

return function(say)
	for name in CONSTANTS:gmatch("%S+") do
		say(name, ngx[name])
	end
	local parts = {}
	for part in pairs(FUNCTIONS) do
		parts[#parts + 1] = part
	end
	table.sort(parts)
	for _, part in ipairs(parts) do
		local t = part == "ngx" and ngx or ngx[part]
		for name in FUNCTIONS[part]:gmatch("%S+") do
			say(part, name, type(t[name]))
		end
	end
end
