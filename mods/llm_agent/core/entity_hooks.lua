-- Hooks into entities of other mods: their callbacks are wrapped, once for each kind of entity. Pure: works on definitions.
-- All entities of a kind share one definition, those that are in the world already included.

local registered_entities = ...

local entity_hooks = {}

-- A function(name) that has `wrap(definition)` done once for each kind of entity. Unknown kinds are left alone.
function entity_hooks.once(wrap)
	local wrapped = {} -- entity name → true
	return function(name)
		local def = registered_entities[name]
		if not def or wrapped[name] then return end
		wrapped[name] = true
		wrap(def)
	end
end

-- fn(self, ...) is called before the entity's own callback, whose results are passed on.
function entity_hooks.before(def, callback, fn)
	local original = def[callback]
	def[callback] = function(self, ...)
		fn(self, ...)
		if original then return original(self, ...) end
	end
end

local function then_call(fn, self, ...)
	fn(self)
	return ...
end

-- fn(self) is called after the entity's own callback, whose results are passed on.
function entity_hooks.after(def, callback, fn)
	local original = def[callback]
	def[callback] = function(self, ...)
		if original then return then_call(fn, self, original(self, ...)) end
		fn(self)
	end
end

return entity_hooks
