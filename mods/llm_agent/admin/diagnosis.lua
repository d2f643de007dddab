-- What can be wrong between this mod and the model, and how to mend it.
-- Pure: gets the facts that doctor.lua gathered and returns lines for people. Where possible a line ends in text to copy.
-- A proxy or a bound address may be harmless, so they are named only where the daemon was not reached.

local S, text = ...

local STEP_ADVISED_S = 0.05 -- 20 steps a second; a reply is seen at the next step
local STEP_DEFAULT_S = 0.09
local PARALLEL_DEFAULT = 8 -- of the engine, for all mods together
local TRANSFERS_EACH = 2 -- ours hold two at most; reckon as many for any other mod
local PROBLEMS_SHOWN = 4 -- of role files; the rest is counted
local LINE_MAX_BYTES = 400

-- Scheme and host of an address: "http", "127.0.0.1".
local function parts_of(url)
	local scheme, rest = url:match("^(%a[%w+.-]*)://(.*)$")
	local place = (rest or url):match("^[^/?#]*"):gsub("^.*@", "")
	return (scheme or "http"):lower(), (place:match("^%[([^%]]*)%]") or place:match("^[^:]*")):lower(), scheme ~= nil
end

local function is_loopback(host)
	return host == "localhost" or host == "::1" or host:find("^127%.") ~= nil
end

-- As curl reads no_proxy: names and ends of names, after commas or spaces; * for all.
local function is_excepted(host, list)
	for entry in list:lower():gmatch("[^,%s]+") do
		entry = entry:gsub("^%.", "")
		if entry == "*" or host == entry or host:sub(-#entry - 1) == "." .. entry then return true end
	end
	return false
end

-- The variable that sends our calls to a proxy, and its value. For http:// curl reads the name in small letters only.
local function proxy_in_the_way(facts, scheme, host)
	local excepted = facts.env("no_proxy") or facts.env("NO_PROXY") or ""
	if is_excepted(host, excepted) then return nil end
	local names = scheme == "https" and {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}
		or {"http_proxy", "all_proxy", "ALL_PROXY"}
	for _, name in ipairs(names) do
		local value = facts.env(name)
		if value and value ~= "" then return name, value end
	end
end

-- 1. May the mod use HTTP at all?
local function look_at_http(facts, note)
	if facts.has_http then
		note("good", S("HTTP is allowed for this mod"))
	elseif not facts.has_curl then
		note("bad", S("This server was built without cURL, so mods cannot use HTTP. Install a server package with cURL."))
	else
		note("bad", S("HTTP is not allowed for this mod. Put this line into minetest.conf and restart: @1", facts.http_mods_line))
	end
end

-- 2. The game's own pace, and room for transfers.
local function look_at_server(facts, note)
	local step_s = tonumber(facts.setting("dedicated_server_step")) or STEP_DEFAULT_S
	if step_s <= STEP_ADVISED_S then
		note("good", S("A server step takes @1 s", ("%g"):format(step_s)))
	else
		note("hint", S("Replies come later than they could: a server step takes @1 s. In minetest.conf: dedicated_server_step = @2",
			("%g"):format(step_s), ("%g"):format(STEP_ADVISED_S)))
	end
	local limit = tonumber(facts.setting("curl_parallel_limit")) or PARALLEL_DEFAULT
	local wanted = TRANSFERS_EACH * facts.http_mod_count
	if limit < wanted then
		note("bad", S("Mods wait for each other: HTTP transfers at once: @1, mods that use HTTP: @2. "
			.. "In minetest.conf: curl_parallel_limit = @3", limit, facts.http_mod_count, wanted))
	end
end

-- 3. The way to the daemon, where it is not reached.
local function look_at_way(facts, note)
	local scheme, host, complete = parts_of(facts.url)
	if not complete or (scheme ~= "http" and scheme ~= "https") or host == "" then
		note("bad", S("llm_agent.url is no address: @1. Like this: llm_agent.url = http://127.0.0.1:8000", facts.url))
		return
	end
	local variable, proxy = proxy_in_the_way(facts, scheme, host)
	if variable then
		note("bad", S("The server's environment sends HTTP to a proxy (@1=@2). Start the server with no_proxy=@3 in it.",
			variable, (proxy:gsub("//[^/@]*@", "//")), host))
	end
	local bound = facts.setting("bind_address") or ""
	if bound ~= "" and bound ~= "0.0.0.0" and bound ~= "::" and not is_loopback(bound) and is_loopback(host) then
		note("bad",
			S("HTTP calls come from bind_address = @1, too, and may not reach @2: leave it empty, or let the daemon listen there.",
			bound, host))
	end
end

-- 4. Does it answer, and is it ours?
local function look_at_daemon(facts, note)
	local ready, url = facts.answers.ready, facts.url
	local code = ready.code
	if code == 200 and ready.data then
		note("good", S("The daemon at @1 can answer", url))
		return true
	elseif code == 0 and ready.timeout then
		note("bad", S("No answer in time from @1. Is that llm-agentd, or something else that listens there?", url))
	elseif code == 0 then
		note("bad", S("Nobody answers at @1. Start the daemon (llm-agentd serve), or set llm_agent.url to where it listens.", url))
	elseif code == 401 then
		note("bad", S("The daemon wants its token. Where it runs, the command llm-agentd token prints it; "
			.. "in minetest.conf: llm_agent.token = TOKEN"))
	elseif code == 403 then
		note("bad", S("@1 refuses calls under this name. In config.yaml of llm-agentd add the name to http.allowed_hosts, "
			.. "or set llm_agent.url to an IP address.", url))
	elseif code == 503 then
		note("bad", S("The daemon at @1 is there but cannot answer yet. Wait a moment, then look at its log.", url))
	elseif code == 405 then -- luanti-org/luanti#14394
		note("bad",
			S("Calls arrive changed (HTTP 405): before 5.9 a PUT or DELETE of any mod spoils all later calls. Update the engine."))
	elseif code == 200 or code == 404 then
		note("bad", S("@1 is not llm-agentd: set llm_agent.url to the address that llm-agentd prints at its start.", url))
	else
		note("bad", S("@1 answers HTTP @2: look at the daemon's log.", url, code))
	end
	return false
end

local function major_minor(version)
	return version and tostring(version):match("^(%d+%.%d+)")
end

-- 5. Which model, which version?
local function look_at_info(facts, note)
	local info = facts.answers.info.data
	if not info then
		note("bad", S("The daemon says nothing of its model (HTTP @1 at /info): look at its log.", facts.answers.info.code))
		return
	end
	if info.engine == "stub" then
		note("bad", S("The daemon has no model (engine stub), so answers make no sense. In its config.yaml: model.engine: auto"))
	elseif info.model then
		note("good", S("Model @1, engine @2", text.clean(tostring(info.model), 80), text.clean(tostring(info.engine), 40)))
	end
	local ours, theirs = major_minor(facts.version), major_minor(info.version)
	if ours and theirs and ours ~= theirs then
		note("bad", S("Mod @1 and daemon @2 are of different versions. Update both; llm-agentd install-mod DIR brings the fitting mod.",
			facts.version, text.clean(tostring(info.version), 20)))
	elseif ours and theirs then
		note("good", S("Mod and daemon are both of version @1", theirs))
	end
end

-- 6. The admin's role files.
local function look_at_roles(facts, note)
	local data = facts.answers.roles.data
	local problems = data and type(data.problems) == "table" and data.problems or {}
	for i = 1, math.min(#problems, PROBLEMS_SHOWN) do
		note("bad", S("Role file @1", text.clean(tostring(problems[i]), LINE_MAX_BYTES)))
	end
	if #problems > PROBLEMS_SHOWN then
		note("bad", S("… and more role files with mistakes: @1", #problems - PROBLEMS_SHOWN))
	end
	local passed_over = data and type(data.notes) == "table" and data.notes or {} -- an older daemon has none
	for i = 1, math.min(#passed_over, PROBLEMS_SHOWN) do
		note("hint", S("Role file @1", text.clean(tostring(passed_over[i]), LINE_MAX_BYTES)))
	end
	if data and #problems == 0 and type(data.roles) == "table" then note("good", S("@1 roles, all in order", facts.role_count)) end
end

-- What the daemon has told already: that it answers, of its model, of roles and of this game.
local TOLD = {daemon = true, game = true, http = true, roles = true}

-- 7. What the daemon finds on its own machine, disk and model: in its own English. An older one has no such answer.
local function look_at_machine(facts, note)
	local data = facts.answers.daemon and facts.answers.daemon.data
	for _, check in ipairs(data and type(data.checks) == "table" and data.checks or {}) do
		local kind = check.state == "fail" and "bad" or check.state == "warn" and "hint"
		if kind and not TOLD[check.subject] and check.name ~= "served" then
			note(kind, S("The daemon finds: @1. @2", text.clean(tostring(check.found), LINE_MAX_BYTES),
				text.clean(tostring(check.cure), LINE_MAX_BYTES)))
		end
	end
end

-- 8. May it call its model?
local function look_at_switch(facts, note)
	local data = facts.answers.switch and facts.answers.switch.data -- an older daemon has none
	local switch = data and type(data.switch) == "table" and data.switch or {}
	if switch.on == false then
		note("bad", S("All models are switched off, so NPCs speak fallback lines. Switch on: /llm on all"))
	end
end

-- facts: has_http, has_curl, enabled, off_by_setting, url, version (of the mod, may be nil), http_mods_line, http_mod_count,
-- role_count (those that NPCs can have here: the daemon's, and those of mods, of which it knows nothing), env(name),
-- setting(name), and answers {ready, info, roles, daemon, switch} (each {code, data, timeout}) where the daemon was asked.
-- Returns three lists of lines: what is wrong, what is well, what works and could be better.
return function(facts)
	local lists = {bad = {}, good = {}, hint = {}}
	local function note(kind, line)
		local list = lists[kind]
		list[#list + 1] = line
	end
	look_at_http(facts, note)
	if not facts.enabled and facts.off_by_setting then
		note("bad", S("Switched off in minetest.conf, so the daemon is not asked. Take this line out: llm_agent.enabled = false"))
	elseif not facts.enabled then
		note("bad", S("Switched off, so the daemon is not asked. Switch on: /llm on"))
	end
	if facts.answers then
		if look_at_daemon(facts, note) then
			look_at_info(facts, note)
			look_at_roles(facts, note)
			look_at_machine(facts, note)
			look_at_switch(facts, note)
		elseif facts.answers.ready.code ~= 401 then -- a proxy answers anything else, too
			look_at_way(facts, note)
			look_at_machine(facts, note) -- the adapter answers where the daemon cannot, and may see why
		end
	end
	look_at_server(facts, note)
	return lists.bad, lists.good, lists.hint
end
