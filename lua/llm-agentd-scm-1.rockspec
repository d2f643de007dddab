-- The Lua side of llm-agentd for programs outside the game: `cd lua && luarocks make` installs it from this checkout.
-- Needs no compiler. llm_client binds to ZeroMQ itself (LuaJIT's FFI to libzmq, which no rock brings: apt-get install libzmq5);
-- llm_wire and llm_json run on plain Lua too. lua-cjson is taken instead of dkjson where it is installed.
-- mock_*.lua and spec/ are for this project's own tests and stay here.
rockspec_format = "3.0"
package = "llm-agentd"
version = "scm-1"
source = {
	url = "file://.", -- `make` builds what lies here and fetches nothing
}
description = {
	summary = "Client and codec for llm-agentd, the daemon that gives NPCs of a Luanti (Minetest) server a mind",
	license = "MIT",
	labels = {"zeromq", "llm", "luanti", "minetest"},
}
dependencies = {
	"lua >= 5.1",
	"dkjson >= 2.5",
}
build = {
	type = "builtin",
	modules = {
		llm_client = "llm_client.lua",
		llm_json = "llm_json.lua",
		llm_wire = "llm_wire.lua",
	},
}
