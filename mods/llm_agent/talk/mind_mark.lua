-- Whose words a reply is, where the daemon has a model here and one elsewhere: for admins. Nobody else is shown it.

local S, commands = ...

local MARKS = {["local"] = S("(by the local model)"), remote = S("(by the remote model)")}

-- Words for this player, or nil. mind: of a reply, or nil.
return function(player_name, mind)
	return mind and commands.is_admin(player_name) and MARKS[mind] or nil
end
