-- Small helpers for lists and callbacks that several folders share. Pure: knows neither game nor daemon.

local log = ...

local util = {}

-- list: may be nil, which contains nothing.
function util.contains(list, value)
	for _, item in ipairs(list or {}) do
		if item == value then return true end
	end
	return false
end

-- A new list of the first `count` items, or of all where there are fewer.
function util.first_of(list, count)
	local out = {}
	for i = 1, math.min(count, #list) do out[i] = list[i] end
	return out
end

-- The keys of a map as a sorted list.
function util.sorted_keys(map)
	local keys = {}
	for key in pairs(map) do keys[#keys + 1] = key end
	table.sort(keys)
	return keys
end

-- `fn` as a function that never raises: an error is logged with `what`, and `on_failure` is returned in its place.
-- For callbacks of other mods, and for those of our own that must not stop a server step.
function util.guarded(what, fn, on_failure)
	return function(...)
		local ok, result = pcall(fn, ...)
		if ok then return result end
		log("error", ("%s failed: %s"):format(what, tostring(result)))
		return on_failure
	end
end

return util
