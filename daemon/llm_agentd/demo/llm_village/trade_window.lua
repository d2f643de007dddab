-- Reads and presses llm_agent's trade window, as a visitor with a client would: what it shows goes in, fields go out.

local plain = ...

local trade_window = {FORM = "llm_agent:trade"}

function trade_window.is_open(visitor) return visitor.form == trade_window.FORM end

-- The button whose name begins so; they carry a serial.
local function press(visitor, begin, fields)
	local button = visitor.spec:match(";(" .. begin .. "_%d+);")
	if not button then return false end
	fields = fields or {}
	fields[button] = "x"
	visitor:send(fields)
	return true
end

-- Chooses a good of the NPC. False if it is not there.
function trade_window.choose(visitor, item)
	local button = visitor.spec:match(item .. " %d+;(get_item_%d+);")
	if not button then return false end
	visitor:send({[button] = "x", get_count = "1"})
	return true
end

-- One piece of what is chosen.
function trade_window.choose_one(visitor)
	visitor:send({key_enter_field = "get_count", get_count = "1"})
	return true
end

-- What one costs now, or nil where nothing is chosen.
function trade_window.price(visitor)
	local spec = plain(visitor.spec)
	local total, count = tonumber(spec:match(";buy_%d+;Buy for (%d+)")), tonumber(spec:match(";get_count;;(%d+)%]"))
	return total and count and total / count
end

-- What the NPC says.
function trade_window.words(visitor)
	local parts = {}
	for y, words in plain(visitor.spec):gmatch("label%[2%.1,([%d.]+);(.-[^\\])%]") do
		if tonumber(y) >= 1.8 then parts[#parts + 1] = words:gsub("\\(.)", "%1") end
	end
	return table.concat(parts, " ")
end

function trade_window.haggle(visitor, coins) return press(visitor, "get_haggle", {get_offer = tostring(coins)}) end
function trade_window.buy(visitor) return press(visitor, "buy") end
function trade_window.close(visitor) visitor:send({quit = "true"}) end

return trade_window
