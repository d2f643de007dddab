-- Item stacks, inventories and metadata for mock_core.lua, as the engine has them (inventory.cpp): what is handed out is a
-- copy, a stack joins only one of the same name and metadata, and an oversized stack goes whole into an empty slot.

local STACK_MAX_DEFAULT = 99 -- of nodes and craftitems, unknown ones too; a tool's is 1

local Meta = {}
Meta.__index = Meta

local function new_meta(fields)
	return setmetatable({fields = fields or {}}, Meta)
end

function Meta:get_string(key) return self.fields[key] or "" end

function Meta:set_string(key, value) self.fields[key] = value ~= "" and value or nil end

function Meta:get_int(key) return math.floor(tonumber(self:get_string(key)) or 0) end
function Meta:set_int(key, value) self:set_string(key, ("%d"):format(value)) end
function Meta:contains(key) return self.fields[key] ~= nil end

function Meta:to_table()
	local fields = {}
	for key, value in pairs(self.fields) do fields[key] = value end
	return {fields = fields}
end

-- Stacks ---------------------------------------------------------------------------------------------------------------

local Stack = {} -- `core` in it is where the game's items are registered
Stack.__index = Stack

local function given(item)
	if type(item) == "table" then return item.name or "", item.count or 1, item.wear or 0, item.fields or item.meta or {} end
	local name, count, wear = tostring(item or ""):match("^%s*(%S*)%s*(%d*)%s*(%d*)")
	return name, count == "" and 1 or tonumber(count), tonumber(wear) or 0, {}
end

-- ItemStack(item): another stack, a table, "name count wear", or nothing.
local function new_stack(core, item)
	local name, count, wear, fields = given(item)
	local self = setmetatable({core = core, count = count, wear = wear, fields = new_meta(fields):to_table().fields}, Stack)
	self.name = core.registered_aliases[name] or name
	if name == "" or count < 1 then self:clear() end
	return self
end

local function same_meta(a, b)
	for key, value in pairs(a) do if b[key] ~= value then return false end end
	for key, value in pairs(b) do if a[key] ~= value then return false end end
	return true
end

-- How much of `other` would go in.
local function fitting(self, other)
	if self.count == 0 then return other.count end
	if other.count == 0 or self.name ~= other.name or not same_meta(self.fields, other.fields) then return 0 end
	return math.min(other.count, self:get_free_space())
end

function Stack:is_empty() return self.count == 0 end
function Stack:get_name() return self.name end
function Stack:get_count() return self.count end
function Stack:get_wear() return self.wear end
function Stack:get_meta() return new_meta(self.fields) end
function Stack:get_definition() return self.core.registered_items[self.name] or self.core.registered_items.unknown end
function Stack:is_known() return self.core.registered_items[self.name] ~= nil end
function Stack:clear() self.name, self.count, self.wear, self.fields = "", 0, 0, {} end
function Stack:set_wear(wear) self.wear = wear end
function Stack:get_free_space() return math.max(0, self:get_stack_max() - self.count) end

function Stack:set_count(count)
	self.count = count
	if count < 1 then self:clear() end
	return count >= 0 and count <= 65535
end

function Stack:get_stack_max()
	local def = self.core.registered_items[self.name]
	if def and def.type == "tool" then return 1 end
	return def and def.stack_max or STACK_MAX_DEFAULT
end

function Stack:add_item(item)
	local rest = new_stack(self.core, item)
	local count = fitting(self, rest)
	if self.count == 0 then self.name, self.wear, self.fields = rest.name, rest.wear, new_meta(rest.fields):to_table().fields end
	self.count = self.count + count
	rest:set_count(rest.count - count)
	return rest
end

function Stack:item_fits(item)
	local rest = new_stack(self.core, item)
	rest:set_count(rest.count - fitting(self, rest))
	return rest:is_empty(), rest
end

function Stack:peek_item(count)
	local taken = new_stack(self.core, self)
	taken:set_count(math.min(count or 1, self.count))
	return taken
end

function Stack:take_item(count)
	local taken = self:peek_item(count)
	self:set_count(self.count - taken.count)
	return taken
end

function Stack:to_string()
	local words = self.name
	if self.count > 1 or self.wear > 0 then words = words .. " " .. self.count end
	return self.wear > 0 and words .. " " .. self.wear or words
end

-- Inventories ----------------------------------------------------------------------------------------------------------

local Inventory = {}
Inventory.__index = Inventory

-- sizes: list name → slots; make(item) -> stack.
local function new_inventory(make, sizes)
	local self = setmetatable({lists = {}, make = make}, Inventory)
	for name, size in pairs(sizes) do self:set_size(name, size) end
	return self
end

function Inventory:get_size(name) return self.lists[name] and #self.lists[name] or 0 end

function Inventory:set_size(name, size)
	local list = self.lists[name] or {}
	for i = 1, math.max(size, #list) do list[i] = i <= size and (list[i] or self.make("")) or nil end
	self.lists[name] = list
	return true
end

function Inventory:get_stack(name, i) return self.make((self.lists[name] or {})[i]) end

function Inventory:set_stack(name, i, item)
	if not (self.lists[name] or {})[i] then return false end
	self.lists[name][i] = self.make(item)
	return true
end

function Inventory:get_list(name)
	local list = self.lists[name]
	if not list then return nil end
	local copy = {}
	for i, stack in ipairs(list) do copy[i] = self.make(stack) end
	return copy
end

function Inventory:set_list(name, list)
	for i in ipairs(self.lists[name] or {}) do self:set_stack(name, i, list[i] or "") end
end

function Inventory:is_empty(name)
	for _, stack in ipairs(self.lists[name] or {}) do
		if not stack:is_empty() then return false end
	end
	return true
end

-- First onto what is there, then into empty slots; returns what is left.
function Inventory:add_item(name, item)
	local rest = self.make(item)
	for _, onto_empty in ipairs({false, true}) do
		for _, stack in ipairs(self.lists[name] or {}) do
			if stack:is_empty() == onto_empty then rest = stack:add_item(rest) end
		end
	end
	return rest
end

function Inventory:room_for_item(name, item)
	local rest = self.make(item)
	for _, stack in ipairs(self.lists[name] or {}) do
		rest = select(2, stack:item_fits(rest))
		if rest:is_empty() then return true end
	end
	return false
end

-- By name alone, whatever wear and metadata.
function Inventory:contains_item(name, item)
	local wanted, count = self.make(item), 0
	for _, stack in ipairs(self.lists[name] or {}) do
		if stack.count > 0 and stack.name == wanted.name then count = count + stack.count end
	end
	return count >= wanted.count
end

-- From the end, by name alone; returns what was taken, which may be less and may be an oversized stack.
function Inventory:remove_item(name, item)
	local wanted, taken = self.make(item), self.make("")
	local list = self.lists[name] or {}
	for i = #list, 1, -1 do
		if list[i].count > 0 and list[i].name == wanted.name and taken.count < wanted.count then
			local part = list[i]:take_item(wanted.count - taken.count)
			local rest = taken:add_item(part)
			taken.count = taken.count + rest.count
		end
	end
	return taken
end

-- What a save holds: a copy of all lists, and back.
function Inventory:save()
	local lists = {}
	for name in pairs(self.lists) do lists[name] = self:get_list(name) end
	return lists
end

function Inventory:restore(lists)
	for name, list in pairs(lists) do
		self:set_size(name, #list)
		self:set_list(name, list)
	end
end

return {new_stack = new_stack, new_inventory = new_inventory, new_meta = new_meta}
