-- kong.tools.system: the machine.

local system = {}

local CERTIFICATES = { "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem" }

local function read(path)
	local file = io.open(path, "r")
	local text = file and file:read("*a")
	if file then
		file:close()
	end
	return text or ""
end

function system.get_system_infos()
	local _, cores = read("/proc/cpuinfo"):gsub("processor%s*:", "")
	local release = read("/proc/sys/kernel/ostype"):gsub("%s+$", "")
	return { cores = cores, uname = release }
end

-- The file of the system's certificate authorities, or nil and an error.
function system.get_system_trusted_certs_filepath()
	for _, path in ipairs(CERTIFICATES) do
		local file = io.open(path, "r")
		if file then
			file:close()
			return path
		end
	end
	return nil, "Could not find trusted certs file in any of the `system`-predefined locations. " ..
		"Please install a certs file there or set `lua_ssl_trusted_certificate` to a " ..
		"specific file path instead of `system`"
end

return system
