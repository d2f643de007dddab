-- core/media.lua: files for one client, once each, bounded, on engines that take data and on those that take files.

local Mock = require("mock_core")

describe("media for a client", function()
	local mock, box, ready, full

	local function start(options)
		mock = Mock.new(options)
		mock:load_mod()
		mock:join("Robin", {x = 0, y = 0, z = 0})
		mock:join("Ana", {x = 0, y = 0, z = 0})
		ready, full = 0, {}
		box = mock.mod.core.media.new({
			prefix = "llm_agent_test_", extension = ".png", max_bytes = 10, on_full = function(name) full[#full + 1] = name end,
		})
	end

	local function is_ready() ready = ready + 1 end

	it("come once, and have a name when they are there", function()
		start()
		mock.media_waits = true
		assert.is_true(box:give("Robin", "a", "12345", is_ready))
		assert.is_true(box:give("Robin", "a", "12345", is_ready))
		assert.is_nil(box:name("Robin", "a"))
		mock:deliver_media()
		assert.equal(2, ready)
		assert.equal(1, #mock.media)
		assert.equal(mock.media[1].name, box:name("Robin", "a") .. ".png")
		box:give("Robin", "a", "12345", is_ready)
		assert.equal(3, ready)
	end)

	it("have names of their own for each client, of which one is on its way", function()
		start()
		assert.is_true(box:give("Robin", "a", "12345", is_ready))
		assert.is_true(box:give("Ana", "a", "12345", is_ready))
		assert.are_not.equal(mock.media[1].name, mock.media[2].name)
	end)

	it("end at the bound of a player, who is told of once, and begin anew when they join again", function()
		start()
		assert.is_true(box:give("Robin", "a", "123456", is_ready))
		mock:deliver_media()
		for id in ("bcd"):gmatch(".") do assert.is_false(box:give("Robin", id, "123456", is_ready)) end
		assert.same({"Robin"}, full)
		assert.is_true(box:give("Ana", "b", "123456", is_ready))
		box:forget("Robin")
		assert.is_true(box:give("Robin", "b", "123456", is_ready))
	end)

	it("go out a few in a step, so that a crowd costs no server step", function()
		start()
		for id in ("abc"):gmatch(".") do
			for _, name in ipairs({"Robin", "Ana"}) do assert.is_true(box:give(name, id, "1", is_ready)) end
		end
		assert.equal(4, #mock.media)
		mock:step(0.05, 3)
		assert.equal(6, #mock.media)
		assert.equal(6, ready)
	end)

	it("are no longer sent to a client that took none of three", function()
		start()
		mock.media_waits = true
		for id in ("abc"):gmatch(".") do assert.is_true(box:give("Robin", id, "1", is_ready)) end
		assert.is_false(box:give("Robin", "d", "1", is_ready))
		mock:deliver_media()
		assert.is_true(box:give("Robin", "d", "1", is_ready))
	end)

	it("raise nothing where the engine does, the disk is full, or who waits for one fails", function()
		start({media_by_file = true, world_path = "/tmp"})
		mock.disk_is_full = true
		assert.is_true(box:give("Robin", "a", "1", is_ready))
		start()
		box:give("Robin", "a", "1", function() error("broken") end)
		mock:step()
		assert.equal(1, #mock:logged("what came to a client failed"))
		mock.core.dynamic_add_media = function() error("no such thing") end
		assert.is_true(box:give("Robin", "b", "1", is_ready))
	end)

	it("go by a file in the world's folder to engines that take no data, and leave none there", function()
		local path = os.tmpname()
		os.remove(path)
		local folder, base = path:match("^(.*)/([^/]+)$")
		start({media_by_file = true, world_path = folder})
		assert.is_true(box:give("Robin", base, "12345", is_ready))
		assert.equal("12345", mock.media[1].content)
		assert.is_nil(io.open(("%s/%s"):format(folder, mock.media[1].name)))
	end)
end)
