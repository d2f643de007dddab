-- The fields of a role as the daemon's role files have them, and as the editor's form shows them. Pure.
-- What a field may hold is for the daemon to check; here texts are made safe to carry, and bounded.

local text = ...

local role_fields = {}

local LIST_MAX = 128 -- the daemon takes fewer, and says so

-- In the order of the form. `separator`: a list, and what stands between its items there. `max_bytes` of one text: four
-- times the daemon's limit in characters, so that the daemon, which names the field, is the first to complain.
role_fields.order = {
	{name = "title", max_bytes = 400},
	{name = "language", max_bytes = 256},
	{name = "persona", max_bytes = 8000},
	{name = "knowledge", max_bytes = 1600, separator = "\n"},
	{name = "manner", max_bytes = 1600},
	{name = "voice", max_bytes = 400},
	{name = "greetings", max_bytes = 1600, separator = "\n"},
	{name = "fallback", max_bytes = 1600, separator = "\n"},
	{name = "quick", max_bytes = 240, separator = "\n"},
	{name = "actions", max_bytes = 256, separator = ", "},
}

local function clean_text(value, field)
	local words = type(value) == "string" and text.clean(value, field.max_bytes) or ""
	return words ~= "" and words or nil
end

local function clean_list(value, field)
	local list = {}
	for _, item in ipairs(type(value) == "table" and value or {}) do
		list[#list + 1] = #list < LIST_MAX and clean_text(item, field) or nil
	end
	return list[1] and list or nil
end

-- A copy with what is known and not empty: single lines of plain words, and lists of them.
function role_fields.clean(given)
	local fields = {}
	for _, field in ipairs(role_fields.order) do
		fields[field.name] = (field.separator and clean_list or clean_text)(given[field.name], field)
	end
	return fields
end

-- Fields → name → what stands in the form.
function role_fields.to_form(fields)
	local form = {}
	for _, field in ipairs(role_fields.order) do
		local value = fields[field.name] or ""
		form[field.name] = type(value) == "table" and table.concat(value, field.separator) or value
	end
	return form
end

-- And back: an item a line, actions between commas or lines.
function role_fields.from_form(form)
	local fields = {}
	for _, field in ipairs(role_fields.order) do
		local words = form[field.name] or ""
		fields[field.name] = words
		if field.separator then
			local items = {}
			for item in words:gmatch(field.separator == "\n" and "[^\r\n]+" or "[^,\r\n]+") do items[#items + 1] = item end
			fields[field.name] = items
		end
	end
	return role_fields.clean(fields)
end

return role_fields
