-- Items between the game's names ("default:sword_steel") and the words a model and a player use ("steel sword").
-- Only reads the registry.

local agent = ...
local observe = agent.observe

local items = {}

-- "default:sword_steel" → "steel sword"; the name itself where the game describes it with nothing.
function items.words(name)
	local def = core.registered_items[name]
	local words = def and def.description and observe.item_words(def.description) or ""
	return words ~= "" and words or name
end

-- A list of item names → words → name; of two with the same words the first by name.
function items.by_words(names)
	local sorted, found = {}, {}
	for i, name in ipairs(names) do sorted[i] = name end
	table.sort(sorted)
	for _, name in ipairs(sorted) do
		local words = items.words(name)
		if not found[words] then found[words] = name end
	end
	return found
end

return items
