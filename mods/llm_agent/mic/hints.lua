-- What a player is likely to say where they stand: the names of NPCs in earshot, and plain orders in their language. The
-- recogniser takes it as a hint; it may hear anything else as well.

local text, nearby, order_phrases = ...

local hints = {}

local NAMES_MAX, NAME_MAX_BYTES = 24, 100 -- a full square; the daemon takes 64 phrases of 128 characters
local OF_EACH_ORDER = 3 -- the first ones are those that people say
local ORDERS = {"follow_me", "come_here", "stay", "halt", "stop_following_me", "go_home"}

local orders_in = {} -- language → list

local function orders(lang)
	if not orders_in[lang] then
		local list = {}
		for _, kind in ipairs(ORDERS) do
			local phrases = order_phrases[kind][lang] or order_phrases[kind].en
			for i = 1, math.min(OF_EACH_ORDER, #phrases) do list[#list + 1] = phrases[i] end
		end
		orders_in[lang] = list
	end
	return orders_in[lang]
end

-- lang: a code such as de, or nil.
function hints.of(player_name, lang)
	local player, list, known = core.get_player_by_name(player_name), {}, {}
	for _, npc in ipairs(player and nearby.in_earshot(player:get_pos()) or {}) do
		local name = text.clean(npc.name, NAME_MAX_BYTES)
		if name ~= "" and not known[name] and #list < NAMES_MAX then
			list[#list + 1], known[name] = name, true
		end
	end
	table.sort(list) -- so that it changes only where somebody comes or goes
	for _, order in ipairs(orders(((lang or "en"):match("^%a+") or "en"):lower())) do list[#list + 1] = order end
	return list
end

return hints
