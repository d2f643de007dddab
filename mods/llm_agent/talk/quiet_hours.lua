-- The hours in which NPCs start nothing by themselves (llm_agent.quiet_hours).
-- Pure.

local quiet_hours = {}

-- "22-6" → {22, 6}; "" → nil; anything else → false.
function quiet_hours.parse(words)
	if words:match("^%s*$") then return nil end
	local from, till = words:match("^%s*(%d%d?)%s*%-%s*(%d%d?)%s*$")
	from, till = tonumber(from), tonumber(till)
	if not from or from > 24 or till > 24 then return false end
	return {from, till}
end

-- Is `time_of_day` (0 and 1 are midnight) within the hours? They may go over midnight.
function quiet_hours.is_quiet(hours, time_of_day)
	if not hours then return false end
	local hour, from, till = time_of_day * 24, hours[1], hours[2]
	if from <= till then return hour >= from and hour < till end
	return hour >= from or hour < till
end

return quiet_hours
