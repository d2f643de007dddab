-- Greetings: what an NPC says first to a player who comes near or opens the dialog.
-- Of several NPCs one greets, and not again for llm_agent.greet_cooldown_s. Nobody greets a player who talks in a window.

local now_us, settings, text, phrases, geometry, translate, client, npcs, roles, positions, nearby, observe, answers, hours,
	language, repeats, name_calls, attention, history, mutes, say, speech_queue = ...

local greetings = {}

local NAME_MAX = 2 -- words behind a hello: whom it is for

-- A greeting line of the role, in the player's language, that fits the hour: one that nobody here has just said, if there is.
local function role_line(npc, player_name, code)
	local role, now = roles.by_name[npc.role], now_us()
	local lines = role and role.greeting or {}
	local time_of_day, first, chosen = core.get_timeofday() or 0.5, math.random(math.max(1, #lines)), nil
	local hour = hours.part(time_of_day, observe.time_name(time_of_day))
	for i = 0, #lines - 1 do
		local line = lines[(first + i - 1) % #lines + 1]
		chosen = hours.fit(text.fill(translate.line(code or language.between(npc, player_name), line), player_name), hour)
		if not repeats.is_repeat(npc.overheard, chosen, player_name, now) then break end
	end
	return chosen
end

-- The language of a hello and no more, or nil.
local function language_of_hello(words)
	local spaced = text.spaced(words)
	for code, list in pairs(phrases.hello) do
		for _, phrase in ipairs(list) do
			local rest = spaced:sub(1, #phrase + 2) == " " .. phrase .. " " and spaced:sub(#phrase + 2)
			if rest and select(2, rest:gsub("%S+", "")) <= NAME_MAX then return code end
		end
	end
	return nil
end

-- Who says hello in a language that the model lacks is greeted in it all the same. What a model says in it stays.
answers.register("hello", function(npc, player_name, asked)
	local line = not language.same(asked.lang, "en") and role_line(npc, player_name, asked.lang)
	return line and {line = line, holds = {}} or nil
end, language_of_hello)

-- The same as it is said.
function greetings.line(npc, player_name)
	local line = role_line(npc, player_name)
	return line and name_calls.line(npc, line, player_name)
end

-- It has greeted this player, and does not so again for a while. Those beside it do not either: a row of people says hello once.
function greetings.mark(npc, player_name)
	local pos = npc:get_pos()
	for _, other in ipairs(pos and nearby.in_earshot(pos) or {npc}) do
		other.greeted_us = other.greeted_us or {}
		other.greeted_us[player_name] = now_us()
	end
end

-- A greeting by the model; the role's own line stands in where it is away.
function greetings.greet(npc, player_name)
	if not client.enabled or npc.is_answering then return end
	greetings.mark(npc, player_name)
	attention.attend(npc, player_name)
	local opts = {player = player_name, priority = "ambient", fallback = role_line(npc, player_name)}
	say.answer_once(npc, opts, function(current, reply)
		if current then history.add(player_name, current, current.name, reply.text, reply.mind) end
	end)
end

local function may_greet(npc, player_name, pos, now)
	local npc_pos = npc:get_pos()
	if not npc_pos or not geometry.in_range(pos, npc_pos, settings.greet_distance) then return false end
	if npc.combat or npc.beaten or npc.small_talk or npc.is_answering then return false end
	if speech_queue.busy(npc.id) or mutes.is_muted(player_name, npc) then return false end
	local last = npc.greeted_us and npc.greeted_us[player_name]
	return not last or now - last > settings.greet_cooldown_s * 1e6
end

-- Of all NPCs that may greet a player one does.
function greetings.greet_who_comes_near(players, now)
	for _, player in ipairs(players) do
		local name, pos = player:get_player_name(), player:get_pos()
		for _, npc in ipairs(attention.is_private(name) and {} or positions.may_be_near(pos, settings.greet_distance)) do
			if may_greet(npc, name, pos, now) then
				greetings.greet(npc, name)
				break
			end
		end
	end
end

core.register_on_leaveplayer(function(player)
	local name = player:get_player_name()
	for _, npc in ipairs(npcs.list) do
		if npc.greeted_us then npc.greeted_us[name] = nil end
	end
end)

return greetings
