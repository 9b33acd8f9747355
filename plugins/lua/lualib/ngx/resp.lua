-- ngx.resp: adds to headers that are there.

return { version = "0.1.28", add_header = ngx.resp.add_header }
