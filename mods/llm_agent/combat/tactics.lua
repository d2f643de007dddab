-- What is sensible in a fight: a view of it in, an order out, and the orders that the model may choose from. Pure.
--
-- view: {brave, health (0 to 1), enemies = {words, the nearest first}, allies = {names}, sides = {left =, right =}: which flanks
-- others of the squad have taken, fronted: another stands before the enemy, wards = {names it may stand by}, can_call}
-- order: {kind = attack|flank|guard|hold|retreat|call_help|flee, target =, side =}

local tactics = {}

local BADLY_HURT = 1 / 3

tactics.kinds = {"attack", "flank", "guard", "hold", "retreat", "call_help", "flee"}

local function free_sides(view)
	local free = {}
	for _, side in ipairs({"left", "right"}) do
		if not view.sides[side] then free[#free + 1] = side end
	end
	return free
end

-- The order to follow without a model's answer. The badly hurt fall back, the meek call for help or run, and in a squad one
-- stands before the enemy while the others take its flanks.
function tactics.decide(view)
	local enemy = view.enemies[1]
	if not enemy then return {kind = "hold"} end
	if view.health < BADLY_HURT then return {kind = view.brave and "retreat" or "flee"} end
	if not view.brave then return {kind = view.can_call and "call_help" or "flee"} end
	if view.fronted and #view.allies > 0 then
		local side = free_sides(view)[1]
		if side then return {kind = "flank", side = side, target = enemy} end
	end
	return {kind = "attack", target = enemy}
end

local function choice(values)
	return {type = "string", enum = values}
end

local function schema_of(properties)
	return {type = "object", properties = properties}
end

-- Of an order by name: its parameters' schema, or nil where it makes no sense now.
function tactics.schema(view, kind)
	local fights, enemies = view.brave and view.enemies[1] ~= nil, choice(view.enemies)
	if kind == "attack" then
		return fights and schema_of({target = enemies}) or nil
	elseif kind == "flank" then
		local sides = free_sides(view)
		return fights and #view.allies > 0 and sides[1] and schema_of({side = choice(sides), target = enemies}) or nil
	elseif kind == "guard" then
		return view.brave and view.wards[1] and schema_of({target = choice(view.wards)}) or nil
	elseif kind == "call_help" then
		return view.enemies[1] and view.can_call and schema_of({}) or nil
	elseif kind == "hold" then
		return fights and schema_of({}) or nil
	end
	return view.enemies[1] and schema_of({}) or nil -- retreat and flee are for anybody
end

-- What the model is told, beside health, which every question has.
function tactics.facts(view, orders)
	return {
		enemy = #view.enemies == 1 and view.enemies[1] or view.enemies,
		allies = view.allies[1] and view.allies or nil,
		orders = orders[1] and orders or nil,
	}
end

-- "Bram flanks left": for those who fight beside.
function tactics.words(name, order)
	local does = ({
		attack = "attacks", flank = "flanks " .. (order.side or ""), guard = "guards " .. (order.target or ""), hold = "holds",
		retreat = "falls back", call_help = "calls for help", flee = "runs",
	})[order.kind]
	return name .. " " .. does
end

return tactics
