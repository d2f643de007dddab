-- Names for NPCs that nobody named.
-- Prefers names that no NPC has at the moment.

local npcs = ...

local names = {}

local NAMES = {
	"Ana", "Bram", "Clara", "Dora", "Edda", "Finn", "Greta", "Hugo", "Ida", "Jonas", "Kai", "Lena", "Mira", "Nora", "Odo", "Petra",
	"Rolf", "Sven", "Tilda", "Ulf", "Vera", "Wim", "Yuri", "Zoe",
}

-- A name that no NPC has; when all are taken, any of them.
function names.unused()
	local taken, left = {}, {}
	for _, npc in ipairs(npcs.list) do taken[npc.name] = true end
	for _, candidate in ipairs(NAMES) do
		if not taken[candidate] then left[#left + 1] = candidate end
	end
	return left[1] and left[math.random(#left)] or NAMES[math.random(#NAMES)]
end

return names
