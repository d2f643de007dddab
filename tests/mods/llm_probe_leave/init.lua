-- For tests/game/test_lifecycle.py: a player who says goodbye to an NPC is gone once the NPC is asked, while it still thinks.
-- The log tells how many questions were out just then, what became of them, and that nothing more came.

local QUIET_S = 3 -- after the reply: long enough to begin to speak

local function note(...) core.log("action", "[llm_probe] " .. string.format(...)) end

local function questions_out()
	local out = 0
	for _, entity in pairs(core.luaentities) do
		local npc = entity.npc_id and llm_agent.get_npc(entity.npc_id)
		for _ in pairs(npc and npc.open_requests or {}) do out = out + 1 end
	end
	return out
end

local function is_here(name) return core.get_player_by_name(name) ~= nil end

local leaving -- a player's name

core.register_on_chat_message(function(name, message)
	if message:find("^Goodbye") then leaving = name end
end)

core.register_globalstep(function()
	if not leaving or questions_out() == 0 then return end
	core.kick_player(leaving, "Farewell.")
	leaving = nil
end)

core.register_on_leaveplayer(function(player) note("left player=%s out=%d", player:get_player_name(), questions_out()) end)

llm_agent.on("reply", function(_, reply, opts)
	note("reply player=%s here=%s fallback=%s", opts.player, is_here(opts.player), reply.fallback)
	core.after(QUIET_S, function() note("quiet out=%d", questions_out()) end)
end)

llm_agent.on("say", function(_, text, opts) note("say to=%s here=%s text=%s", opts.to, is_here(opts.to), text) end)
