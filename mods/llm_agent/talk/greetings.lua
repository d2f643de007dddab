-- Greetings: what an NPC says first to a player who comes near or opens the dialog.
-- Of several NPCs one greets, and each greets a player only once in llm_agent.greet_cooldown_s.

local now_us, settings, text, geometry, translate, client, npcs, roles, positions, observe, hours, language, attention, history,
	mutes, say, speech_queue = ...

local greetings = {}

-- A greeting line of the role, in the player's language, that fits the hour.
function greetings.line(npc, player_name)
	local role = roles.by_name[npc.role]
	local line = role and role.greeting and role.greeting[math.random(#role.greeting)]
	local words = line and text.fill(translate.line(language.between(npc, player_name), line), player_name)
	return words and hours.fit(words, observe.time_name(core.get_timeofday() or 0.5))
end

-- It has greeted this player, and does not so again for a while.
function greetings.mark(npc, player_name)
	npc.greeted_us = npc.greeted_us or {}
	npc.greeted_us[player_name] = now_us()
end

-- A greeting by the model; the role's own line stands in where it is away.
function greetings.greet(npc, player_name)
	if not client.enabled or npc.is_answering then return end
	greetings.mark(npc, player_name)
	attention.attend(npc, player_name)
	local opts = {player = player_name, priority = "ambient", fallback = greetings.line(npc, player_name)}
	say.answer_once(npc, opts, function(current, reply)
		if current then history.add(player_name, current, current.name, reply.text) end
	end)
end

local function may_greet(npc, player_name, pos, now)
	local npc_pos = positions.may_be_near(npc, pos, settings.greet_distance) and npc:get_pos()
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
		for _, npc in ipairs(npcs.list) do
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
