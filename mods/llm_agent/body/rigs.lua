-- Which bone of a model each joint is, as the mod of the model says it: joint → "bone", or {name =, at =, turned =, has_legs =}
-- with its rest in the model's units and in degrees. Pure.

local check = ...

local rigs = {}

local BONE_FIELDS = {name = true, at = true, turned = true, has_legs = true}

local function problem_of_bone(bone)
	if type(bone) ~= "table" or type(bone.name) ~= "string" then return "want the name of a bone, or {name, at, turned}" end
	for field in pairs(bone) do
		if not BONE_FIELDS[field] then return ("unknown field %s; known: %s"):format(tostring(field), check.names_of(BONE_FIELDS)) end
	end
	for _, field in ipairs({"at", "turned"}) do
		local problem = bone[field] ~= nil and check.position(bone[field])
		if problem then return field .. ": " .. problem end
	end
	if (bone.at == nil) ~= (bone.turned == nil) then return "want both at and turned, its rest, or none" end
end

-- joint → {name =, …}; or nil and what is wrong.
function rigs.read(given)
	if type(given) ~= "table" or next(given) == nil then return nil, "want joint → the name of its bone" end
	local rig = {}
	for joint, bone in pairs(given) do
		if type(bone) == "string" then bone = {name = bone} end
		local problem = type(joint) ~= "string" and "want the name of a joint" or problem_of_bone(bone)
		if problem then return nil, tostring(joint) .. ": " .. problem end
		rig[joint] = bone
	end
	return rig
end

return rigs
