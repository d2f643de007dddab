-- /llm doctor: names each broken link between this mod and the daemon, and its cure.
-- Runs in the command's step; what must be asked of the daemon is told when it has answered.

local agent = ...
local settings, client = agent.settings, agent.client

local STEP_ADVISED_S = 0.05 -- 20 steps a second; a reply is seen at the next step

local tell = core.chat_send_player

-- The line for minetest.conf, with what stands there already.
function agent.http_mods_line()
	local given = core.settings:get("secure.http_mods") or ""
	local mods = {}
	for mod in given:gmatch("[^,%s]+") do
		if mod ~= agent.name then mods[#mods + 1] = mod end
	end
	mods[#mods + 1] = agent.name
	return "secure.http_mods = " .. table.concat(mods, ",")
end

-- What can be said without asking the daemon: a list of lines, ✗ with its cure.
function agent.diagnose()
	local found = {}
	local function note(good, line) found[#found + 1] = (good and "✓ " or "✗ ") .. line end
	if client.has_http() then
		note(true, "HTTP is allowed for this mod")
	elseif not core.request_http_api then
		note(false, "this server was built without cURL: mods cannot use HTTP. Install a server package with cURL")
	else
		note(false, "HTTP is not allowed for this mod. Add to minetest.conf and restart: " .. agent.http_mods_line())
	end
	note(client.enabled, client.enabled and "switched on" or "switched off: /llm on")
	local step_s = tonumber(core.settings:get("dedicated_server_step")) or 0.09
	note(step_s <= STEP_ADVISED_S, step_s <= STEP_ADVISED_S and ("a step of %g s"):format(step_s)
		or ("a step of %g s makes replies later than they need be: dedicated_server_step = %g"):format(step_s, STEP_ADVISED_S))
	return found
end

local VERDICTS = {
	[0] = "✗ nobody answers at %s: start the daemon (llm-agentd serve) or set llm_agent.url",
	[200] = "✓ the daemon at %s can answer",
	[401] = "✗ %s wants another token: set llm_agent.token to the daemon's http.token",
	[403] = "✗ %s wants another token: set llm_agent.token to the daemon's http.token",
	[404] = "✗ %s is not llm-agentd: look at llm_agent.url",
	[503] = "✗ the daemon at %s is there but cannot answer yet: wait a moment, then look at its log",
}

local function doctor(name)
	for _, line in ipairs(agent.diagnose()) do tell(name, line) end
	local asked = client.call("GET", "/readyz", nil, function(answer)
		local verdict = VERDICTS[answer.code] or ("✗ %s answers HTTP " .. answer.code .. ": look at the daemon's log")
		tell(name, verdict:format(settings.url))
	end)
	return true, asked and "Asking the daemon …" or nil
end

agent.command("doctor", {admin = true, help = "find what is broken, with its cure", run = doctor})
