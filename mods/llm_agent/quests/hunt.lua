-- Counts the mobs that players kill, for quests of kinds with `counts_deaths`.
-- The engine reports no deaths of entities, so the callbacks of hunted kinds are wrapped, once each. Other kinds are not
-- affected.
-- Mobs of mobs_redo and its like keep their own health and remove themselves: a punch that leaves one without health counts as a
-- death.

local entity_hooks, kinds, quests, store = ...

local hunt = {}

local counted = setmetatable({}, {__mode = "k"}) -- luaentities whose death was counted

local function credit(self, killer)
	if counted[self] or not killer or not killer:is_player() then return end
	counted[self] = true
	local player_name = killer:get_player_name()
	for _, quest in ipairs(quests.of_player(player_name, quests.is_active)) do
		if kinds[quest.kind].counts_deaths and quest.target == self.name then
			quests.progress(quest.id, quest.progress + 1, store.now_s())
			return -- one enemy counts for one quest
		end
	end
end

-- Health as the mob's own mod counts it; nil where it leaves that to the engine.
local function mob_health(self)
	local health = self.health or self._health or self.hp
	return type(health) == "number" and health or nil
end

local function is_dead(self)
	local health = mob_health(self)
	return self.dead == true or self.state == "die" or health ~= nil and health <= 0
end

local function then_look(self, puncher, ...)
	if is_dead(self) then credit(self, puncher) end
	return ...
end

-- From now on deaths of this kind (an entity's name) count.
hunt.watch = entity_hooks.once(function(def)
	local original = def.on_punch
	if original then
		function def.on_punch(self, puncher, ...)
			if is_dead(self) then return original(self, puncher, ...) end -- somebody else's deed
			return then_look(self, puncher, original(self, puncher, ...))
		end
	end
	entity_hooks.before(def, "on_death", credit)
end)

core.register_on_mods_loaded(function()
	for _, quest in ipairs(quests.list(quests.is_active)) do
		if kinds[quest.kind].counts_deaths then hunt.watch(quest.target) end
	end
end)

return hunt
