-- admin/diagnosis.lua: what the doctor finds on servers that have something wrong.

local function chunk(name, ...) return assert(loadfile("mods/llm_agent/" .. name .. ".lua"))(...) end

-- S as the server sees it: the text with its arguments in.
local function S(words, ...)
	local given = {...}
	return (words:gsub("@(%d)", function(number) return tostring(given[tonumber(number)]) end))
end

describe("the diagnosis", function()
	local diagnose = chunk("admin/diagnosis", S, chunk("core/text"))
	local OK = {code = 200, data = {ready = true}}
	local INFO = {code = 200, data = {engine = "llama", model = "hearthling", version = "0.1.7"}}
	local ROLES = {code = 200, data = {roles = {{}, {}}, problems = {}}}

	-- A healthy server, but for what is given. `settings` and `env` are tables.
	local function examine(changes)
		local facts = {
			has_http = true, has_curl = true, enabled = true, url = "http://127.0.0.1:8000", version = "0.1.0",
			http_mods_line = "secure.http_mods = irc,llm_agent", http_mod_count = 1, role_count = 15,
			answers = {ready = OK, info = INFO, roles = ROLES},
		}
		for key, value in pairs(changes or {}) do facts[key] = value end
		local settings, env = facts.settings or {dedicated_server_step = "0.05"}, facts.env or {}
		facts.setting = function(key) return settings[key] end
		facts.env = function(key) return env[key] end
		local bad, good, hints = diagnose(facts)
		return table.concat(bad, "\n"), table.concat(good, "\n"), #bad, table.concat(hints, "\n")
	end

	local function away(changes)
		changes.answers = {ready = {code = 0}, info = {code = 0}, roles = {code = 0}}
		return (examine(changes))
	end

	local function has(words, report)
		assert.is_truthy(report:find(words, 1, true), ("no %q in:\n%s"):format(words, report))
	end

	it("finds nothing where all is well", function()
		local bad, good = examine()
		assert.equal("", bad)
		has("hearthling", good)
		has("15 roles", good)
		has("version 0.1", good)
	end)

	it("names the line for minetest.conf, or the missing cURL", function()
		has("secure.http_mods = irc,llm_agent", (examine({has_http = false})))
		has("cURL", (examine({has_http = false, has_curl = false})))
	end)

	it("tells what the daemon finds on its own machine, and nothing of what is told already or in order", function()
		local checks = {
			{subject = "state", name = "disk", state = "fail", found = "The disk is full: only 0 kB are free", cure = "Free disk space"},
			{subject = "cache", name = "store", state = "warn", found = "The folder of replies cannot be written", cure = "Mend it"},
			{subject = "machine", name = "clock", state = "ok", found = "The clock is right", cure = ""},
			{subject = "model", name = "served", state = "fail", found = "engine stub", cure = "x"},
			{subject = "roles", name = "file", state = "fail", found = "smith.yaml", cure = "x"},
		}
		local function answers(daemon) return {ready = OK, info = INFO, roles = ROLES, daemon = daemon} end
		local bad, _, count, hints = examine({answers = answers({code = 200, data = {checks = checks, ok = false}})})
		assert.equal("The daemon finds: The disk is full: only 0 kB are free. Free disk space", bad)
		assert.equal(1, count)
		assert.equal("The daemon finds: The folder of replies cannot be written. Mend it", hints)
		local silent = {ready = {code = 503}, info = {code = 503}, roles = {code = 503}, daemon = {code = 200, data = {checks = checks}}}
		has("The disk is full", (examine({answers = silent}))) -- the adapter looks where the daemon does not answer
		for _, older in ipairs({{code = 404}, {code = 200, data = {}}, {code = 200, data = {checks = 7}}}) do
			assert.equal("", (examine({answers = answers(older)})))
		end
	end)

	it("says when the daemon's master switch is off, and how to switch on", function()
		local switch = {code = 200, data = {switch = {on = false}}}
		local bad, _, count = examine({answers = {ready = OK, info = INFO, roles = ROLES, switch = switch}})
		has("/llm on all", bad)
		assert.equal(1, count)
		switch.data.switch.on = true
		assert.equal("", (examine({answers = {ready = OK, info = INFO, roles = ROLES, switch = switch}})))
	end)

	it("says when it is switched off, and how to switch on", function()
		local bad, _, count = examine({enabled = false, answers = false})
		has("/llm on", bad)
		assert.equal(1, count)
		has("llm_agent.enabled", (examine({enabled = false, off_by_setting = true, answers = false})))
		assert.equal("", (examine({off_by_setting = true}))) -- on again by /llm on
	end)

	it("hints at a slow step, which is no fault", function()
		for _, settings in ipairs({{}, {dedicated_server_step = "0.1"}}) do
			local bad, _, _, hints = examine({settings = settings})
			has("dedicated_server_step = 0.05", hints)
			assert.equal("", bad)
		end
		assert.equal("", (select(4, examine())))
	end)

	it("tells a narrow curl_parallel_limit", function()
		local narrow = {dedicated_server_step = "0.05", curl_parallel_limit = "3"}
		has("curl_parallel_limit = 4", (examine({settings = narrow, http_mod_count = 2})))
		assert.equal("", (examine({settings = narrow, http_mod_count = 1})))
		has("curl_parallel_limit = 10", (examine({http_mod_count = 5})))
	end)

	it("tells what each answer of the address means", function()
		for _, case in ipairs({
			{{code = 0}, "llm-agentd serve"}, {{code = 0, timeout = true}, "in time"}, {{code = 401}, "llm-agentd token"},
			{{code = 403}, "http.allowed_hosts"}, {{code = 503}, "cannot answer yet"}, {{code = 404}, "llm_agent.url"},
			{{code = 405}, "PUT"}, {{code = 200}, "is not llm-agentd"}, {{code = 500}, "HTTP 500"},
		}) do
			local bad, _, count = examine({answers = {ready = case[1], info = case[1], roles = case[1]}})
			has(case[2], bad)
			assert.equal(1, count)
		end
		for _, url in ipairs({"127.0.0.1:8000", "ftp://127.0.0.1", "http://", ""}) do has("is no address", away({url = url})) end
	end)

	it("names the proxy variable that catches the calls, as curl reads them, and hides its password", function()
		for _, name in ipairs({"http_proxy", "all_proxy", "ALL_PROXY"}) do
			local report = away({env = {[name] = "http://me:secret@proxy:3128"}})
			has(name .. "=http://proxy:3128", report)
			has("no_proxy=127.0.0.1", report)
		end
		has("HTTPS_PROXY", away({env = {HTTPS_PROXY = "p"}, url = "https://[::1]:8000"}))
		has("no_proxy=::1", away({env = {HTTPS_PROXY = "p"}, url = "https://[::1]:8000"}))
		for _, env in ipairs({
			{HTTP_PROXY = "p"}, {https_proxy = "p"}, {http_proxy = ""}, {http_proxy = "p", no_proxy = "a, 127.0.0.1"},
			{http_proxy = "p", NO_PROXY = "*"},
		}) do
			assert.is_nil(away({env = env}):find("no_proxy=", 1, true))
		end
		local env = {http_proxy = "p", no_proxy = ".example.org"}
		assert.is_nil(away({url = "http://llm.example.org", env = env}):find("no_proxy=", 1, true))
		has("no_proxy=llmexample.org", away({url = "http://llmexample.org", env = env}))
		assert.equal("", (examine({env = {http_proxy = "p"}}))) -- it answers all the same
	end)

	it("names a bound address that cannot reach loopback", function()
		local function bound(address, url)
			return away({settings = {dedicated_server_step = "0.05", bind_address = address}, url = url}):find("bind_address", 1, true)
		end
		assert.is_truthy(bound("192.168.1.5"))
		assert.is_truthy(bound("192.168.1.5", "http://localhost:8000"))
		for _, fine in ipairs({"", "0.0.0.0", "::", "127.0.0.1", "::1"}) do assert.is_nil(bound(fine)) end
		assert.is_nil(bound("192.168.1.5", "http://192.168.1.9:8000"))
	end)

	it("sees a daemon without a model, and one of another version", function()
		local function info(data)
			return (examine({answers = {ready = OK, info = {code = 200, data = data}, roles = ROLES}}))
		end
		has("model.engine: auto", info({engine = "stub", model = "stub", version = "0.1.0"}))
		has("install-mod", info({engine = "llama", model = "m", version = "0.2.0"}))
		assert.equal("", info({engine = "llama", model = "m", version = "0.1.9.dev3"}))
		has("/info", (examine({answers = {ready = OK, info = {code = 503}, roles = ROLES}})))
	end)

	it("tells the words in role files that are passed over, as a hint", function()
		local roles = {code = 200, data = {roles = {}, problems = {}, notes = {"smith.yaml: voice: 'womn' is no word for a voice"}}}
		local bad, _, _, hints = examine({answers = {ready = OK, info = INFO, roles = roles}})
		assert.equal("", bad)
		has("womn", hints)
	end)

	it("tells the mistakes in role files, not all of a hundred", function()
		local problems = {}
		for i = 1, 9 do problems[i] = ("r%d.yaml:3: persona: want a line of text"):format(i) end
		local bad = examine({answers = {ready = OK, info = INFO, roles = {code = 200, data = {roles = {}, problems = problems}}}})
		has("r1.yaml:3: persona", bad)
		assert.is_nil(bad:find("r5.yaml", 1, true))
		has("mistakes: 5", bad)
		assert.equal("", (examine({answers = {ready = OK, info = INFO, roles = {code = 404}}}))) -- an older daemon
	end)
end)
