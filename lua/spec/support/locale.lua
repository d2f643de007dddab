-- The mod's own translations, as the fake `core` takes them (Mock.new: `translations`).

local locale = {LANGUAGES = {"de", "es", "fr", "ru"}}

-- "language: text" → translation, of all languages.
function locale.translations()
	local found = {}
	for _, language in ipairs(locale.LANGUAGES) do
		for line in io.lines(("mods/llm_agent/locale/llm_agent.%s.tr"):format(language)) do
			local source, words = line:match("^([^#].-[^@])=(.*)$")
			if words then found[language .. ": " .. source:gsub("@=", "=")] = words:gsub("@=", "="):gsub("@n", "\n") end
		end
	end
	return found
end

return locale
