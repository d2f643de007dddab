-- What a player carries, as counts: plain stacks of the list "main".
-- A stack with wear or metadata is neither counted nor touched. An exchange is planned on a copy of the list first, so that it
-- happens whole or not at all.

local LIST = "main"

local player_inventory = {}

local function is_plain(stack)
	return stack:get_wear() == 0 and next(stack:get_meta():to_table().fields) == nil
end

local function holds(stack, item)
	return stack:get_name() == item and is_plain(stack)
end

function player_inventory.count(player, item)
	local count = 0
	for _, stack in ipairs(player:get_inventory():get_list(LIST) or {}) do
		if holds(stack, item) then count = count + stack:get_count() end
	end
	return count
end

-- All that can change hands: {item = n}.
function player_inventory.belongings(player)
	local out = {}
	for _, stack in ipairs(player:get_inventory():get_list(LIST) or {}) do
		local item = stack:get_name()
		if item ~= "" and is_plain(stack) then out[item] = (out[item] or 0) + stack:get_count() end
	end
	return out
end

-- The wielded stack's item and count, or nil where it is none that can change hands.
function player_inventory.wielded(player)
	local stack = player:get_wielded_item()
	if stack:is_empty() or not is_plain(stack) or player:get_wield_list() ~= LIST then return nil end
	return stack:get_name(), stack:get_count()
end

-- From the end, as the engine takes.
local function take(list, changed, item, left)
	for i = #list, 1, -1 do
		if left == 0 then break end
		if holds(list[i], item) then
			left = left - list[i]:take_item(left):get_count()
			changed[i] = true
		end
	end
	return left == 0
end

-- First onto stacks that are there, then into empty slots.
local function put(list, changed, item, left)
	local stack_max = ItemStack(item):get_stack_max()
	for _, into_empty in ipairs({false, true}) do
		for i, stack in ipairs(list) do
			local fits = into_empty and stack:is_empty() or not into_empty and not stack:is_empty() and holds(stack, item)
			local room = fits and math.min(left, stack_max - stack:get_count()) or 0
			if room > 0 then
				list[i] = ItemStack({name = item, count = stack:get_count() + room})
				left, changed[i] = left - room, true
			end
		end
	end
	return left == 0
end

-- takes, gives: {item = n}, from and to the player. A plan for `carry_out`, or nil and "no_room", or
-- "player_lacks" and {what they have not = n}.
function player_inventory.plan(player, takes, gives)
	local list, changed = player:get_inventory():get_list(LIST) or {}, {}
	for item, n in pairs(takes) do
		if not take(list, changed, item, n) then return nil, "player_lacks", {[item] = n} end
	end
	for item, n in pairs(gives) do
		if not put(list, changed, item, n) then return nil, "no_room" end
	end
	return {list = list, changed = changed}
end

-- In the step of the plan: nothing has changed since.
function player_inventory.carry_out(player, plan)
	local inventory = player:get_inventory()
	for i in pairs(plan.changed) do inventory:set_stack(LIST, i, plan.list[i]) end
end

return player_inventory
