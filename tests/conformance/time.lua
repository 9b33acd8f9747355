return function(say, try)
	for _, seconds in ipairs({ 0, 1547402000, 1547402000.7, 2145916800, 2145916799, 4102444800, 951782400 }) do
		say(seconds, ngx.http_time(seconds), ngx.cookie_time(seconds))
	end
	for _, text in ipairs({ "Thu, 18 Nov 2010 11:27:35 GMT", "Thursday, 18-Nov-10 11:27:35 GMT",
		"Thu Nov 18 11:27:35 2010", "Thu Nov  8 11:27:35 2010", "Thu, 18 Nov 2010", "x", "",
		"Thu, 31 Feb 2010 11:27:35 GMT", "Thu, 18 Nov 2010 11:27:60 GMT", "Tue, 29 Feb 2000 00:00:00 GMT",
		"Thu, 18 Xxx 2010 11:27:35 GMT", "Thu, 18 Nov 2010 24:00:00 GMT" }) do
		say(text, ngx.parse_http_time(text))
	end
	try(ngx.http_time, "x")
	try(ngx.cookie_time)
	try(ngx.parse_http_time, 5)

	say(type(ngx.now()), type(ngx.time()), ngx.update_time())
	say(ngx.time() % 1, math.abs(ngx.now() - ngx.time()) < 2)
	say(#ngx.today(), #ngx.localtime(), #ngx.utctime(), (ngx.utctime():gsub("%d", "9")))
	say(ngx.localtime():sub(1, 10) == ngx.today())
end
