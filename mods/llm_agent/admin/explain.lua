-- `/llm explain NAME [TEXT]`: what the model would be given if the admin said this to the NPC, part by part.
-- Nothing is generated. The daemon answers in a later step; what its answer lacks is left out.

local S, text, commands, nearby, think = ...

local LINE_MAX_BYTES = 1000 -- of one part: a persona and its knowledge fit, and the chat stays readable

local function words(value)
	return text.clean(tostring(value or ""), LINE_MAX_BYTES)
end

local function list(value)
	return type(value) == "table" and value or {}
end

-- `[system persona 19] A smith forges tools …`
local function part_line(part, messages)
	local message = list(messages[(tonumber(part.message) or -1) + 1])
	return ("[%s %s %s] %s"):format(words(message.role), words(part.part), words(part.tokens), words(part.text))
end

local function lines_of(npc_name, shown)
	local lines = {S("What the model is given for @1 (tokens: @2 of @3, the reply at most @4):", npc_name,
		words(shown.prompt_tokens), words(shown.context_tokens), words(shown.max_tokens))}
	for _, part in ipairs(list(shown.parts)) do
		lines[#lines + 1] = part_line(list(part), list(shown.messages))
	end
	for _, left in ipairs(list(shown.left_out)) do
		lines[#lines + 1] = S("Left out: @1: @2 (@3)", words(list(left).part), words(list(left).text), words(list(left).why))
	end
	local cache = list(shown.cache)
	lines[#lines + 1] = S("Cache: @1, replies kept: @2 of @3, key @4", words(cache.result), words(cache.kept), words(cache.variants),
		words(cache.key))
	return lines
end

local function run(name, rest)
	local npc, length = nearby.find(rest, name)
	if not npc then return false, S("No NPC of that name. Use: /llm explain NAME [TEXT]") end
	local said, npc_name = rest:sub(length + 1):match("^%s*(.-)%s*$"), npc.name
	local opts = {player = name, utterance = said ~= "" and said or nil, priority = "spoken", actions = true} -- as of `/llm talk`
	think.explain(npc, opts, function(kind, event)
		if kind == "delta" then return end
		local shown = kind == "done" and type(event.explanation) == "table" and event.explanation
		if not shown then
			return core.chat_send_player(name, S("The daemon explains nothing: @1", words(event.message or event.code)))
		end
		for _, line in ipairs(lines_of(npc_name, shown)) do core.chat_send_player(name, line) end
	end)
	return true
end

commands.register("explain", {
	params = S("NAME [TEXT]"), admin = true, help = S("what the model is given if you say this to an NPC"), run = run,
})
