-- resty.core.utils

return { str_replace_char = function(text, char, by)
	return (text:gsub(char:gsub("%W", "%%%0"), (by:gsub("%%", "%%%%"))))
end }
