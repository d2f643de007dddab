-- Which languages the daemon's model has, and translations of what NPCs say for those who want another language.
-- The listener who is spoken to is answered in their own language. For others in earshot who want another one the line is
-- translated once for each language; the daemon caches it. Where all want the same nothing is asked.
-- A player is told when the model lacks their language. A bubble is the same for all: the engine has one nametag.

local S, settings, text, client, events, commands, language = ...

local languages = {}

local LINE_MAX_BYTES = 1200

local facts -- of the daemon: {languages = codes that the model has (none: unknown), language = its own default}; nil: not asked
local waiting -- callbacks that wait for the daemon's answer; nil where it is not asked
local notified = {} -- player → {code = true}: languages that they were told the model lacks

local function base(code)
	return (code:match("^%a+") or ""):lower()
end

local function has(list, code)
	if not list[1] then return true end
	for _, one in ipairs(list) do
		if language.same(one, code) then return true end
	end
	return false
end

local function read(answer)
	local info = answer.code == 200 and answer.data or {}
	local found = {languages = {}, language = type(info.language) == "string" and info.language or nil}
	for _, code in ipairs(type(info.languages) == "table" and info.languages or {}) do
		if type(code) == "string" then table.insert(found.languages, text.clean(code, 16)) end
	end
	return found
end

-- callback({languages =, language =}), in a later step where the daemon has to be asked. Asked once while it is online.
local function learn(callback)
	if facts then return callback(facts) end
	if waiting then
		waiting[#waiting + 1] = callback
		return
	end
	waiting = {callback}
	local is_sent = client.call("GET", "/info", nil, function(answer)
		local found, list = read(answer), waiting
		facts, waiting = answer.code == 200 and found or nil, nil
		for _, fn in ipairs(list) do fn(found) end
	end)
	if not is_sent then
		waiting = nil
		callback({languages = {}})
	end
end

local function names_of(codes)
	local names = {}
	for i, code in ipairs(codes) do names[i] = language.name(code) end
	return table.concat(names, ", ")
end

-- Once for each player and language.
local function tell_lacking(name, code, spoken)
	notified[name] = notified[name] or {}
	if notified[name][base(code)] or not core.get_player_by_name(name) then return end
	notified[name][base(code)] = true
	local its_name = language.name(code)
	core.chat_send_player(name, S("The model of this server does not speak @1. It speaks: @2.", its_name, names_of(spoken)))
end

-- What comes of a choice, in one answer: that NPCs speak the language, or what they speak instead. It waits for the daemon, for
-- a promise before it knew would be taken back in the next line.
local function answer_choice(name, code)
	notified[name] = nil
	learn(function(found)
		if not core.get_player_by_name(name) then return end
		if has(found.languages, code) then
			local its_name = language.name(code)
			local message = found.languages[1] and S("NPCs will speak this language to you: @1.", its_name)
				or S("NPCs will speak this language to you: @1. How well they do depends on the model.", its_name)
			return core.chat_send_player(name, message)
		end
		notified[name] = {[base(code)] = true}
		core.chat_send_player(name, S("The model of this server does not speak @1. It speaks: @2. Greetings and other set phrases "
			.. "come in yours all the same, where they are translated.", language.name(code), names_of(found.languages)))
	end)
end

local function wanted_by(npc, name)
	return language.between(npc, name) or ""
end

-- Does this listener want the line in another language than the one it comes in? opts: as of output.enqueue; `lang` is the
-- language that was asked for, and `reply` the whole reply once it is there. A line without either is not the model's.
function languages.wants_other(npc, name, opts)
	local reply, wanted = opts.reply, wanted_by(npc, name)
	if name == opts.to or reply and reply.fallback then return false end
	local is_sent = opts.lang
	if is_sent and language.same(is_sent, wanted) then return false end -- they would hear the same if it were said to them
	local comes_in = reply and reply.lang or is_sent
	return comes_in ~= nil and not language.same(comes_in, wanted)
end

local function translate(npc, line, code, callback)
	local record = {
		op = "think", npc = {id = npc.id, name = npc.name, role = npc.role},
		translate = text.clean(line, LINE_MAX_BYTES), lang = code, priority = "ambient",
	}
	client.ask(record, settings.deadline_ms, function(kind, event)
		if kind == "delta" then return end
		local words = kind == "done" and type(event.text) == "string" and text.clean(event.text, LINE_MAX_BYTES) or ""
		if words ~= "" then callback(words, code) else callback(line, nil) end
	end)
end

-- The line for those who want it in another language, when all of it is known. names: of those players; hear(name, words, lang),
-- lang of the words, where it is known.
function languages.pass_on(npc, line, opts, names, hear)
	local reply, groups = opts.reply, {}
	for name in pairs(names) do
		if reply and languages.wants_other(npc, name, opts) then
			local wanted = wanted_by(npc, name)
			groups[wanted] = groups[wanted] or {}
			table.insert(groups[wanted], name)
		else
			hear(name, line, reply and reply.lang or opts.lang)
		end
	end
	if not next(groups) then return end
	learn(function(found)
		for wanted, players in pairs(groups) do
			local code = wanted ~= "" and wanted or found.language
			local comes_in = reply.lang or opts.lang
			local function all_hear(words, lang)
				for _, name in ipairs(players) do hear(name, words, lang) end
			end
			if code and not language.same(code, comes_in) and has(found.languages, code) then
				translate(npc, line, code, all_hear)
			else
				all_hear(line, comes_in)
				if code and not has(found.languages, code) then
					for _, name in ipairs(players) do tell_lacking(name, code, found.languages) end
				end
			end
		end
	end)
end

events.on("offline", function() facts = nil end)

-- The reply names the language of its words: another than the player chose means that the model lacks that.
events.on("reply", function(_, reply, opts)
	local wanted = opts.player and language.of(opts.player)
	if not wanted or opts.lang or reply.fallback or not reply.lang or language.same(wanted, reply.lang) then return end
	tell_lacking(opts.player, wanted, {reply.lang})
end)

local function choose_language(name, rest)
	local code = rest:gsub("-", "_")
	if rest == "" then
		return true, S("NPCs speak to you in: @1. Change it with /llm lang CODE (de, fr, …), or /llm lang default.",
			language.of(name) or S("the language of this server"))
	end
	if code == "default" then
		language.choose(name, nil)
		return true, S("NPCs speak the language of this server to you.")
	end
	if not language.is_code(code) then
		return false, S("@1 is no code of a language. Use one such as en, de, fr, es or ru.", rest)
	end
	language.choose(name, code)
	answer_choice(name, code)
	return true
end

commands.register("lang", {params = S("[CODE]"), help = S("the language NPCs speak to you"), run = choose_language})

core.register_on_leaveplayer(function(player) notified[player:get_player_name()] = nil end)

return languages
